// Where a Program finds its data while it is evaluated.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/value.h"
#include "rules/cel/watch.h"

namespace nurtured::cel {

// A field of an object variable as the program asks for it.
struct FieldName {
  static constexpr std::size_t no_slot = static_cast<std::size_t>(-1);

  std::string_view name;
  // Its position in ObjectFields::fields, so that an implementation can switch on it; no_slot for a
  // field that an open object did not declare.
  std::size_t slot = no_slot;
};

// Indices are those that Environment::add_variable and add_function gave. Called on the thread that
// evaluates; calls may come in any order, any number of times, and must give the same answers
// during one evaluation.
class Scope {
 public:
  virtual ~Scope() = default;

  // The whole variable; nullopt when it has no value, which is an evaluation error. An object
  // variable is asked so only where an expression uses it whole (`size(contact)`, `contact ==
  // event`).
  virtual std::optional<Value> variable(std::size_t variable) const = 0;
  // One field of an object variable, without building the object; nullptr when it is missing.
  // Either a value that stays where it is for the whole evaluation, so that nothing is copied, or
  // `scratch`, which the scope has filled.
  virtual const Value* field(std::size_t variable, FieldName field, Value& scratch) const = 0;
  // A declared function; the arguments fit the overload's types. An error becomes the evaluation's
  // error.
  virtual base::Result<Value> call(std::size_t function,
                                   std::span<const Value> arguments) const = 0;
  // Where the evaluation notes when its answer can change by time alone (Environment::watch_clock);
  // nullptr when nobody asks.
  virtual Watch* watch() const { return nullptr; }
};

// Variables by name, fields from their maps, no functions: tests, filters, simple callers. The
// environment must outlive it.
class MapScope : public Scope {
 public:
  explicit MapScope(const Environment& environment);

  // False when the environment has no variable of this name.
  bool set(std::string_view name, Value value);

  std::optional<Value> variable(std::size_t variable) const override;
  const Value* field(std::size_t variable, FieldName field, Value& scratch) const override;
  base::Result<Value> call(std::size_t function, std::span<const Value> arguments) const override;

 private:
  const Environment& environment_;
  std::vector<std::optional<Value>> values_;
};

}  // namespace nurtured::cel
