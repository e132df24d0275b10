#include "rules/cel/references.h"

#include <algorithm>
#include <utility>

namespace nurtured::cel {
namespace {

// The constant name of a field, for one step of variable.field["field"].
const std::string* constant_index(const Index& index) {
  const auto* literal = std::get_if<Literal>(&index.index->node);
  return literal != nullptr && literal->value.is_string() ? &literal->value.as_string() : nullptr;
}

class Collector {
 public:
  Collector(std::string_view source, const Environment& environment)
      : source_(source), environment_(environment) {}

  void visit(const Expression& expression) {
    if (note_path(expression)) return;
    if (const auto* call = std::get_if<Call>(&expression.node)) note_call(expression.span, *call);
    if (const auto* binary = std::get_if<Binary>(&expression.node)) note_comparison(*binary);
    for_each_child(expression, [this](const ExpressionPtr& child) { visit(*child); });
  }

  References take() { return std::move(references_); }

 private:
  // The variable, or the path of constant fields from one, that the expression is.
  std::optional<FieldReference> path_of(const Expression& expression) const {
    std::vector<std::string> path;
    const Expression* at = &expression;
    for (;;) {
      if (const auto* select = std::get_if<Select>(&at->node)) {
        path.push_back(select->field);
        at = select->operand.get();
      } else if (const auto* index = std::get_if<Index>(&at->node);
                 index != nullptr && constant_index(*index) != nullptr) {
        path.push_back(*constant_index(*index));
        at = index->operand.get();
      } else {
        break;
      }
    }
    const auto* variable = std::get_if<VariableName>(&at->node);
    if (variable == nullptr) return std::nullopt;
    std::reverse(path.begin(), path.end());
    const auto* outermost = std::get_if<Select>(&expression.node);
    return FieldReference{.variable = environment_.variables()[variable->index].name,
                          .path = std::move(path),
                          .presence_only = outermost != nullptr && outermost->test_only,
                          .place = place_of(source_, expression.span)};
  }

  bool note_path(const Expression& expression) {
    auto path = path_of(expression);
    if (!path) return false;
    references_.fields.push_back(*std::move(path));
    return true;
  }

  void note_comparison(const Binary& binary) {
    if (binary.op == Operator::equal || binary.op == Operator::not_equal) {
      note_literal(*binary.left, *binary.right);
      note_literal(*binary.right, *binary.left);
    } else if (binary.op == Operator::in) {
      const auto* list = std::get_if<ListLiteral>(&binary.right->node);
      if (list == nullptr) return;
      for (const ListLiteral::Item& item : list->items) note_literal(*binary.left, *item.value);
    }
  }

  void note_literal(const Expression& side, const Expression& other) {
    const auto* literal = std::get_if<Literal>(&other.node);
    if (literal == nullptr) return;
    if (auto field = path_of(side)) {
      references_.comparisons.push_back(
          {*std::move(field), literal->value, place_of(source_, other.span)});
    }
  }

  void note_call(Span span, const Call& call) {
    if (call.declared.empty()) return;
    CallReference reference{
        .function = call.function, .arguments = {}, .place = place_of(source_, span)};
    for (const ExpressionPtr& argument : call.arguments) {
      const auto* literal = std::get_if<Literal>(&argument->node);
      reference.arguments.push_back(literal == nullptr ? std::nullopt
                                                       : std::optional<Value>(literal->value));
    }
    references_.calls.push_back(std::move(reference));
  }

  std::string_view source_;
  const Environment& environment_;
  References references_;
};

}  // namespace

References find_references(const Expression& expression, std::string_view source,
                           const Environment& environment) {
  Collector collector(source, environment);
  collector.visit(expression);
  return collector.take();
}

}  // namespace nurtured::cel
