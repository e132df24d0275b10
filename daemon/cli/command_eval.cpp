// eval: one CEL expression, or the filter of many.
#include <ostream>

#include <CLI/CLI.hpp>

#include "daemon/cli/filter.h"
#include "daemon/cli/toolbox.h"
#include "rules/cel/eval_line.h"
#include "rules/cel/json.h"
#include "rules/cel/literal.h"
#include "rules/cel/program.h"
#include "rules/scope.h"

namespace nurtured::daemon::cli {
namespace {

using base::Result;

struct EvalOptions {
  std::string expression;
  std::string data;
  std::string contact;
  bool jsonl = false;
  bool type = false;  // only that of the answer
  std::string format = "text";
};

// Nothing but the data: its names are the variables, beside `now`.
cel::Environment environment_of(const cel::Value& data) {
  cel::Environment environment({.missing_is_null = true, .mixed_numbers = true});
  environment.add_variable("now", cel::Type::timestamp());
  for (const auto& entry : data.as_map()) {
    const std::string& name = entry.key.as_string();
    environment.add_variable(name, entry.value.is_map()
                                       ? cel::Type::object({.name = name, .open = true})
                                       : cel::Type::dyn());
  }
  return environment;
}

Result<cel::Value> evaluate_data(const EvalOptions& options, const cel::Value& data,
                                 base::Instant now) {
  const cel::Environment environment = environment_of(data);
  const auto program = cel::compile(options.expression, environment);
  if (!program) {
    base::Error error = program.error();
    const bool is_condition =
        cel::compile(options.expression, rules::condition_environment()).has_value();
    if (is_condition) {
      error.remedy =
          "these are a condition's words: say of whom with `--contact ID`, or give each name its "
          "value with `--data`";
    }
    return base::fail(std::move(error));
  }
  cel::MapScope scope(environment);
  scope.set("now", now);
  for (const auto& entry : data.as_map()) scope.set(entry.key.as_string(), entry.value);
  return program->evaluate(scope);
}

// As a playbook's condition sees that contact now; `event` is the one in the data, if any.
Result<cel::Value> evaluate_contact(const Call& call, const EvalOptions& options,
                                    const cel::Value& data) {
  const auto keeper = make_keeper(call);
  if (!keeper) return base::fail(keeper.error());
  const auto config = load_config(call, **keeper, options.format);
  if (config == nullptr) return base::fail("the workspace has errors");
  const auto contact = read_contact(call, **keeper, options.contact);
  if (!contact) return base::fail(contact.error());
  const base::Instant now = call.world.clock.now();
  rules::Event event{.properties = cel::Map{}, .occurred_at = now, .received_at = now};
  const cel::Value* given = data.find("event");
  if (given != nullptr) {
    if (!given->is_map()) return base::fail("`event` in --data is no JSON object");
    const cel::Value* name = given->find("name");
    if (name != nullptr && name->is_string()) event.name = name->as_string();
    event.properties = rules::typed_properties(config->book->settings().events, event.name, *given);
  }
  const auto program = cel::compile(options.expression, rules::condition_environment());
  if (!program) return base::fail(program.error());
  const rules::ConditionScope scope(*config->book, *contact, given == nullptr ? nullptr : &event,
                                    nullptr, now);
  return program->evaluate(scope);
}

int complain_of(const Call& call, const EvalOptions& options, base::Error error) {
  if (error.place.line > 0) error.place.path = "EXPR";
  return complain(call, error, options.format);
}

// What the answer would be, without asking for it: over the data, or in the words of conditions.
int show_type(const Call& call, const EvalOptions& options, const cel::Value& data) {
  const auto program =
      cel::compile(options.expression,
                   options.data.empty() ? rules::condition_environment() : environment_of(data));
  if (!program) return complain_of(call, options, program.error());
  const std::string name = program->type().name();
  if (options.format == "json") {
    call.console.out << cel::to_json(cel::Map{{"type", name}}) << '\n';
  } else {
    print_text(call.console.out, name + "\n");
  }
  return done;
}

int eval(const Call& call, const EvalOptions& options, const cel::Value& data) {
  const auto value = options.contact.empty() ? evaluate_data(options, data, call.world.clock.now())
                                             : evaluate_contact(call, options, data);
  if (!value) return complain_of(call, options, value.error());
  const std::string literal = cel::to_literal(*value);
  if (options.format == "json") {
    call.console.out << cel::to_json(cel::Map{{"value", literal}}) << '\n';
  } else {
    print_text(call.console.out, literal + "\n");
  }
  return done;
}

}  // namespace

void add_eval(CLI::App& app, Call& call) {
  const auto options = std::make_shared<EvalOptions>();
  auto* command = app.add_subcommand("eval", "one CEL expression, as conditions have them");
  auto* expression = command->add_option("EXPR", options->expression, "the expression");
  auto* data = command->add_option("--data", options->data, "variables, as a JSON object");
  auto* contact = command->add_option("--contact", options->contact,
                                      "in the words of a playbook's conditions, for this contact");
  auto* jsonl = command->add_flag("--jsonl", options->jsonl,
                                  "a filter: {\"expr\", \"data\", \"bind\"} a line to "
                                  "{\"value\"} or {\"error\"}");
  jsonl->excludes(expression)->excludes(data)->excludes(contact);
  command
      ->add_flag("--type", options->type,
                 "the answer's type, without evaluating; a playbook's words are known unless there "
                 "is --data")
      ->excludes(jsonl)
      ->excludes(contact);
  add_format(*command, options->format);
  add_examples(*command,
               "  nurtured eval 'score >= 50 && \"vip\" in tags' --data '{\"score\": 60, \"tags\": "
               "[\"vip\"]}'\n"
               "  nurtured eval 'contact.score > 10 && !did(\"order.paid\", \"30d\")' --contact "
               "anna\n"
               "  nurtured eval --type 'contact.score > 10'\n"
               "  echo '{\"expr\": \"1 + 1\"}' | nurtured eval --jsonl");
  command->callback([&call, options] {
    if (!options->jsonl && options->expression.empty()) {
      throw CLI::RequiredError("EXPR or --jsonl");
    }
    call.action = [&call, options, data = json_option("--data", options->data)] {
      if (options->type) return show_type(call, *options, data);
      if (!options->jsonl) return eval(call, *options, data);
      return filter(call.console, [](const std::string& line) { return cel::eval_line(line); });
    };
  });
}

}  // namespace nurtured::daemon::cli
