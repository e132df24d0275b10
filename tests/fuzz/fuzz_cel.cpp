// CEL from hostile text: compiled strictly and leniently, evaluated with a small scope, and what it
// prints read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/cel/literal.h"
#include "rules/cel/program.h"

namespace {

using namespace nurtured::cel;

Environment make_environment(bool checked) {
  Environment environment({.missing_is_null = checked,
                           .mixed_numbers = checked,
                           .checked = checked,
                           .limits = {.cost_max = 100'000}});
  ObjectFields contact{.name = "contact", .fields = {}, .open = true};
  contact.fields.push_back({.name = "score", .type = Type::integer()});
  contact.fields.push_back({.name = "tags", .type = Type::list(Type::string())});
  environment.add_variable("contact", Type::object(contact));
  environment.add_variable("x");
  environment.add_variable("a.b");
  environment.add_function("did", {Type::string()}, Type::boolean());
  return environment;
}

void run(std::string_view source, bool checked) {
  const Environment environment = make_environment(checked);
  const auto program = compile(source, environment);
  if (!program) return;
  MapScope scope(environment);
  Map contact;
  contact.set("score", 7);
  contact.set("tags", List{"warm", "vip"});
  scope.set("contact", std::move(contact));
  scope.set("x", List{1, 2.5, "text", nullptr});
  const auto value = program->evaluate(scope);
  if (!value) return;
  const auto again = compile(to_literal(*value), environment);
  // A value may be longer or deeper than source may be; anything else that does not read back is
  // a fault in the printing.
  const bool too_large = !again && again.error().kind == nurtured::base::ErrorKind::too_large;
  if (!again && !too_large && !checked) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  run(source, true);
  run(source, false);
  return 0;
}
