#include "rules/cel/library.h"

#include <algorithm>
#include <tuple>

namespace nurtured::cel {
namespace {

struct ByName {
  using Key = std::tuple<std::string_view, bool>;
  static Key key(const LibraryFunction& function) { return {function.name, function.receiver}; }
  bool operator()(const LibraryFunction& left, const LibraryFunction& right) const {
    return key(left) < key(right);
  }
  bool operator()(const LibraryFunction& left, const Key& right) const { return key(left) < right; }
  bool operator()(const Key& left, const LibraryFunction& right) const { return left < key(right); }
};

LibraryTable build_table() {
  LibraryTable table;
  add_core_functions(table);
  add_conversions(table);
  add_time_functions(table);
  add_string_functions(table);
  add_math_functions(table);
  add_optional_functions(table);
  std::stable_sort(table.begin(), table.end(), ByName{});
  return table;
}

const LibraryTable& table() {
  static const LibraryTable built = build_table();
  return built;
}

}  // namespace

std::span<const LibraryFunction> find_library_functions(std::string_view name, bool receiver) {
  const auto [first, last] =
      std::equal_range(table().begin(), table().end(), ByName::Key{name, receiver}, ByName{});
  return {first, last};
}

std::vector<std::string> library_names(bool receiver) {
  std::vector<std::string> names;
  for (const LibraryFunction& function : table()) {
    if (function.receiver != receiver) continue;
    if (names.empty() || names.back() != function.name) names.emplace_back(function.name);
  }
  return names;
}

bool fits(const Type& type, const Value& value) {
  switch (type.sort()) {
    case Type::Sort::dyn:
    case Type::Sort::parameter:
      return true;
    case Type::Sort::number:
      return value.is_number();
    case Type::Sort::simple:
      return value.kind() == type.kind();
    case Type::Sort::list:
      return value.is_list();
    case Type::Sort::map:
    case Type::Sort::object:
      return value.is_map();
    case Type::Sort::optional:
      return value.is_optional();
    case Type::Sort::type:
      return value.is_type();
  }
  return false;
}

}  // namespace nurtured::cel
