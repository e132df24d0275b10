#include "rules/cel/eval_line.h"

#include <utility>
#include <vector>

#include "base/encoding.h"
#include "rules/cel/json.h"
#include "rules/cel/literal.h"
#include "rules/cel/program.h"

namespace nurtured::cel {
namespace {

using Bindings = std::vector<std::pair<std::string, Value>>;

base::Result<Value> evaluate(std::string_view source, Bindings bindings) {
  Environment environment({.checked = false});
  for (const auto& [name, value] : bindings) environment.add_variable(name);
  MapScope scope(environment);
  for (auto& [name, value] : bindings) scope.set(name, std::move(value));
  const auto program = compile(source, environment);
  if (!program) return base::fail(program.error());
  return program->evaluate(scope);
}

// An object among the line's members; empty when it is left out.
base::Result<Map> object_member(const Value& line, const char* name) {
  const Value* member = line.find(name);
  if (member == nullptr) return Map();
  if (!member->is_map()) return base::fail(std::string(name) + " must be an object");
  return member->as_map();
}

base::Result<Bindings> read_bindings(const Value& line) {
  const auto data = object_member(line, "data");
  if (!data) return base::fail(data.error());
  const auto bind = object_member(line, "bind");
  if (!bind) return base::fail(bind.error());
  Bindings bindings;
  for (const Map::Entry& entry : *data) bindings.emplace_back(entry.key.as_string(), entry.value);
  for (const Map::Entry& entry : *bind) {
    const std::string& name = entry.key.as_string();
    if (!entry.value.is_string()) return base::fail("bind." + name + " must be a CEL expression");
    auto value = evaluate(entry.value.as_string(), {});
    if (!value) return base::fail("bind." + name + ": " + value.error().message);
    bindings.emplace_back(name, std::move(*value));
  }
  return bindings;
}

base::Result<Value> answer(std::string_view text) {
  const auto line = from_json(
      text,
      {.bytes_max = eval_line_bytes_max, .depth_max = eval_line_depth_max, .exact_wholes = true});
  if (!line) return base::fail(line.error());
  const Value* expression = line->find("expr");
  if (expression == nullptr || !expression->is_string()) {
    return base::fail("a line is {\"expr\": \"…\", \"data\": {…}, \"bind\": {…}}");
  }
  auto bindings = read_bindings(*line);
  if (!bindings) return base::fail(std::move(bindings.error()));
  return evaluate(expression->as_string(), std::move(*bindings));
}

}  // namespace

std::string eval_line(std::string_view line) {
  const auto value = answer(line);
  if (value) return R"({"value":)" + json_quote(to_literal(*value)) + "}";
  return R"({"error":)" + json_quote(base::to_string(value.error())) + "}";
}

}  // namespace nurtured::cel
