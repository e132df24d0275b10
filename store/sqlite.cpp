#include "store/sqlite.h"

#include <new>

#include <sqlite3.h>

namespace nurtured::store::sqlite {

base::Error to_error(int code, const std::string& message) {
  using base::ErrorKind;
  const auto error = [&](ErrorKind kind, const std::string& what, const std::string& remedy = {}) {
    return base::Error{kind, what + ": " + message, remedy, {}};
  };
  switch (code & 0xff) {
    case SQLITE_FULL:
      return error(ErrorKind::disk, "the disk is full", "make room");
    case SQLITE_READONLY:
      return error(ErrorKind::disk, "the store cannot be written");
    case SQLITE_CANTOPEN:
      return error(ErrorKind::disk, "the store cannot be opened");
    case SQLITE_IOERR:
      // Pages that the kernel failed to write may be marked clean all the same, so a second fsync
      // that succeeds proves nothing; only a restart reads what is really there.
      if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        return error(ErrorKind::internal, "fsync of the store failed", "look at the disk");
      }
      return error(ErrorKind::disk, "the disk fails", "look at the disk");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error(ErrorKind::unavailable, "the store is locked");
    case SQLITE_INTERRUPT:
      return error(ErrorKind::unavailable, "the question took too long");
    case SQLITE_TOOBIG:
      return error(ErrorKind::too_large, "too large for the store");
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return error(ErrorKind::denied, "the store may not be used");
    case SQLITE_NOTADB:
      return error(ErrorKind::invalid, "not a database");
    case SQLITE_CORRUPT:
      return error(ErrorKind::internal, "the store is damaged", "restore a backup");
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    default:
      return error(ErrorKind::internal, "the store failed");
  }
}

// ---- Connection

void Connection::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Result<Connection> Connection::open(const std::string& path, Mode mode, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int flags = (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  Connection connection(handle);
  if (code != SQLITE_OK) {
    auto error = to_error(code, handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle));
    error.place.path = path;
    return base::fail(std::move(error));
  }
  sqlite3_busy_timeout(handle, lock_wait_ms);
  return connection;
}

Result<void> Connection::execute(const std::string& sql) {
  if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return base::fail(error());
  }
  return {};
}

Result<std::int64_t> Connection::number(const std::string& sql) {
  Statement question(*this, sql);
  auto row = question.step();
  if (!row) return base::fail(std::move(row.error()));
  return *row ? question.integer(0) : 0;
}

Result<std::string> Connection::text(const std::string& sql) {
  Statement question(*this, sql);
  auto row = question.step();
  if (!row) return base::fail(std::move(row.error()));
  return *row ? std::string(question.text(0)) : std::string();
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle()) == 0;
}

base::Error Connection::error() const {
  return to_error(sqlite3_extended_errcode(handle()), sqlite3_errmsg(handle()));
}

// ---- Statement

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      handle_(std::exchange(other.handle_, nullptr)),
      sql_(std::move(other.sql_)),
      fault_(other.fault_) {}

void Statement::prepare() {
  if (handle_ != nullptr) return;
  note(sqlite3_prepare_v3(connection_, sql_.c_str(), static_cast<int>(sql_.size()) + 1,
                          SQLITE_PREPARE_PERSISTENT, &handle_, nullptr));
}

void Statement::bind_one(int index, std::int64_t value) {
  prepare();
  note(sqlite3_bind_int64(handle_, index, value));
}

void Statement::bind_one(int index, const std::optional<base::Instant>& value) {
  if (value) return bind_one(index, *value);
  prepare();
  note(sqlite3_bind_null(handle_, index));
}

void Statement::bind_one(int index, std::string_view value) {
  prepare();
  // A null pointer would bind NULL instead of the empty text.
  const char* data = value.data() == nullptr ? "" : value.data();
  note(sqlite3_bind_text64(handle_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_one(int index, Blob value) {
  prepare();
  const char* data = value.bytes.data() == nullptr ? "" : value.bytes.data();
  note(sqlite3_bind_blob64(handle_, index, data, value.bytes.size(), SQLITE_STATIC));
}

Result<bool> Statement::step() {
  prepare();
  const int code = fault_ != 0 ? std::exchange(fault_, 0) : sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = to_error(code, sqlite3_errmsg(connection_));
  reset();
  return base::fail(std::move(error));
}

Result<void> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(handle_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {data == nullptr ? "" : data,
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return {data == nullptr ? "" : data,
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

// ---- Transaction

Result<Transaction> Transaction::begin(Connection& connection, Kind kind) {
  // IMMEDIATE: that the lock is to be had is known now, not at the first write.
  auto begun = connection.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
  if (!begun) return base::fail(std::move(begun.error()));
  return Transaction(connection);
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself (a full disk), and a failure of ours leaves nothing to
  // save: the next BEGIN would tell.
  if (connection_ != nullptr && connection_->in_transaction()) {
    sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Result<void> Transaction::commit() {
  return connection_->execute("COMMIT");
}

}  // namespace nurtured::store::sqlite
