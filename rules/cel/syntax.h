// The syntax tree of an expression, macros already recognised. Internal to rules/cel: the parser
// builds it, the checker gives each node its type, the planner turns it into what is evaluated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "rules/cel/type.h"
#include "rules/cel/value.h"
#include "rules/cel/watch.h"

namespace nurtured::cel {

// Byte offsets into the source.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// Line and column of the span's begin, its length in code points (of its first line).
base::Place place_of(std::string_view source, Span span);

struct Expression;
struct LibraryFunction;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Literal {
  Value value;
};

struct Identifier {
  std::string name;
  bool rooted = false;  // written with a leading dot
};

// What an Identifier or a chain of Selects turned out to name: a comprehension's variable, a
// declared one, a type, or nothing that is known.
struct LocalName {
  std::string name;
  std::size_t slot = 0;
};

struct VariableName {
  std::size_t index = 0;
};

struct TypeName {
  Kind kind = Kind::null;
};

struct UnknownName {
  std::string name;
};

// operand.field, operand.?field, and has(operand.field) as `test_only`.
struct Select {
  ExpressionPtr operand;
  std::string field;
  bool optional = false;
  bool test_only = false;
};

struct Index {
  ExpressionPtr operand;
  ExpressionPtr index;
  bool optional = false;
};

// function(arguments…), or target.function(arguments…), which may turn out to be a qualified name.
struct Call {
  std::string function;
  bool rooted = false;
  ExpressionPtr target;  // empty for the first form
  std::vector<ExpressionPtr> arguments;

  // What the resolver found under the name; nothing of both for an unknown function.
  std::span<const LibraryFunction> library;
  std::vector<std::size_t> declared;  // overloads of the environment
  Pace pace = Pace::still;            // of `target`: mark_pace's word
};

enum class Operator : std::uint8_t {
  negate,
  logical_not,
  multiply,
  divide,
  modulo,
  add,
  subtract,
  less,
  less_equal,
  greater_equal,
  greater,
  equal,
  not_equal,
  in,
};

std::string_view symbol(Operator op);

struct Unary {
  Operator op = Operator::negate;
  ExpressionPtr operand;
};

struct Binary {
  Operator op = Operator::add;
  ExpressionPtr left;
  ExpressionPtr right;
  Pace pace = Pace::still;  // of a comparison's two sides against each other: mark_pace's word
};

// A whole chain of && or ||, so that a long condition is not a deep tree.
struct Logical {
  bool is_and = false;
  std::vector<ExpressionPtr> operands;
};

struct Conditional {
  ExpressionPtr condition;
  ExpressionPtr then;
  ExpressionPtr otherwise;
};

struct ListLiteral {
  struct Item {
    ExpressionPtr value;
    bool optional = false;  // [?value]
  };
  std::vector<Item> items;
};

struct MapLiteral {
  struct Entry {
    ExpressionPtr key;
    ExpressionPtr value;
    bool optional = false;  // {?key: value}
  };
  std::vector<Entry> entries;
};

enum class Macro : std::uint8_t {
  all,
  exists,
  exists_one,
  map,  // and transformList
  filter,
  transform_map,
  transform_map_entry,
};

// range.macro(variables…, [filter,] body). With one variable it stands for the item or key, with
// two for index or key and the value.
struct Comprehension {
  Macro macro = Macro::all;
  ExpressionPtr range;
  std::vector<std::string> variables;
  std::size_t slot = 0;  // of the first variable; the resolver's word
  ExpressionPtr filter;  // may be empty
  ExpressionPtr body;
};

// cel.bind(variable, value, body).
struct Bind {
  std::string variable;
  std::size_t slot = 0;
  ExpressionPtr value;
  ExpressionPtr body;
};

// operand.optMap(variable, body), or optFlatMap, whose body is an optional itself.
struct OptionalMap {
  ExpressionPtr operand;
  std::string variable;
  std::size_t slot = 0;
  ExpressionPtr body;
  bool flat = false;
};

using Node = std::variant<Literal, Identifier, LocalName, VariableName, TypeName, UnknownName,
                          Select, Index, Call, Unary, Binary, Logical, Conditional, ListLiteral,
                          MapLiteral, Comprehension, Bind, OptionalMap>;

struct Expression {
  Span span;  // what a message points at: the operator, the name, the literal
  Node node;
  std::uint32_t depth = 1;
  std::uint32_t nodes = 1;  // in this tree
};

// Calls `visit(const ExpressionPtr&)` for each child there is, in the order of the source.
template <class Visit>
void for_each_child(const Expression& expression, Visit visit);

namespace detail {

template <class Visit>
struct ChildVisitor {
  Visit& visit;

  void child(const ExpressionPtr& expression) const {
    if (expression != nullptr) visit(expression);
  }
  template <class Leaf>
  void operator()(const Leaf& /*unused*/) const {}
  void operator()(const Select& node) const { child(node.operand); }
  void operator()(const Index& node) const {
    child(node.operand);
    child(node.index);
  }
  void operator()(const Call& node) const {
    child(node.target);
    for (const ExpressionPtr& argument : node.arguments) child(argument);
  }
  void operator()(const Unary& node) const { child(node.operand); }
  void operator()(const Binary& node) const {
    child(node.left);
    child(node.right);
  }
  void operator()(const Logical& node) const {
    for (const ExpressionPtr& operand : node.operands) child(operand);
  }
  void operator()(const Conditional& node) const {
    child(node.condition);
    child(node.then);
    child(node.otherwise);
  }
  void operator()(const ListLiteral& node) const {
    for (const ListLiteral::Item& item : node.items) child(item.value);
  }
  void operator()(const MapLiteral& node) const {
    for (const MapLiteral::Entry& entry : node.entries) {
      child(entry.key);
      child(entry.value);
    }
  }
  void operator()(const Comprehension& node) const {
    child(node.range);
    child(node.filter);
    child(node.body);
  }
  void operator()(const Bind& node) const {
    child(node.value);
    child(node.body);
  }
  void operator()(const OptionalMap& node) const {
    child(node.operand);
    child(node.body);
  }
};

}  // namespace detail

template <class Visit>
void for_each_child(const Expression& expression, Visit visit) {
  std::visit(detail::ChildVisitor<Visit>{visit}, expression.node);
}

}  // namespace nurtured::cel
