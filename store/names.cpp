#include "store/names.h"

#include <boost/unordered/unordered_flat_map.hpp>

namespace nurtured::store {

using base::Result;

struct Names::Index {
  boost::unordered_flat_map<std::string_view, std::uint64_t> numbers;
};

Names::Names(std::function<void(Names&)> refill)
    : refill_(std::move(refill)), index_(std::make_unique<Index>()) {}

Names::~Names() = default;
Names::Names(Names&&) noexcept = default;
Names& Names::operator=(Names&&) noexcept = default;

void Names::add(std::string_view name) {
  const std::string& kept = names_.emplace_back(name);
  index_->numbers.emplace(kept, names_.size() - 1);
}

std::optional<std::uint64_t> Names::number_of(std::string_view name) {
  if (name.size() < bytes_min || name.size() > bytes_max) return std::nullopt;
  if (const auto found = index_->numbers.find(name); found != index_->numbers.end()) {
    return found->second;
  }
  if (names_.size() >= count_max) return std::nullopt;
  add(name);
  return names_.size() - 1;
}

const std::string* Names::name_of(std::uint64_t number) {
  if (number >= names_.size() && refill_) refill_(*this);
  return number < names_.size() ? &names_[static_cast<std::size_t>(number)] : nullptr;
}

NameTable::NameTable(sqlite::Connection& connection)
    : select_(connection, "SELECT name FROM names WHERE number >= ? ORDER BY number"),
      insert_(connection, "INSERT INTO names VALUES(?, ?)"),
      // A fault of the read shows as what it leads to: a record that cannot be decoded.
      names_([this](Names&) { static_cast<void>(read_new()); }) {}

Result<void> NameTable::read_new() {
  select_.bind(names_.all().size());
  return select_.each([this]() -> Result<void> {
    names_.add(select_.text(0));
    saved_ = names_.all().size();
    return {};
  });
}

Result<void> NameTable::save() {
  for (std::size_t number = saved_; number < names_.all().size(); ++number) {
    if (auto done = insert_.bind(number, names_.all()[number]).run(); !done) return done;
  }
  return {};
}

}  // namespace nurtured::store
