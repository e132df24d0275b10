// size, contains, startsWith, endsWith, matches, type, dyn, and base64 of the encoders extension.
#include <re2/re2.h>

#include "base/encoding.h"
#include "rules/cel/library.h"
#include "rules/cel/regex.h"
#include "rules/cel/text_cost.h"

namespace nurtured::cel {
namespace {

using Outcome = std::optional<Value>;

Value count(std::size_t size) {
  return static_cast<std::int64_t>(size);
}

Outcome size_of_string(Evaluation& /*unused*/, const Arguments& arguments) {
  return count(base::code_points(arguments[0].as_string()));
}

Outcome size_of_bytes(Evaluation& /*unused*/, const Arguments& arguments) {
  return count(arguments[0].as_bytes().size());
}

Outcome size_of_list(Evaluation& /*unused*/, const Arguments& arguments) {
  return count(arguments[0].as_list().size());
}

Outcome size_of_map(Evaluation& /*unused*/, const Arguments& arguments) {
  return count(arguments[0].as_map().size());
}

Outcome contains(Evaluation& evaluation, const Arguments& arguments) {
  const std::string& text = arguments[0].as_string();
  const std::string& wanted = arguments[1].as_string();
  if (!evaluation.charge(search_cost(text, wanted))) return std::nullopt;
  return text.find(wanted) != std::string::npos;
}

Outcome starts_with(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_string().starts_with(arguments[1].as_string());
}

Outcome ends_with(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_string().ends_with(arguments[1].as_string());
}

Outcome matches(Evaluation& evaluation, const Arguments& arguments) {
  if (!evaluation.charge(regex_compile_cost)) return std::nullopt;
  const auto regex = compile_regex(arguments[1].as_string(), evaluation.limits());
  if (!regex) return evaluation.fail(regex.error().message, regex.error().kind);
  return find_match(evaluation, **regex, arguments[0].as_string());
}

Outcome type_of(Evaluation& /*unused*/, const Arguments& arguments) {
  return Value::type(arguments[0].kind());
}

Outcome identity(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0];
}

Outcome base64_encode(Evaluation& /*unused*/, const Arguments& arguments) {
  return base::to_base64(arguments[0].as_bytes());
}

Outcome base64_decode(Evaluation& evaluation, const Arguments& arguments) {
  auto octets = base::from_base64(arguments[0].as_string());
  if (!octets) return evaluation.fail("this text is not base64");
  return Bytes{std::move(*octets)};
}

}  // namespace

void add_core_functions(LibraryTable& table) {
  const Type list = Type::list(type_a());
  const Type map = Type::map(type_a(), type_b());
  for (const bool receiver : {false, true}) {
    table.push_back({"size", receiver, {Type::string()}, Type::integer(), size_of_string});
    table.push_back({"size", receiver, {Type::bytes()}, Type::integer(), size_of_bytes});
    table.push_back({"size", receiver, {list}, Type::integer(), size_of_list});
    table.push_back({"size", receiver, {map}, Type::integer(), size_of_map});
    table.push_back(
        {"matches", receiver, {Type::string(), Type::string()}, Type::boolean(), matches});
  }
  const std::vector<Type> two_texts = {Type::string(), Type::string()};
  table.push_back({"contains", true, two_texts, Type::boolean(), contains});
  table.push_back({"startsWith", true, two_texts, Type::boolean(), starts_with});
  table.push_back({"endsWith", true, two_texts, Type::boolean(), ends_with});
  table.push_back({"type", false, {type_a()}, Type::type(type_a()), type_of});
  table.push_back({"dyn", false, {type_a()}, Type::dyn(), identity});
  table.push_back({"base64.encode", false, {Type::bytes()}, Type::string(), base64_encode});
  table.push_back({"base64.decode", false, {Type::string()}, Type::bytes(), base64_decode});
}

}  // namespace nurtured::cel
