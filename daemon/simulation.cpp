#include "daemon/simulation.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "daemon/rendering.h"
#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

constexpr std::array<std::string_view, 17> printed = {
    "start", "send",  "hold",    "skip",  "ask",  "wait", "fail",   "end",    "set",
    "tag",   "untag", "move_to", "score", "emit", "do",   "notify", "handoff"};

// Where a decision's detail has a name of its own.
std::string_view detail_key(std::string_view action) {
  if (action == "tag" || action == "untag") return "tag";
  if (action == "move_to") return "stage";
  if (action == "emit") return "event";
  if (action == "notify") return "text";
  if (action == "do") return "action";
  return "detail";
}

}  // namespace

Simulation::Simulation(std::shared_ptr<const config::Config> config, store::EngineStore& store,
                       Print print, SimulationOptions options)
    : config_(std::move(config)),
      store_(store),
      engine_(store, config_->book,
              {.batch_wakes_max = 10'000,
               .for_rendering = options.render,
               .trace_steps = options.passed != nullptr}),
      print_(std::move(print)),
      options_(std::move(options)) {}

void Simulation::enter(std::vector<EventInput> events) {
  std::ranges::stable_sort(events, {},
                           [](const EventInput& input) { return input.event.occurred_at; });
  for (EventInput& input : events) {
    const Instant occurred = input.event.occurred_at;
    const Instant arrival = options_.from ? std::max(*options_.from, occurred) : occurred;
    agenda_.emplace_hint(agenda_.end(), arrival, std::move(input));
  }
}

// What comes at `now`, as much of it as one batch takes.
std::vector<Arrived> Simulation::take_from_agenda(Instant now) {
  std::vector<Arrived> inputs;
  const std::size_t most = options_.batch_size ? options_.batch_size() : agenda_.size();
  while (!agenda_.empty() && agenda_.begin()->first <= now && inputs.size() < most) {
    EngineInput input = std::move(agenda_.extract(agenda_.begin()).mapped());
    if (auto* event = std::get_if<EventInput>(&input)) event->event.received_at = now;
    inputs.push_back({std::move(input), now});
  }
  return inputs;
}

base::Result<void> Simulation::run(std::vector<EventInput> events, Instant until) {
  enter(std::move(events));
  std::vector<Arrived> follow;
  const auto follow_through = [&](Instant now) -> base::Result<void> {
    while (!follow.empty()) {
      const auto inputs = std::exchange(follow, {});
      if (auto done = step(inputs, now, Timers::later, follow); !done) return done;
    }
    return {};
  };
  Instant clock = base::instant_min;
  for (;;) {
    const auto due = engine_.next_due();
    if (!due) return base::fail(due.error());
    std::optional<Instant> at;
    if (!agenda_.empty()) at = agenda_.begin()->first;
    if (*due && (!at || **due < *at)) at = **due;
    if (!at || *at > until) return {};
    // What is overdue happens now: the clock never goes back.
    clock = std::max(clock, *at);
    if (auto done = maintain_on_a_new_day(clock); !done) return done;
    // What comes in at one moment goes before what follows from it, and that before timers: however
    // it is batched.
    for (auto inputs = take_from_agenda(clock); !inputs.empty(); inputs = take_from_agenda(clock)) {
      if (auto done = step(inputs, clock, Timers::later, follow); !done) return done;
    }
    if (auto done = follow_through(clock); !done) return done;
    if (auto done = step({}, clock, Timers::fire, follow); !done) return done;
    if (auto done = follow_through(clock); !done) return done;
  }
}

// What a store forgets with time it forgets by whole days.
base::Result<void> Simulation::maintain_on_a_new_day(Instant now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  if (maintained_ && *maintained_ == today) return {};
  maintained_ = today;
  for (;;) {
    const auto more = store_.maintain(now);
    if (!more) return base::fail(more.error());
    if (!*more) return {};
  }
}

// One batch. What the dispatcher and the connectors would answer goes to `follow`, for the same
// moment.
base::Result<void> Simulation::step(const std::vector<Arrived>& inputs, Instant now, Timers timers,
                                    std::vector<Arrived>& follow) {
  auto result = engine_.process(inputs, now, timers);
  if (!result) return base::fail(result.error());
  print(*result);
  for (const auto& notice : result->deliveries) {
    if (notice.delivery.change == rules::DeliveryChange::ready) {
      follow.push_back(
          {ContactInput{notice.delivery.contact, rules::Claim{notice.delivery.key}}, now});
    } else if (notice.delivery.change == rules::DeliveryChange::committing) {
      follow.push_back(answer(notice, now));
    }
  }
  return {};
}

Arrived Simulation::answer(const DeliveryNotice& notice, Instant now) {
  rules::Outcome outcome{.delivery = notice.delivery.key};
  if (notice.delivery.is_call()) {
    outcome.output = options_.output ? options_.output(notice.delivery) : cel::Map{};
    return {ContactInput{notice.delivery.contact, std::move(outcome)}, now};
  }
  if (options_.render) {
    auto links = links_.find(notice.delivery.kind);
    if (links == links_.end()) {
      links =
          links_.emplace(notice.delivery.kind, example_links(*config_, notice.delivery.kind)).first;
    }
    const auto rendered = render(*config_, notice, links->second, now);
    if (rendered) {
      subjects_[notice.delivery.key] = rendered->subject;
    } else {
      outcome.kind = rules::OutcomeKind::failed;
      outcome.reason = base::to_string(rendered.error());
    }
  }
  if (outcome.kind == rules::OutcomeKind::delivered && options_.outcome) {
    outcome = options_.outcome(notice.delivery, now);
  }
  if (outcome.kind == rules::OutcomeKind::delivered && options_.departed) {
    options_.departed(notice, now);
  }
  return {ContactInput{notice.delivery.contact, std::move(outcome)}, now};
}

void Simulation::print(const BatchResult& result) {
  for (const auto& passage : result.passages) options_.passed(passage);
  for (const auto& notice : result.decisions) {
    SimulatedLine line{notice.decision, notice.contact, {}};
    if (notice.decision.action == "send") {
      const auto subject = subjects_.find(notice.decision.delivery);
      if (subject != subjects_.end()) {
        line.subject = std::move(subject->second);
        subjects_.erase(subject);
      }
    }
    print_(line);
  }
}

std::string to_json_line(const SimulatedLine& line) {
  const rules::Decision& decision = line.decision;
  if (std::ranges::find(printed, decision.action) == printed.end()) return {};
  std::string json;
  const auto put_json = [&json](std::string_view key, std::string_view value) {
    json += json.empty() ? "{\"" : ",\"";
    ((json += key) += "\":") += value;
  };
  const auto put = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) put_json(key, cel::json_quote(value));
  };
  put("at", base::to_rfc3339(decision.at));
  put_json("contact", cel::json_quote(line.contact));
  put("playbook", decision.playbook);
  put("step", decision.step);
  put("do", decision.action);
  put("message", decision.message);
  if (decision.kind) put("kind", rules::to_string(*decision.kind));
  put("channel", decision.to.channel);
  put("to", decision.to.value);
  put("subject", line.subject);
  put("reason", rules::to_string(decision.reason));
  const bool has_until = decision.action == "hold" || decision.action == "wait" ||
                         decision.action == "ask" ||
                         (decision.action == "handoff" && decision.outcome.empty());
  if (has_until) {
    put_json("until", decision.until ? cel::json_quote(base::to_rfc3339(*decision.until)) : "null");
  }
  put("outcome", decision.outcome);
  if (decision.action == "score") {
    const double score = std::stod(decision.detail);
    const bool is_whole = score == std::trunc(score);
    put_json("score", cel::to_json(is_whole ? cel::Value(static_cast<std::int64_t>(score))
                                            : cel::Value(score)));
  } else {
    put(detail_key(decision.action), decision.detail);
  }
  return json + "}";
}

}  // namespace nurtured::daemon
