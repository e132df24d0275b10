#include "rules/cel/macros.h"

#include <algorithm>
#include <array>

namespace nurtured::cel {
namespace {

struct ComprehensionForm {
  std::string_view function;
  std::size_t variables;
  std::size_t arguments;  // variables, filter where there is one, body
  Macro macro;
};

constexpr std::array<ComprehensionForm, 17> comprehension_forms = {{
    {"all", 1, 2, Macro::all},
    {"all", 2, 3, Macro::all},
    {"exists", 1, 2, Macro::exists},
    {"exists", 2, 3, Macro::exists},
    {"exists_one", 1, 2, Macro::exists_one},
    {"exists_one", 2, 3, Macro::exists_one},
    {"existsOne", 1, 2, Macro::exists_one},
    {"existsOne", 2, 3, Macro::exists_one},
    {"map", 1, 2, Macro::map},
    {"map", 1, 3, Macro::map},
    {"filter", 1, 2, Macro::filter},
    {"transformList", 2, 3, Macro::map},
    {"transformList", 2, 4, Macro::map},
    {"transformMap", 2, 3, Macro::transform_map},
    {"transformMap", 2, 4, Macro::transform_map},
    {"transformMapEntry", 2, 3, Macro::transform_map_entry},
    {"transformMapEntry", 2, 4, Macro::transform_map_entry},
}};

Expansion problem(Span span, std::string message) {
  return {.node = {}, .problem = std::move(message), .problem_span = span};
}

Expansion expanded(Node node) {
  return {.node = std::move(node), .problem = {}, .problem_span = {}};
}

// The name that an argument declares; empty when it is no simple name.
std::string declared_name(const Expression& argument) {
  const auto* identifier = std::get_if<Identifier>(&argument.node);
  return identifier == nullptr || identifier->rooted ? std::string() : identifier->name;
}

bool is_name(const ExpressionPtr& expression, std::string_view name) {
  return expression != nullptr && declared_name(*expression) == name;
}

Expansion expand_has(Call& call, Span span) {
  auto* select = std::get_if<Select>(&call.arguments[0]->node);
  if (select == nullptr || select->test_only) {
    return problem(span, "has() asks for a field: has(a.b)");
  }
  Select test = std::move(*select);
  test.test_only = true;
  return expanded(std::move(test));
}

Expansion expand_comprehension(Call& call, const ComprehensionForm& form) {
  Comprehension made{.macro = form.macro};
  for (std::size_t i = 0; i < form.variables; ++i) {
    made.variables.push_back(declared_name(*call.arguments[i]));
    if (made.variables.back().empty()) {
      return problem(call.arguments[i]->span, call.function + "() needs a simple name here");
    }
  }
  if (form.variables == 2 && made.variables[0] == made.variables[1]) {
    return problem(call.arguments[1]->span, call.function + "() needs two different names");
  }
  made.range = std::move(call.target);
  if (form.arguments - form.variables == 2) made.filter = std::move(call.arguments[form.variables]);
  made.body = std::move(call.arguments.back());
  return expanded(std::move(made));
}

Expansion expand_bind(Call& call) {
  std::string name = declared_name(*call.arguments[0]);
  if (name.empty()) {
    return problem(call.arguments[0]->span, "cel.bind() needs a simple name here");
  }
  return expanded(Bind{.variable = std::move(name),
                       .value = std::move(call.arguments[1]),
                       .body = std::move(call.arguments[2])});
}

Expansion expand_optional_map(Call& call) {
  std::string name = declared_name(*call.arguments[0]);
  if (name.empty()) {
    return problem(call.arguments[0]->span, call.function + "() needs a simple name here");
  }
  return expanded(OptionalMap{.operand = std::move(call.target),
                              .variable = std::move(name),
                              .body = std::move(call.arguments[1]),
                              .flat = call.function == "optFlatMap"});
}

}  // namespace

Expansion expand_macro(Call& call, Span span) {
  const std::size_t count = call.arguments.size();
  if (call.target == nullptr) {
    if (call.function == "has" && count == 1) return expand_has(call, span);
    return {};
  }
  if (call.function == "bind" && count == 3 && is_name(call.target, "cel"))
    return expand_bind(call);
  if ((call.function == "optMap" || call.function == "optFlatMap") && count == 2) {
    return expand_optional_map(call);
  }
  const auto* form =
      std::find_if(comprehension_forms.begin(), comprehension_forms.end(),
                   [&call, count](const ComprehensionForm& known) {
                     return known.function == call.function && known.arguments == count;
                   });
  if (form == comprehension_forms.end()) return {};
  return expand_comprehension(call, *form);
}

}  // namespace nurtured::cel
