// What a compiled expression is made of: a tree of operations that compute values. Internal to
// rules/cel; the planner builds the tree, Program::evaluate runs it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/cel/evaluation.h"
#include "rules/cel/library.h"
#include "rules/cel/syntax.h"
#include "rules/cel/value.h"

namespace re2 {
class RE2;
}

namespace nurtured::cel {

// What a condition comes to; `failed` after Evaluation::fail_at().
enum class Truth : std::uint8_t { no, yes, failed };

class Operation {
 public:
  explicit Operation(Span span) : span_(span) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() = default;

  // The value: in `scratch`, or somewhere that stays as it is until this operation or one beside it
  // runs again (a literal, a comprehension's variable), so that nothing is copied in vain. nullptr
  // after Evaluation::fail_at().
  virtual const Value* run(Evaluation& evaluation, Value& scratch) const = 0;

  // The same where a bool is needed: any other value is a failure. Conditions answer without making
  // a Value.
  virtual Truth test(Evaluation& evaluation) const;

  // The value of a literal; nullptr for what must be run.
  virtual const Value* constant() const { return nullptr; }

  Span span() const { return span_; }

 private:
  Span span_;
};

// An operation that gives a bool.
class Condition : public Operation {
 public:
  using Operation::Operation;
  Truth test(Evaluation& evaluation) const override = 0;
  const Value* run(Evaluation& evaluation, Value& scratch) const final {
    const Truth truth = test(evaluation);
    if (truth == Truth::failed) return nullptr;
    scratch = truth == Truth::yes;
    return &scratch;
  }
};

inline Truth truth(bool holds) {
  return holds ? Truth::yes : Truth::no;
}

using OperationPtr = std::unique_ptr<const Operation>;
using Operations = std::vector<OperationPtr>;

// What an operation on a missing field does (EnvironmentOptions::missing_is_null).
enum class Missing : std::uint8_t { fails, is_null };

// A field of an object variable, which the Scope is asked for.
struct ObjectField {
  std::size_t variable = 0;
  std::string variable_name;
  std::string field;
  std::size_t slot = FieldName::no_slot;
};

enum class Access : std::uint8_t { read, optional, presence };

// operations_name.cpp
OperationPtr make_constant(Span span, Value value);
OperationPtr make_local(Span span, std::size_t slot);
OperationPtr make_variable(Span span, std::size_t index, std::string name);
// Fails with `message` whenever it is run.
OperationPtr make_failure(Span span, std::string message, base::ErrorKind kind);
OperationPtr make_object_field(Span span, ObjectField field, Access access, Missing missing);
OperationPtr make_select(Span span, OperationPtr operand, std::string field, Access access,
                         Missing missing);
OperationPtr make_index(Span span, OperationPtr operand, OperationPtr index, bool optional,
                        Missing missing);

// operations_logic.cpp
OperationPtr make_not(Span span, OperationPtr operand);
OperationPtr make_logical(Span span, bool is_and, Operations operands);
OperationPtr make_conditional(Span span, OperationPtr condition, OperationPtr then,
                              OperationPtr otherwise);
OperationPtr make_equality(Span span, bool negated, Pace pace, OperationPtr left,
                           OperationPtr right);
OperationPtr make_order(Span span, Operator op, Pace pace, OperationPtr left, OperationPtr right);
OperationPtr make_in(Span span, OperationPtr item, OperationPtr collection);

// operations_arithmetic.cpp
OperationPtr make_negation(Span span, OperationPtr operand);
OperationPtr make_arithmetic(Span span, Operator op, bool mixed_numbers, OperationPtr left,
                             OperationPtr right);

// operations_call.cpp
// `pace` is that of the first argument, where it is a time that is asked for a part of it.
OperationPtr make_library_call(Span span, std::vector<const LibraryFunction*> overloads, Pace pace,
                               Operations arguments);
struct DeclaredOverload {
  std::size_t index = 0;
  std::vector<Type> arguments;
};
OperationPtr make_declared_call(Span span, std::string function,
                                std::vector<DeclaredOverload> overloads, Operations arguments);
OperationPtr make_matches(Span span, OperationPtr text, std::shared_ptr<const re2::RE2> regex);
OperationPtr make_extremum(Span span, bool greatest, Operations arguments);
OperationPtr make_or(Span span, bool unwraps, OperationPtr operand, OperationPtr otherwise);

// operations_literal.cpp
struct ListPart {
  OperationPtr value;
  bool optional = false;
};
struct MapPart {
  OperationPtr key;
  OperationPtr value;
  bool optional = false;
};
OperationPtr make_list(Span span, std::vector<ListPart> parts);
OperationPtr make_map(Span span, std::vector<MapPart> parts);

// operations_macro.cpp
struct ComprehensionPlan {
  Macro macro = Macro::all;
  OperationPtr range;
  std::size_t slot = 0;
  bool two_variables = false;
  OperationPtr filter;  // may be empty
  OperationPtr body;
  std::uint64_t step_cost = 1;
};
OperationPtr make_comprehension(Span span, ComprehensionPlan plan);
OperationPtr make_bind(Span span, std::size_t slot, OperationPtr value, OperationPtr body);
OperationPtr make_optional_map(Span span, std::size_t slot, bool flat, OperationPtr operand,
                               OperationPtr body);

// What a run() left: moved out of the scratch, or copied from elsewhere.
inline Value take(const Value* result, Value& scratch) {
  if (result == &scratch) return std::move(scratch);
  return *result;
}

// "int", as messages call the type of a value; and "an int".
inline std::string kind_name(const Value& value) {
  return std::string(type_name(value.kind()));
}
inline std::string a_kind(const Value& value) {
  const bool vowel = value.is_int() || value.is_optional();
  return (vowel ? "an " : "a ") + kind_name(value);
}

}  // namespace nurtured::cel
