#include "daemon/explain.h"

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "daemon/contact_view.h"
#include "rules/gates.h"

namespace nurtured::daemon {
namespace {

using rules::Pending;
using rules::Reason;
using rules::TargetState;

const rules::Zone& zone_of(const ExplainInput& input) {
  return input.config.book->zone(input.snapshot.contact.timezone);
}

std::span<const store::TimelineEntry> shown_of(const ExplainInput& input) {
  return std::span(input.timeline).first(std::min(input.shown, input.timeline.size()));
}

std::string_view kind_of(const ExplainInput& input, const Pending& pending) {
  const auto* message = input.config.book->message(pending.message);
  return message == nullptr ? std::string_view() : rules::to_string(message->kind);
}

// What the gate said when it held the message: the newest decision about it.
std::string facts_of(const ExplainInput& input, const Pending& pending) {
  for (const auto& entry : input.timeline) {
    const auto* decision = std::get_if<rules::Decision>(&entry.what);
    if (decision == nullptr || decision->action != "hold") continue;
    if (decision->enrollment == pending.enrollment && decision->step == pending.step_id &&
        decision->message == pending.message && decision->reason == pending.reason) {
      return decision->detail;
    }
  }
  return {};
}

std::string released_by_mix(const ExplainInput& input, const Pending& pending) {
  const auto& mix = input.config.book->settings().mix;
  const auto* message = input.config.book->message(pending.message);
  if (message == nullptr) return {};
  return fmt::format("messages of other kinds: at most {} of any {} in a row are of kind {}",
                     rules::share_max(mix, message->kind), mix.window,
                     rules::to_string(message->kind));
}

std::string released_by_touches(const ExplainInput& input) {
  const auto wanted = input.config.book->settings().touches_before_offer;
  const auto counted = input.snapshot.contact.touches.count;
  const auto missing = std::max<std::int64_t>(wanted - counted, 0);
  return fmt::format("{} more counted touch{} ({} of {} so far)", missing, missing == 1 ? "" : "es",
                     counted, wanted);
}

std::string released_by_resume(const ExplainInput& input, const Pending& pending) {
  if (input.pauses.all) return "`nurtured resume`";
  if (input.pauses.playbooks.contains(pending.playbook)) {
    return "`nurtured resume " + pending.playbook + "`";
  }
  return "`nurtured resume` of its connector";
}

// Consent lifts what the person asked for, and nothing of scope `all`.
std::string released_by_consent(const ExplainInput& input) {
  const auto is_of_all = [](const std::optional<rules::Suppression>& suppression) {
    return suppression && suppression->scope == rules::SuppressionScope::all;
  };
  const auto is_shut = [](const auto& state) {
    return state.suppression && state.suppression->reason == rules::blocked;
  };
  if (std::ranges::any_of(input.snapshot.addresses, is_shut)) {
    return "the person, by letting us into the chat again or by writing";
  }
  const bool of_address = std::ranges::any_of(
      input.snapshot.addresses, [&](const auto& state) { return is_of_all(state.suppression); });
  if (is_of_all(input.snapshot.contact.suppression) || of_address) {
    return "another address, or an operator by `nurtured contact unsuppress`";
  }
  return "consent given anew: by double opt-in, the preference page or an operator";
}

// The topic that the person has declined, where that is what holds it.
std::optional<std::string> released_by_topic(const ExplainInput& input, const Pending& pending) {
  const auto* message = input.config.book->message(pending.message);
  const auto& declined = input.snapshot.contact.topics_declined;
  const bool is_declined =
      message != nullptr && std::ranges::binary_search(declined, message->topic);
  // Without consent for the channel the topic was not asked about.
  const bool is_wanted =
      std::ranges::any_of(input.snapshot.contact.addresses, [&](const auto& address) {
        return rules::is_wanted(*input.config.book, input.snapshot, address.first);
      });
  if (!is_declined || !is_wanted) return std::nullopt;
  return fmt::format("the topic {}, chosen again on the preference page", message->topic);
}

// What would let a held message go, in words; empty where time alone does.
std::string released_by(const ExplainInput& input, const Pending& pending) {
  switch (pending.reason) {
    case Reason::handoff:
      return "the person who has the contact, by handing it back";
    case Reason::suppressed:
      return released_by_consent(input);
    case Reason::consent:
      return released_by_topic(input, pending).value_or("the contact's consent for the channel");
    case Reason::unreachable:
      return "an address for one of its channels";
    case Reason::touches:
      return released_by_touches(input);
    case Reason::mix:
      return released_by_mix(input, pending);
    case Reason::muted:
      return "the end of the `mute` condition, or of the silence";
    case Reason::in_flight:
      return "the outcome of the message that is on its way";
    case Reason::paused:
      return released_by_resume(input, pending);
    case Reason::only_to:
      return "its address on `only_to`";
    case Reason::cap:
    case Reason::quiet:
    case Reason::deferred:
    case Reason::none:
    case Reason::expired:
    case Reason::hold:
    case Reason::late:
    case Reason::withdrawn:
    case Reason::refused:
    case Reason::uncertain:
    case Reason::failed:
      return {};
  }
  return {};
}

// "held", or how far its delivery has come.
std::string_view state_of(const Pending& pending) {
  std::string_view state = "held";
  for (const auto& target : pending.targets) {
    if (target.state == TargetState::committing) return "leaving";
    if (target.state == TargetState::ready) state = "ready";
    if (target.state == TargetState::uncertain && state == "held") state = "uncertain";
  }
  return state;
}

cel::Value held_value(const ExplainInput& input, const Pending& pending) {
  cel::Map map{{"message", pending.message},
               {"kind", kind_of(input, pending)},
               {"playbook", pending.playbook},
               {"step", pending.step_id},
               {"state", state_of(pending)},
               {"since", time_value(pending.since)},
               {"reason", rules::to_string(pending.reason)},
               {"reason_since", time_value(pending.reason_since)},
               {"facts", facts_of(input, pending)},
               {"released_by", released_by(input, pending)},
               {"until", time_value(pending.until)},
               {"gives_up", time_value(pending.hold_until)}};
  if (pending.expires) map.set("expires", time_value(pending.expires));
  return map;
}

std::string held_text(const ExplainInput& input, const Pending& pending) {
  const auto& zone = zone_of(input);
  std::string text = fmt::format("  {} ({}", pending.message, kind_of(input, pending));
  if (!pending.playbook.empty()) {
    text += fmt::format(", {}, {}", pending.playbook, pending.step_id);
  }
  text += ")\n";
  const std::string_view state = state_of(pending);
  if (state == "ready") return text + "    about to leave: it waits for its connector\n";
  if (state == "leaving") return text + "    on its way: its connector has it\n";
  if (state == "uncertain") {
    return text + "    it may or may not have left: see `nurtured delivery list`\n";
  }
  text += fmt::format("    held since {} by {}", local_text(pending.reason_since, zone),
                      rules::to_string(pending.reason));
  const std::string facts = facts_of(input, pending);
  text += (facts.empty() ? "" : ": " + facts) + "\n";
  const std::string release = released_by(input, pending);
  if (!release.empty()) text += "    released by " + release + "\n";
  if (pending.until) text += "    judged again at " + local_text(*pending.until, zone) + "\n";
  text += "    given up at " + local_text(pending.hold_until, zone);
  if (pending.expires) text += ", expires at " + local_text(*pending.expires, zone);
  return text + "\n";
}

// Departures among the last `window`, by kind.
cel::Map mix_value(const ExplainInput& input) {
  const auto& departures = input.snapshot.contact.ledger.departures;
  const auto window = input.config.book->settings().mix.window;
  const auto shown = std::min(window, departures.size());
  cel::Map map{{"window", static_cast<std::int64_t>(window)}};
  for (const auto kind : {rules::Kind::value, rules::Kind::engagement, rules::Kind::offer}) {
    const auto count =
        std::count_if(departures.end() - static_cast<std::ptrdiff_t>(shown), departures.end(),
                      [&](const auto& departure) { return departure.kind == kind; });
    map.set(rules::to_string(kind), static_cast<std::int64_t>(count));
  }
  return map;
}

std::string suppression_text(const rules::Suppression& suppression, const rules::Zone& zone) {
  return fmt::format("{} since {} ({})",
                     suppression.scope == rules::SuppressionScope::all ? "everything" : "marketing",
                     local_text(suppression.at, zone), suppression.reason);
}

std::string standing_text(const ExplainInput& input) {
  const auto& contact = input.snapshot.contact;
  const auto& zone = zone_of(input);
  std::string text;
  for (const auto& [channel, consent] : contact.consents) {
    text += fmt::format("  consent for {}: {} since {}{}\n", channel, consent.given ? "yes" : "no",
                        local_text(consent.at, zone),
                        consent.source.empty() ? "" : ", by " + consent.source);
  }
  if (contact.suppression) {
    text += "  suppressed: " + suppression_text(*contact.suppression, zone) + "\n";
  }
  for (const auto& state : input.snapshot.addresses) {
    if (!state.suppression) continue;
    text += fmt::format("  {} {} suppressed: {}\n", state.address.channel, state.address.value,
                        suppression_text(*state.suppression, zone));
  }
  const cel::Map mix = mix_value(input);
  const auto figure = [&](std::string_view kind) { return mix.find(kind)->as_int(); };
  text += fmt::format(
      "  touches counted: {}; of the last {} marketing messages: {} value, {} engagement, {} "
      "offer\n",
      contact.touches.count, figure("window"), figure("value"), figure("engagement"),
      figure("offer"));
  return text;
}

cel::Value to_value(const rules::Call& call) {
  return cel::Map{{"enrollment", call.enrollment},
                  {"playbook", call.playbook},
                  {"step", call.step_id},
                  {"do", call.connector + "." + call.action},
                  {"since", time_value(call.since)},
                  {"on_its_way", call.state == rules::CallState::committing},
                  {"reason", rules::to_string(call.reason)},
                  {"not_before", time_value(call.not_before)},
                  {"detail", call.connector_reason}};
}

std::string call_text(const rules::Call& call, const rules::Zone& zone) {
  std::string text = fmt::format("    {}.{} asked for since {}", call.connector, call.action,
                                 local_text(call.since, zone));
  if (call.state == rules::CallState::committing) text += ", on its way";
  if (call.reason != rules::Reason::none) {
    text += fmt::format(", held: {}", rules::to_string(call.reason));
  }
  if (call.not_before) text += ", tried again at " + local_text(*call.not_before, zone);
  return text + (call.connector_reason.empty() ? "\n" : ": " + call.connector_reason + "\n");
}

}  // namespace

cel::Value explain(const ExplainInput& input) {
  const auto& contact = input.snapshot.contact;
  const auto& book = *input.config.book;
  cel::List held;
  for (const auto& pending : contact.pending) held.push_back(held_value(input, pending));
  cel::List recent;
  for (const auto& entry : shown_of(input)) recent.push_back(to_value(entry));
  cel::Map explanation{{"now", time_value(input.now)}};
  const cel::Value whole = to_value(contact, book);
  for (const std::string_view key : {"id", "addresses", "consent", "timezone", "touches"}) {
    explanation.set(key, *whole.find(key));
  }
  explanation.set("suppression", suppressions_value(input.snapshot));
  explanation.set("mix", mix_value(input));
  explanation.set("held", std::move(held));
  cel::List calls;
  for (const auto& call : contact.calls) calls.push_back(to_value(call));
  explanation.set("calls", std::move(calls));
  explanation.set("enrollments", *whole.find("enrollments"));
  explanation.set("recent", std::move(recent));
  return explanation;
}

std::string explain_text(const ExplainInput& input) {
  const auto& contact = input.snapshot.contact;
  const auto& book = *input.config.book;
  const auto& zone = zone_of(input);
  const std::string& zone_name =
      book.knows_zone(contact.timezone) ? contact.timezone : book.settings().zone_name;
  std::string text = headline(contact) + "\n";
  text += fmt::format("  now {}, {}\n", local_text(input.now, zone), zone_name);
  text += standing_text(input);
  text += contact.pending.empty() ? "held: nothing\n" : "held\n";
  for (const auto& pending : contact.pending) text += held_text(input, pending);
  text += contact.enrollments.empty() ? "under way: nowhere\n" : "under way\n";
  for (const auto& enrollment : contact.enrollments) {
    text += fmt::format("  {} #{} {}\n", enrollment.playbook, enrollment.number,
                        state_text(enrollment, book, zone));
    for (const auto& call : contact.calls) {
      if (call.enrollment == enrollment.number) text += call_text(call, zone);
    }
  }
  const auto recent = shown_of(input);
  if (!recent.empty()) text += "lately, newest first\n";
  for (const auto& entry : recent) text += "  " + entry_text(entry, zone) + "\n";
  return text;
}

}  // namespace nurtured::daemon
