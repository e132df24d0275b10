// SQLite's handles as values that clean up after themselves, and its result codes as our errors.
// Inside store/ only. One connection belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/instant.h"
#include "base/result.h"
#include "rules/contact.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nurtured::store::sqlite {

using base::Result;

// Another connection holds the file's lock for moments only, while the shared memory is set up.
inline constexpr int lock_wait_ms = 2000;

// What `code` (extended) means to a caller of the store; store/store.h has the table.
base::Error to_error(int code, const std::string& message);

class Connection {
 public:
  enum class Mode { read_only, read_write };

  // `path` is a file's, or ":memory:". The file must exist.
  static Result<Connection> open(const std::string& path, Mode mode, const std::string& vfs = {});

  sqlite3* handle() const { return handle_.get(); }
  // One or more statements without results.
  Result<void> execute(const std::string& sql);
  // The first column of the first row of a question, 0 when there is none.
  Result<std::int64_t> number(const std::string& sql);
  Result<std::string> text(const std::string& sql);
  bool in_transaction() const;
  // The error of the last call that failed.
  base::Error error() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  explicit Connection(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

struct Blob {
  std::string_view bytes;
};

// A prepared statement. It is prepared when first used, so that owners can name all of theirs as
// members; a fault in it comes out of run() or step(). Texts and blobs are not copied by bind():
// they must outlive the run. The connection must outlive the statement.
class Statement {
 public:
  Statement(const Connection& connection, std::string sql)
      : connection_(connection.handle()), sql_(std::move(sql)) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  // All parameters from the first on.
  template <class... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }

  // To its end, passing over rows, and ready to be bound again.
  Result<void> run();
  // True: there is a row to look at. False: at the end, and ready to be bound again.
  Result<bool> step();
  // Leaves the rows that are left.
  void reset();
  // Calls on_row() for each row until it returns an error. `on_row` returns Result<void>.
  template <class OnRow>
  Result<void> each(const OnRow& on_row) {
    for (;;) {
      auto row = step();
      if (!row) return base::fail(std::move(row.error()));
      if (!*row) return {};
      if (auto done = on_row(); !done) {
        reset();
        return done;
      }
    }
  }

  // Columns of the current row, from 0. Views last until the next call.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;
  base::Instant instant(int column) const { return base::from_millis(integer(column)); }
  rules::ContactId contact(int column) const { return rules::ContactId{integer(column)}; }

 private:
  void prepare();
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, int value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::size_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::uint32_t value) {
    bind_one(index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, base::Instant value) { bind_one(index, base::to_millis(value)); }
  void bind_one(int index, rules::ContactId value) { bind_one(index, value.value); }
  void bind_one(int index, const std::optional<base::Instant>& value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, Blob value);
  void note(int code) {
    if (code != 0 && fault_ == 0) fault_ = code;
  }

  sqlite3* connection_;
  sqlite3_stmt* handle_ = nullptr;
  std::string sql_;
  int fault_ = 0;  // of preparing or binding; reported by the next step
};

// Begun when made; rolled back when it goes without commit() having succeeded.
class Transaction {
 public:
  enum class Kind { read, write };
  static Result<Transaction> begin(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}

  Connection* connection_;
};

}  // namespace nurtured::store::sqlite
