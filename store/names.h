// Names that many records repeat (playbooks and their versions, steps, messages, events,
// attributes, tags) as numbers: a waiting contact takes half the bytes so. Numbers are given in the
// order in which names first appear and kept in the table `names`; a number is never given to
// another name. Inside store/ only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sqlite.h"

namespace nurtured::store {

class Names {
 public:
  // Names come from outside too, so their number and length are bounded; past that a text is
  // written out where it stands.
  static constexpr std::size_t count_max = 20'000;
  static constexpr std::size_t bytes_min = 3;
  static constexpr std::size_t bytes_max = 80;

  // `refill` is asked for names that another connection has added since.
  explicit Names(std::function<void(Names&)> refill = {});
  ~Names();
  Names(Names&&) noexcept;
  Names& operator=(Names&&) noexcept;

  // The name's number, a new one when it has none yet; nullopt: write it out.
  std::optional<std::uint64_t> number_of(std::string_view name);
  // nullptr for a number that was never given.
  const std::string* name_of(std::uint64_t number);

  // In the order of their numbers, from 0.
  const std::deque<std::string>& all() const { return names_; }
  void add(std::string_view name);

 private:
  struct Index;

  std::function<void(Names&)> refill_;
  std::deque<std::string> names_;  // a deque, because the index holds views of them
  std::unique_ptr<Index> index_;
};

// The names of one connection's file.
class NameTable {
 public:
  explicit NameTable(sqlite::Connection& connection);

  Names& names() { return names_; }
  base::Result<void> open() { return read_new(); }
  // Inside a transaction: what was added since the last save() that was committed.
  base::Result<void> save();
  void committed() { saved_ = names_.all().size(); }

 private:
  base::Result<void> read_new();

  sqlite::Statement select_;
  sqlite::Statement insert_;
  Names names_;
  std::size_t saved_ = 0;
};

}  // namespace nurtured::store
