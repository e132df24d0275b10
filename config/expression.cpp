#include "config/expression.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/encoding.h"

namespace nurtured::config {
namespace {

using cel::Kind;
using cel::Type;

constexpr std::size_t shown_max = 60;
constexpr std::string_view quote_it = "put the expression in quotes";

bool fits(const Type& type, Wanted wanted) {
  switch (wanted) {
    case Wanted::condition:
      return type.may_be_bool();
    case Wanted::moment:
      return type.is_dyn() || type.is(Kind::timestamp);
    case Wanted::date:
      return type.is_dyn() || type.is(Kind::timestamp) || type.is(Kind::string);
    case Wanted::key:
      return type.is_dyn() || type.is_number() || type.is(Kind::string) || type.is(Kind::boolean) ||
             type.is(Kind::timestamp) || type.is(Kind::duration);
    case Wanted::formula:
      break;
  }
  return true;
}

std::string_view remedy_for(Wanted wanted) {
  switch (wanted) {
    case Wanted::condition:
      return "compare it with something, so that it is true or false";
    case Wanted::moment:
      return "give a timestamp, such as event.starts - duration(\"1h\")";
    case Wanted::date:
      return "give a date or a moment, such as contact.birthday";
    case Wanted::key:
      return "give one text, number, moment or duration";
    case Wanted::formula:
      break;
  }
  return "";
}

void check_window(const cel::CallReference& call, const base::Place& place,
                  const Reading& reading) {
  const std::optional<cel::Value>& window = call.arguments.back();
  if (!window || !window->is_string()) {
    reading.problems.error(place,
                           fmt::format("the window of {}() must be a plain text", call.function),
                           "write it out, such as \"30d\"");
    return;
  }
  const auto span = rules::parse_span(window->as_string());
  if (!span) {
    reading.problems.error(
        place, fmt::format("the window of {}(): {}", call.function, span.error().message),
        span.error().remedy);
  } else if (span->nominal() > reading.catalogue.history.nominal()) {
    reading.problems.error(
        place,
        fmt::format("{}() looks back {}, and history is kept for {}", call.function,
                    window->as_string(), rules::to_string(reading.catalogue.history)),
        "shorten the window, or raise `keep.history` in nurtured.yaml");
  }
}

void check_call(const cel::CallReference& call, const base::Place& place, const Reading& reading) {
  const bool asks_event =
      call.function == "did" || call.function == "times" || call.function == "last";
  if (call.function == "in_segment") {
    const auto& name = call.arguments.front();
    if (name && name->is_string()) {
      reading.uses.segments.insert(name->as_string());
      check_segment(name->as_string(), place, reading.catalogue, reading.problems);
    } else {
      reading.problems.error(place, "the segment of in_segment() must be a plain text",
                             "write its name out: in_segment(\"hot\")");
    }
  }
  if (asks_event && !call.arguments.empty() && call.arguments.front() &&
      call.arguments.front()->is_string()) {
    reading.uses.events.push_back({call.arguments.front()->as_string(), place});
  }
  const std::size_t before_window = call.function == "touches" ? 0 : 1;
  const bool has_window =
      (asks_event || call.function == "touches") && call.arguments.size() > before_window;
  if (has_window && !reading.catalogue.is_former) check_window(call, place, reading);
}

void check_stages(const cel::References& references, const Node& node, const Reading& reading) {
  for (const cel::ComparisonReference& comparison : references.comparisons) {
    const bool is_stage = comparison.field.variable == "contact" &&
                          comparison.field.path == std::vector<std::string>{"stage"};
    if (!is_stage || !comparison.literal.is_string()) continue;
    const std::string_view stage = comparison.literal.as_string();
    if (stage.empty()) continue;  // nobody has moved them yet
    if (std::ranges::find(stages, stage) != std::end(stages)) continue;
    const std::vector<std::string> known(std::begin(stages), std::end(stages));
    reading.problems.error(
        place_inside(node, reading.document.text, comparison.place),
        fmt::format("there is no stage `{}`", base::cut_utf8(stage, shown_max)),
        did_you_mean(stage, known, fmt::format("they are {}", fmt::join(known, ", "))));
  }
}

void report(const Node& node, base::Error error, const Reading& reading) {
  // The near miss is the better advice.
  if (error.message.starts_with("event has no field") &&
      !error.remedy.starts_with("did you mean")) {
    error.remedy += fmt::format("{}declare it in events.yaml", error.remedy.empty() ? "" : ", or ");
  }
  report_inside(reading.document, node, error, reading.problems);
}

}  // namespace

std::optional<rules::Expression> read_expression(const Node& node, Wanted wanted,
                                                 const Scene& scene, const Reading& reading) {
  if (!node.is_scalar() || node.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    const bool is_empty = node.is_null() || node.is_scalar();
    reading.problems.error(node.place,
                           is_empty ? "the expression is empty" : "this is no expression",
                           std::string(quote_it));
    return std::nullopt;
  }
  // A former version was checked when it was applied, by what was asked for then.
  std::string source = node.text;
  // The sign becomes a blank, which CEL passes over, so that places stay right.
  if (wanted == Wanted::formula) source.front() = ' ';
  auto program = cel::compile(
      source,
      rules::condition_environment(
          scene.event, scene.enrollment.value_or(rules::EnrollmentShape{}),
          {.judge_literals = !reading.catalogue.is_former, .watches_clock = scene.watches_clock}));
  if (!program) {
    report(node, std::move(program).error(), reading);
    return std::nullopt;
  }
  if (!fits(program->type(), wanted)) {
    reading.problems.error(node.place,
                           fmt::format("this gives {}, not {}", program->type().name(),
                                       wanted == Wanted::condition ? "true or false"
                                       : wanted == Wanted::moment  ? "a moment"
                                       : wanted == Wanted::date    ? "a date"
                                                                   : "one value"),
                           std::string(remedy_for(wanted)));
    return std::nullopt;
  }
  if (scene.contact_alone && !reading.catalogue.is_former) {
    for (const cel::FieldReference& field : program->references().fields) {
      if (field.variable != "enrollment" && field.variable != "event") continue;
      reading.problems.error(place_inside(node, reading.document.text, field.place),
                             fmt::format("there is no `{}` where this is judged", field.variable),
                             "ask for the contact, for did(), times(), last(), touches() or now");
    }
  } else if (!scene.enrollment && !reading.catalogue.is_former) {
    for (const cel::FieldReference& field : program->references().fields) {
      if (field.variable != "enrollment") continue;
      reading.problems.error(place_inside(node, reading.document.text, field.place),
                             "nobody is enrolled yet when this is judged",
                             "use `event`, which is the one that starts the playbook");
    }
  }
  if (!reading.catalogue.is_former) check_stages(program->references(), node, reading);
  for (const cel::FieldReference& field : program->references().fields) {
    if (field.variable != "contact" || field.path.empty()) continue;
    reading.uses.contact.push_back(
        {field.path, place_inside(node, reading.document.text, field.place)});
  }
  for (const cel::CallReference& call : program->references().calls) {
    check_call(call, place_inside(node, reading.document.text, call.place), reading);
  }
  return rules::Expression{std::move(*program), std::move(source), node.place};
}

}  // namespace nurtured::config
