#include "config/declared_values.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "config/section.h"

namespace nurtured::config {
namespace {

using cel::Kind;
using cel::Type;

std::string name_of(const Type& type) {
  return type.is(Kind::timestamp) ? "timestamp" : type.name();
}

// May a formula of the one type give a value of the other? Numbers mix, and a text may be a time.
bool may_give(const Type& formula, const Type& declared) {
  if (formula.is_dyn() || declared.is_dyn() || formula == declared) return true;
  if (formula.is(Kind::null)) return true;
  if (formula.is_number() && declared.is_number()) return true;
  if (declared.is(Kind::timestamp)) return formula.is(Kind::string);
  // What is inside of lists and maps shows at evaluation.
  return formula.sort() == declared.sort() && formula.sort() != Type::Sort::simple;
}

bool fits(const rules::ValueSource& source, const Type& declared, bool types_templates) {
  if (const auto* literal = std::get_if<cel::Value>(&source))
    return rules::fits(*literal, declared);
  if (const auto* formula = std::get_if<rules::Expression>(&source)) {
    return may_give(formula->program.type(), declared);
  }
  if (const auto* tree = std::get_if<std::shared_ptr<const rules::ValueTree>>(&source)) {
    return declared.is_dyn() ||
           declared.sort() == ((*tree)->is_list ? Type::Sort::list : Type::Sort::map);
  }
  return types_templates || may_give(Type::string(), declared);
}

}  // namespace

void check_declared(const Node& values, const rules::Assignments& read,
                    const DeclaredValues& declared, Problems& problems) {
  std::vector<std::string> names;
  names.reserve(declared.shape.properties.size());
  for (const auto& property : declared.shape.properties) names.push_back(property.name);
  for (const Entry& entry : values.entries) {
    const auto property =
        std::ranges::find(declared.shape.properties, entry.key, &cel::ObjectFields::Field::name);
    if (property == declared.shape.properties.end()) {
      if (declared.shape.open) continue;
      problems.error(entry.place, declared.unknown(entry.key),
                     did_you_mean(entry.key, names, declared.unknown_remedy));
      continue;
    }
    // A value that could not be read has been reported.
    const auto given = std::ranges::find(read, entry.key, &rules::Assignments::value_type::first);
    if (given == read.end() || fits(given->second, property->type, declared.types_templates))
      continue;
    const bool is_template =
        std::holds_alternative<std::shared_ptr<const rules::Text>>(given->second);
    problems.error(entry.value.place,
                   fmt::format("`{}` is declared as {}, and {}", entry.key, name_of(property->type),
                               is_template ? "a template gives a text" : "this is none"),
                   is_template ? "write a formula: \"=contact.score\"" : declared.type_remedy);
  }
}

}  // namespace nurtured::config
