// What the store recorded, as inputs to play again (daemon/shadow.h).
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "daemon/shadow.h"

namespace nurtured::daemon {
namespace {

using rules::Event;

constexpr std::size_t page_rows = 10'000;
constexpr std::size_t contacts_at_once = 500;
// As many as a simulation reads from a file.
constexpr std::size_t events_max = 10'000'000;

// What the engine says of its own doing: a play makes its own.
bool is_made_by_engine(std::string_view name) {
  constexpr std::array<std::string_view, 8> names = {
      "message.sent",       "message.delivered", "message.scanned", "link.scanned",
      "enrollment.started", "enrollment.ended",  "segment.entered", "segment.left"};
  return std::ranges::find(names, name) != names.end() || name == "stage.moved" ||
         name.starts_with("handoff.");
}

std::set<std::string, std::less<>> emitted_by(const rules::Book& book) {
  std::set<std::string, std::less<>> names;
  for (const auto& playbook : book.current()) {
    for (const auto& step : playbook->steps) {
      if (const auto* emit = std::get_if<rules::Emit>(&step.action)) names.insert(emit->event);
    }
  }
  return names;
}

// The event as what it led to comes in again: a bounce for good bars the address, which the engine
// did beside the event.
void complete(Event& event) {
  if (event.name != "message.bounced") return;
  const cel::Value* hard = event.properties.find("hard");
  const cel::Value* channel = event.properties.find("channel");
  if (hard == nullptr || !hard->is_bool() || !hard->as_bool()) return;
  if (channel == nullptr || !channel->is_string()) return;
  event.change.suppressions.push_back({.channel = channel->as_string(),
                                       .scope = rules::SuppressionScope::all,
                                       .reason = std::string(rules::hard_bounced)});
}

std::string name_of(const rules::Contact& contact) {
  return contact.user_id.empty() ? "contact:" + std::to_string(contact.id.value) : contact.user_id;
}

// What is known of a contact now, as something that was so from the beginning of the log on.
EventInput as_known(const rules::Contact& contact, Instant begins) {
  Event event{.name = "contact.identified",
              .properties = cel::Map{},
              .occurred_at = begins,
              .received_at = begins,
              .is_history = true};
  rules::ContactChange& change = event.change;
  for (const auto& [name, value] : contact.attributes) change.attributes.emplace_back(name, value);
  for (const auto& [channel, address] : contact.addresses) {
    change.addresses.emplace_back(channel, address);
  }
  for (const auto& [channel, consent] : contact.consents) {
    // What was taken back later is taken back by the log.
    const bool given = consent.given || consent.at >= begins;
    change.consents.push_back({.channel = channel, .given = given, .source = consent.source});
  }
  if (!contact.timezone.empty()) change.timezone = contact.timezone;
  if (!contact.locale.empty()) change.locale = contact.locale;
  return {.who = {.user_id = name_of(contact)}, .event = std::move(event), .message_id = {}};
}

base::Result<void> read_events(store::Reader& reader, const rules::Book& live, ShadowRecord& record,
                               std::vector<std::pair<rules::ContactId, Event>>& events) {
  const auto emitted = emitted_by(live);
  for (std::int64_t row = 0;;) {
    auto page = reader.events_after(row, page_rows);
    if (!page) return base::fail(page.error());
    if (page->last_row == row) return {};
    row = page->last_row;
    for (auto& [contact, event] : page->events) {
      if (!contact) continue;  // it could not be given to anybody
      if (!record.begins || event.received_at < *record.begins) record.begins = event.received_at;
      if (is_made_by_engine(event.name) || emitted.contains(event.name)) {
        ++record.made_by_us;
        continue;
      }
      if (events.size() == events_max) {
        return base::fail(base::ErrorKind::too_large,
                          "the log has more than " + std::to_string(events_max) + " events",
                          "compare on a copy with a shorter `keep.events`");
      }
      complete(event);
      events.emplace_back(contact, std::move(event));
    }
  }
}

}  // namespace

base::Result<ShadowRecord> read_shadow_record(store::Reader& reader, const rules::Book& live) {
  ShadowRecord record;
  std::vector<std::pair<rules::ContactId, Event>> events;
  if (auto done = read_events(reader, live, record, events); !done) return base::fail(done.error());
  if (!record.begins) return record;
  std::map<rules::ContactId, std::string> names;
  for (rules::ContactId last;;) {
    const auto contacts = reader.contacts_after(last, contacts_at_once);
    if (!contacts) return base::fail(contacts.error());
    if (contacts->empty()) break;
    for (const rules::Contact& contact : *contacts) {
      ++record.contacts;
      names[contact.id] = name_of(contact);
      if (contact.created >= *record.begins) continue;
      ++record.older_contacts;
      record.events.push_back(as_known(contact, *record.begins));
    }
    last = contacts->back().id;
  }
  for (auto& [contact, event] : events) {
    const auto name = names.find(contact);
    if (name == names.end()) continue;  // erased since
    record.events.push_back(
        {.who = {.user_id = name->second}, .event = std::move(event), .message_id = {}});
  }
  std::ranges::stable_sort(record.events, {},
                           [](const EventInput& input) { return input.event.received_at; });
  return record;
}

}  // namespace nurtured::daemon
