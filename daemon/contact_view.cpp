#include "daemon/contact_view.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

using rules::DeliveryChange;
using rules::EnrollmentState;

constexpr std::array<std::pair<DeliveryChange, std::string_view>, 6> delivery_changes = {{
    {DeliveryChange::ready, "ready"},
    {DeliveryChange::committing, "committing"},
    {DeliveryChange::departed, "departed"},
    {DeliveryChange::uncertain, "uncertain"},
    {DeliveryChange::refused, "refused"},
    {DeliveryChange::returned, "returned"},
}};

cel::Value consents_value(const rules::Contact& contact) {
  cel::Map map;
  for (const auto& [channel, consent] : contact.consents) {
    map.set(channel, cel::Map{{"given", consent.given},
                              {"at", time_value(consent.at)},
                              {"source", consent.source},
                              {"wording", consent.wording},
                              {"from", consent.from}});
  }
  return map;
}

template <class Texts>
cel::Value list_of(const Texts& texts) {
  cel::List list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

void put(cel::Map& map, std::string_view key, std::string_view value) {
  if (!value.empty()) map.set(key, value);
}

cel::Value decision_value(const rules::Decision& decision) {
  cel::Map map{{"at", time_value(decision.at)}, {"do", decision.action}};
  put(map, "playbook", decision.playbook);
  put(map, "step", decision.step);
  put(map, "message", decision.message);
  if (decision.kind) map.set("kind", rules::to_string(*decision.kind));
  put(map, "channel", decision.to.channel);
  put(map, "to", decision.to.value);
  put(map, "delivery", decision.delivery);
  put(map, "reason", rules::to_string(decision.reason));
  if (decision.until) map.set("until", time_value(decision.until));
  put(map, "outcome", decision.outcome);
  put(map, "detail", decision.detail);
  return map;
}

std::string delivery_text(const rules::Delivery& delivery) {
  return fmt::format("delivery {} {}{}", what_of(delivery), to_string(delivery.change),
                     delivery.reason.empty() ? "" : ": " + delivery.reason);
}

}  // namespace

std::string_view to_string(EnrollmentState state) {
  switch (state) {
    case EnrollmentState::running:
      return "running";
    case EnrollmentState::waiting:
      return "waiting";
    case EnrollmentState::expecting:
      return "expecting";
    case EnrollmentState::sending:
      return "sending";
    case EnrollmentState::parked:
      return "parked";
    case EnrollmentState::finished:
      return "finished";
    case EnrollmentState::calling:
      return "calling";
  }
  return {};
}

std::string_view to_string(rules::SuppressionScope scope) {
  return scope == rules::SuppressionScope::all ? "all" : "marketing";
}

std::optional<rules::SuppressionScope> parse_scope(std::string_view name) {
  if (name == "all") return rules::SuppressionScope::all;
  if (name == "marketing") return rules::SuppressionScope::marketing;
  return std::nullopt;
}

std::string_view to_string(DeliveryChange change) {
  return std::ranges::find(delivery_changes, change, [](const auto& item) { return item.first; })
      ->second;
}

std::optional<DeliveryChange> parse_delivery_change(std::string_view name) {
  const auto* found =
      std::ranges::find(delivery_changes, name, [](const auto& item) { return item.second; });
  return found == delivery_changes.end() ? std::nullopt : std::optional(found->first);
}

std::string local_text(base::Instant at, const rules::Zone& zone) {
  const auto local = zone.to_local(at);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(local - day));
  std::string text =
      fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count());
  if (time.seconds().count() != 0) text += fmt::format(":{:02}", time.seconds().count());
  return text;
}

cel::Value time_value(std::optional<base::Instant> at) {
  return at ? cel::Value(base::to_rfc3339(*at)) : cel::Value();
}

std::string handoff_text(const rules::Handoff& handoff, const rules::Zone& zone) {
  const std::string since = "since " + local_text(handoff.since, zone);
  return since +
         (handoff.until ? ", until " + local_text(*handoff.until, zone) : ", until handed back");
}

std::string headline(const rules::Contact& contact) {
  std::string addresses;
  for (const auto& [channel, address] : contact.addresses) {
    if (!addresses.empty()) addresses += ", ";
    addresses += channel + " " + address;
  }
  return contact.user_id + (addresses.empty() ? "" : " (" + addresses + ")");
}

std::string step_id(const rules::Enrollment& enrollment, const rules::Book& book) {
  const auto* version = book.playbook(enrollment.playbook, enrollment.version);
  if (version == nullptr || enrollment.step >= version->steps.size()) return {};
  return version->steps[enrollment.step].id;
}

std::string state_text(const rules::Enrollment& enrollment, const rules::Book& book,
                       const rules::Zone& zone) {
  const std::string step = step_id(enrollment, book);
  const std::string at_step = step.empty() ? "" : " at " + step;
  const auto until = [&](std::string_view otherwise) {
    return enrollment.due ? " until " + local_text(*enrollment.due, zone) : std::string(otherwise);
  };
  switch (enrollment.state) {
    case EnrollmentState::running:
      return "is in the middle of its steps" + at_step;
    case EnrollmentState::waiting:
      return "waits" + until("") + at_step;
    case EnrollmentState::expecting: {
      std::string events;
      const auto* version = book.playbook(enrollment.playbook, enrollment.version);
      if (version != nullptr && enrollment.step < version->steps.size()) {
        const rules::StepAction& action = version->steps[enrollment.step].action;
        if (const auto* wait = std::get_if<rules::WaitFor>(&action)) {
          events = fmt::format(" {}", fmt::join(wait->events, " or "));
        } else if (std::holds_alternative<rules::Ask>(action)) {
          events = " an answer";
        } else if (std::holds_alternative<rules::HandOff>(action)) {
          return "waits for a human to hand the contact back" + at_step;
        }
      }
      return "waits for" + (events.empty() ? std::string(" an event") : events) +
             until(", however long") + at_step;
    }
    case EnrollmentState::sending:
      return "has a message to send" + at_step;
    case EnrollmentState::parked:
      return "is parked" + at_step + ", because a step failed: " + enrollment.parked_reason;
    case EnrollmentState::finished:
      return "has finished; a late goal still counts" + until("");
    case EnrollmentState::calling:
      return "waits for a connector to do what it was asked" + at_step;
  }
  return {};
}

cel::Value to_value(const std::optional<rules::Handoff>& handoff) {
  if (!handoff) return {};
  return cel::Map{{"since", time_value(handoff->since)},
                  {"until", time_value(handoff->until)},
                  {"playbook", handoff->playbook},
                  {"channel", handoff->channel}};
}

cel::Value to_value(const std::optional<rules::Suppression>& suppression) {
  if (!suppression) return {};
  return cel::Map{{"scope", to_string(suppression->scope)},
                  {"at", time_value(suppression->at)},
                  {"reason", suppression->reason}};
}

cel::Value to_value(const rules::Enrollment& enrollment, const rules::Book& book) {
  cel::Map map{{"number", enrollment.number},
               {"playbook", enrollment.playbook},
               {"version", enrollment.version},
               {"state", to_string(enrollment.state)},
               {"step", step_id(enrollment, book)},
               {"key", enrollment.key},
               {"started", time_value(enrollment.started)},
               {"event", enrollment.event_name},
               {"since", time_value(enrollment.since)},
               {"due", time_value(enrollment.due)}};
  put(map, "parked_reason", enrollment.parked_reason);
  return map;
}

cel::Value to_value(const rules::Contact& contact, const rules::Book& book) {
  cel::Map attributes;
  for (const auto& [name, value] : contact.attributes) attributes.set(name, value);
  cel::Map addresses;
  for (const auto& [channel, address] : contact.addresses) addresses.set(channel, address);
  cel::Map events;
  for (const auto& [name, tally] : contact.history) events.set(name, tally.count);
  cel::List enrollments;
  for (const auto& enrollment : contact.enrollments) {
    enrollments.push_back(to_value(enrollment, book));
  }
  return cel::Map{{"id", contact.user_id},
                  {"number", contact.id.value},
                  {"anonymous_ids", list_of(contact.anonymous_ids)},
                  {"attributes", std::move(attributes)},
                  {"addresses", std::move(addresses)},
                  {"consent", consents_value(contact)},
                  {"suppression", to_value(contact.suppression)},
                  {"handoff", to_value(contact.handoff)},
                  {"tags", list_of(contact.tags)},
                  {"topics_declined", list_of(contact.topics_declined)},
                  {"timezone", contact.timezone},
                  {"locale", contact.locale},
                  {"stage", contact.stage},
                  {"score", contact.score},
                  {"created", time_value(contact.created)},
                  {"touches", contact.touches.count},
                  {"events", std::move(events)},
                  {"enrollments", std::move(enrollments)},
                  {"held", static_cast<std::int64_t>(contact.pending.size())}};
}

cel::Value suppressions_value(const rules::Snapshot& snapshot) {
  cel::Map map{{"contact", to_value(snapshot.contact.suppression)}};
  for (const auto& state : snapshot.addresses) {
    if (state.suppression) map.set(rules::to_key(state.address), to_value(state.suppression));
  }
  return map;
}

cel::Value to_value(const rules::Snapshot& snapshot, const rules::Book& book) {
  cel::Map map = to_value(snapshot.contact, book).as_map();
  const rules::AddressState* strictest = nullptr;
  for (const auto& state : snapshot.addresses) {
    if (!state.suppression) continue;
    const bool all = state.suppression->scope == rules::SuppressionScope::all;
    if (strictest == nullptr || all) strictest = &state;
  }
  if (!snapshot.contact.suppression && strictest != nullptr) {
    cel::Map suppression = to_value(strictest->suppression).as_map();
    suppression.set("address", rules::to_key(strictest->address));
    map.set("suppression", std::move(suppression));
  }
  map.set("suppressions", suppressions_value(snapshot));
  return map;
}

std::string what_of(const rules::Delivery& delivery) {
  if (delivery.is_call()) return delivery.connector + "." + delivery.action;
  return fmt::format("{} by {} to {}", delivery.message, delivery.to.channel, delivery.to.value);
}

cel::Value to_value(const rules::Delivery& delivery) {
  cel::Map map{{"delivery", delivery.key},
               {"state", to_string(delivery.change)},
               {"at", time_value(delivery.at)},
               {"attempt", static_cast<std::int64_t>(delivery.attempt)}};
  if (delivery.is_call()) {
    map.set("do", delivery.connector + "." + delivery.action);
  } else {
    map.set("message", delivery.message);
    map.set("kind", rules::to_string(delivery.kind));
    map.set("channel", delivery.to.channel);
    map.set("to", delivery.to.value);
  }
  put(map, "playbook", delivery.playbook);
  put(map, "step", delivery.step);
  put(map, "reason", delivery.reason);
  return map;
}

cel::Value to_value(const store::TimelineEntry& entry) {
  if (const auto* decision = std::get_if<rules::Decision>(&entry.what)) {
    return decision_value(*decision);
  }
  if (const auto* delivery = std::get_if<rules::Delivery>(&entry.what)) {
    return to_value(*delivery);
  }
  const auto& event = std::get<rules::Event>(entry.what);
  return cel::Map{{"at", time_value(entry.at)},
                  {"event", event.name},
                  {"occurred_at", time_value(event.occurred_at)},
                  {"properties", event.properties}};
}

std::string decision_text(const rules::Decision& decision, const rules::Zone& zone) {
  std::string text = decision.action;
  const auto add = [&](std::string_view part) {
    if (!part.empty()) text += " " + std::string(part);
  };
  add(decision.message);
  if (!decision.to.channel.empty()) add("by " + decision.to.channel + " to " + decision.to.value);
  if (!decision.playbook.empty()) {
    add("(" + decision.playbook + (decision.step.empty() ? "" : ", " + decision.step) + ")");
  }
  add(decision.outcome);
  std::string why(rules::to_string(decision.reason));
  if (!decision.detail.empty()) why += (why.empty() ? "" : ", ") + decision.detail;
  if (decision.until)
    why += (why.empty() ? "until " : ", until ") + local_text(*decision.until, zone);
  return why.empty() ? text : text + ": " + why;
}

std::string entry_text(const store::TimelineEntry& entry, const rules::Zone& zone) {
  constexpr std::size_t properties_shown_max = 200;
  std::string text = local_text(entry.at, zone) + "  ";
  if (const auto* decision = std::get_if<rules::Decision>(&entry.what)) {
    return text + decision_text(*decision, zone);
  }
  if (const auto* delivery = std::get_if<rules::Delivery>(&entry.what)) {
    return text + delivery_text(*delivery);
  }
  const auto& event = std::get<rules::Event>(entry.what);
  text += "event " + event.name;
  if (event.properties.is_map() && !event.properties.as_map().empty()) {
    std::string properties = cel::to_json(event.properties);
    properties = std::string(base::cut_utf8(properties, properties_shown_max));
    text += " " + properties;
  }
  return text;
}

}  // namespace nurtured::daemon
