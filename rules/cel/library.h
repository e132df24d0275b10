// CEL's own functions: the standard definitions of langdef.md and the extensions, as a table that
// the checker reads and evaluation dispatches on. Internal to rules/cel.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/cel/evaluation.h"
#include "rules/cel/type.h"
#include "rules/cel/value.h"

namespace nurtured::cel {

inline constexpr std::size_t arguments_max = 4;

// The arguments of a call, the receiver first. They outlive the call, not more.
class Arguments {
 public:
  const Value& operator[](std::size_t i) const { return *values_[i]; }
  std::size_t size() const { return size_; }
  void add(const Value* value) { values_[size_++] = value; }

 private:
  std::array<const Value*, arguments_max> values_{};
  std::size_t size_ = 0;
};

// nullopt after Evaluation::fail(). Texts among the arguments are charged by the caller; a function
// charges for whatever else it walks, and for what it makes.
using Implementation = std::optional<Value> (*)(Evaluation& evaluation, const Arguments& arguments);

struct LibraryFunction {
  std::string_view name;        // may be qualified: "math.abs"
  bool receiver = false;        // receiver.name(…) rather than name(…)
  std::vector<Type> arguments;  // the receiver first
  Type result;
  // nullptr for what the planner builds itself because it does not evaluate every argument, or
  // takes any number.
  Implementation run = nullptr;
};

// Type variables of the signatures below.
inline const Type& type_a() {
  static const Type type = Type::parameter(0);
  return type;
}
inline const Type& type_b() {
  static const Type type = Type::parameter(1);
  return type;
}

using LibraryTable = std::vector<LibraryFunction>;
void add_core_functions(LibraryTable& table);
void add_conversions(LibraryTable& table);
void add_time_functions(LibraryTable& table);
void add_string_functions(LibraryTable& table);
void add_math_functions(LibraryTable& table);
void add_optional_functions(LibraryTable& table);

// Every overload of a name in one call style; empty when there is none. The table is built once and
// never changes.
std::span<const LibraryFunction> find_library_functions(std::string_view name, bool receiver);
// All names of one style, for near misses.
std::vector<std::string> library_names(bool receiver);

// Does a value fit a declared type as far as its kind tells.
bool fits(const Type& type, const Value& value);

}  // namespace nurtured::cel
