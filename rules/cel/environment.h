// What an expression may name: variables, functions, and how strictly they are read. Built once,
// then only read.
//
//   Environment environment({.missing_is_null = true, .mixed_numbers = true});
//   environment.add_variable("contact", Type::object({.name = "contact", .fields = fields}));
//   environment.add_function("did", {Type::string(), Type::string()}, Type::boolean());
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/cel/type.h"

namespace nurtured::cel {

// Each is reached by hostile text before it hurts; compile() and evaluate() answer `too_large`
// then.
struct Limits {
  std::size_t source_bytes_max = 64 * 1024;
  std::size_t depth_max = 96;      // nested brackets, calls, selections, operators of one chain
  std::size_t nodes_max = 16'384;  // of the syntax tree, macros expanded
  std::size_t regex_bytes_max = 1024;
  // Steps of comprehensions times the size of their bodies, items compared, bytes produced (an
  // eighth each). A million is some tens of milliseconds.
  std::uint64_t cost_max = 1'000'000;
};

struct EnvironmentOptions {
  // Names are tried in this namespace and its parents first: in "a.b", `x` is a.b.x, a.x, then x.
  std::string container;
  // A missing field of an object variable, or of a map inside one, is null as a direct operand of
  // == and !=, false in has(), and an error elsewhere; null itself counts as missing where a field
  // of it is asked. Off, it is an error.
  bool missing_is_null = false;
  // int, uint and double mix in arithmetic (with a double the result is one; int and uint give an
  // int) and, for the checker, in comparison. Off, arithmetic between them has no overload, as the
  // specification says.
  bool mixed_numbers = false;
  // A time zone, or a conversion of a literal, that every evaluation would fail on is an error of
  // the type check: `duration("2d")`. Off, evaluation tells, as the specification says.
  bool judge_literals = false;
  // Off: no type check, and a name that nobody declared is an error only when it is evaluated.
  bool checked = true;
  Limits limits;
};

struct Variable {
  std::string name;  // may be qualified: "a.b"
  Type type;
};

struct Overload {
  std::string function;  // may be qualified: "crm.find"
  std::vector<Type> arguments;
  Type result;
};

class Environment {
 public:
  explicit Environment(EnvironmentOptions options = {}) : options_(std::move(options)) {}

  // The index by which Scope is asked. A name declared again replaces nothing: the first
  // declaration is found.
  std::size_t add_variable(std::string name, Type type = Type::dyn());
  // The variable stands for the moment of evaluation: Scope::watch() is told when the answer can
  // change by time alone, and compile() refuses what that cannot be told of.
  void watch_clock(std::size_t variable) { clock_ = variable; }
  const std::optional<std::size_t>& clock() const { return clock_; }
  // One overload of a function, called as name(arguments…); the index is the one that Scope::call
  // gets. Overloads of one name differ in their arguments; with dyn arguments the first that fits
  // the values is called. A declared name hides CEL's own function of this name. Signatures may
  // use the type variables 0 and 1 (Type::parameter).
  std::size_t add_function(std::string name, std::vector<Type> arguments, Type result);

  const EnvironmentOptions& options() const { return options_; }
  const std::vector<Variable>& variables() const { return variables_; }
  const std::vector<Overload>& overloads() const { return overloads_; }

 private:
  EnvironmentOptions options_;
  std::vector<Variable> variables_;
  std::vector<Overload> overloads_;
  std::optional<std::size_t> clock_;
};

}  // namespace nurtured::cel
