// CEL (the Common Expression Language, github.com/google/cel-spec doc/langdef.md) from text to
// answer: the whole language without protocol-buffer messages, and its strings, math, optional,
// bindings, encoders and two-variable comprehension extensions.
//
//   auto program = compile("contact.score >= 50", environment);
//   if (!program) return report(program.error());
//   base::Result<Value> answer = program->evaluate(scope);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/scope.h"
#include "rules/cel/type.h"
#include "rules/cel/value.h"

namespace nurtured::cel {

// Places are inside the source: line and column from 1, column and length in code points, no path.
// The caller shifts them.

// A field of a variable that the expression reads or asks for: `contact.address.city` is variable
// "contact" and path "address", "city". An index by a constant string counts as a field. The path
// is empty where the variable is used whole.
struct FieldReference {
  std::string variable;
  std::vector<std::string> path;
  bool presence_only = false;  // only inside has()
  base::Place place;
};

// A call of a declared function (not of CEL's own). `arguments` has a value for each argument that
// is a literal.
struct CallReference {
  std::string function;
  std::vector<std::optional<Value>> arguments;
  base::Place place;
};

// A field of a variable that is held against a literal, by ==, != or `in` with a list of literals,
// one for each of these.
struct ComparisonReference {
  FieldReference field;
  Value literal;
  base::Place place;  // of the literal
};

struct References {
  std::vector<FieldReference> fields;
  std::vector<ComparisonReference> comparisons;
  std::vector<CallReference> calls;
};

class Plan;
class PlainCondition;

// Immutable, cheap to copy, and free to be evaluated by many threads at once. It keeps nothing of
// the environment.
class Program {
 public:
  // The checked type of the result; dyn where it is known only at evaluation, or unchecked.
  const Type& type() const;
  const References& references() const;
  std::string_view source() const;

  // The answer, or the error that the expression ends in, with its place in the source: `invalid`
  // for wrong values, `not_found` for a missing variable, field or key, `too_large` when a limit
  // stops it, and whatever Scope::call said. A comparison of a variable, field or literal with
  // another allocates nothing.
  base::Result<Value> evaluate(const Scope& scope) const;

  // What decides test() most often; nullptr where the expression is of another kind.
  const PlainCondition* plain() const;

  // The same for a condition: the answer that is a bool. Any other one is `invalid`.
  base::Result<bool> test(const Scope& scope) const;

 private:
  friend base::Result<Program> compile(std::string_view source, const Environment& environment);
  explicit Program(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

  std::shared_ptr<const Plan> plan_;
};

// Parses and, unless switched off, checks types. The first error found: `invalid`, or `too_large`
// beyond a limit. A misspelt variable, function or known field names its nearest neighbour in the
// remedy.
base::Result<Program> compile(std::string_view source, const Environment& environment);

}  // namespace nurtured::cel
