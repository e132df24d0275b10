// Operations on contacts: look, add, change, explain.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "daemon/contact_view.h"
#include "daemon/explain.h"
#include "daemon/ingest.h"
#include "daemon/operations_request.h"
#include "daemon/operations_tools.h"
#include "daemon/pauses.h"
#include "rules/cel/json.h"
#include "rules/traits.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::int64_t list_max = 1000;
constexpr std::int64_t timeline_max = 500;

std::string describe(const rules::Suppression& suppression) {
  return fmt::format("{} ({})", to_string(suppression.scope), suppression.reason);
}

// "yes since 2026-03-01 10:00, by form, to "I agree", from 192.0.2.7".
std::string consent_text(const rules::Consent& consent, const rules::Zone& zone) {
  std::string text =
      fmt::format("{} since {}", consent.given ? "yes" : "no", local_text(consent.at, zone));
  if (!consent.source.empty()) text += ", by " + consent.source;
  if (!consent.wording.empty()) text += ", to \"" + consent.wording + "\"";
  if (!consent.from.empty()) text += ", from " + consent.from;
  return text;
}

std::string contact_text(const rules::Snapshot& snapshot, const config::Config& config) {
  const rules::Contact& contact = snapshot.contact;
  const auto& zone = config.book->zone(contact.timezone);
  std::string text = headline(contact) + "\n";
  const auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("  {}: {}\n", name, value);
  };
  for (const auto& [name, value] : contact.attributes) {
    line(name, value.is_string() ? value.as_string() : cel::to_json(value));
  }
  line("timezone", contact.timezone);
  line("locale", contact.locale);
  line("stage", contact.stage);
  line("tags", fmt::format("{}", fmt::join(contact.tags, ", ")));
  for (const auto& [channel, consent] : contact.consents) {
    line("consent for " + channel, consent_text(consent, zone));
  }
  line("topics declined", fmt::format("{}", fmt::join(contact.topics_declined, ", ")));
  if (contact.handoff) line("a human has the contact", handoff_text(*contact.handoff, zone));
  if (contact.suppression) line("suppressed", describe(*contact.suppression));
  for (const auto& state : snapshot.addresses) {
    if (!state.suppression) continue;
    line(state.address.channel + " " + state.address.value + " is suppressed",
         describe(*state.suppression));
  }
  text += fmt::format("  score: {}, touches: {}, known since {}\n", contact.score,
                      contact.touches.count, local_text(contact.created, zone));
  for (const auto& enrollment : contact.enrollments) {
    text += fmt::format("  {} #{} {}\n", enrollment.playbook, enrollment.number,
                        state_text(enrollment, *config.book, zone));
  }
  return text;
}

Answer contact_answer(const OperationsContext& context, const rules::Snapshot& snapshot) {
  const auto config = context.keeper.current();
  return {.result = to_value(snapshot, *config->book), .text = contact_text(snapshot, *config)};
}

// What belongs to a contact and is no trait of theirs, and what changes it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> not_attributes = {{
    {"consent", "use `nurtured contact consent`"},
    {"tags", "use `--tag NAME` and `--untag NAME`"},
    {"score", "playbooks keep it: add an event for which one has a `score` step"},
    {"stage", "playbooks keep it: add an event for which one has a `move_to` step"},
    {"id", "a contact keeps its id"},
}};

Result<void> check_attribute(const std::string& name) {
  if (name.empty() || name.size() > rules::trait_name_bytes_max) {
    return base::fail("an attribute's name is empty or too long");
  }
  const std::string_view first = std::string_view(name).substr(0, name.find('.'));
  for (const auto& [known, remedy] : not_attributes) {
    if (first == known) return base::fail(name + " is no attribute", std::string(remedy));
  }
  return {};
}

// What contact/add and contact/set take beside the contact. `attributes` are read as an SDK's
// traits are, so that `email` is an address; what an SDK's message would be taken without is an
// error here.
Result<rules::ContactChange> read_change(RequestFields& fields, const config::Config& config,
                                         cel::Map& traits) {
  rules::ContactChange change;
  for (const auto& [name, value] : fields.map("attributes")) {
    if (auto done = check_attribute(name); !done) return base::fail(done.error());
    traits.set(name, value);
  }
  std::vector<std::string> problems;
  rules::apply_traits(traits, change, problems);
  if (!problems.empty()) return base::fail(std::move(problems.front()));
  for (auto& [channel, value] : fields.map("addresses")) {
    if (!value.is_string() || value.as_string().size() > rules::address_bytes_max) {
      return base::fail("the address for " + channel + " is no text of at most " +
                        std::to_string(rules::address_bytes_max) + " bytes");
    }
    std::string address = value.as_string();
    if (channel == "email" && !address.empty()) {
      const auto email = rules::normal_email(address);
      if (!email) return base::fail(address + " is no e-mail address");
      address = *email;
    }
    traits.set(channel, address);
    change.addresses.emplace_back(channel, std::move(address));
  }
  if (auto timezone = fields.optional_text("timezone")) change.timezone = std::move(timezone);
  if (change.timezone && !config.book->knows_zone(*change.timezone)) {
    return base::fail("there is no time zone " + *change.timezone, "write Europe/Paris, say");
  }
  if (auto locale = fields.optional_text("locale")) change.locale = std::move(locale);
  change.tags_added = fields.texts("tag");
  change.tags_removed = fields.texts("untag");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  return change;
}

// An operator's change takes the form of the event that an SDK's `identify` makes.
EngineInput identified(Who who, rules::ContactChange change, cel::Map traits, base::Instant now) {
  return EventInput{.who = std::move(who),
                    .event = {.name = "contact.identified",
                              .properties = std::move(traits),
                              .occurred_at = now,
                              .received_at = now,
                              .change = std::move(change)}};
}

Result<Answer> change_contact(const OperationsContext& context, Who who,
                              rules::ContactChange change, cel::Map traits) {
  const std::string name = who.user_id.empty() ? who.anonymous_id : who.user_id;
  std::vector<EngineInput> inputs;
  inputs.push_back(
      identified(std::move(who), std::move(change), std::move(traits), context.clock.now()));
  if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  const auto after = find_contact(context.reader, name);
  if (!after) return base::fail(after.error());
  return contact_answer(context, *after);
}

Result<void> check_channel(const OperationsContext& context, const std::string& channel) {
  if (context.keeper.current()->book->settings().channels.contains(channel)) return {};
  return base::fail(ErrorKind::not_found, "there is no channel " + channel);
}

// The contact's own address on `channel`; `not_found` where there is none.
Result<rules::Address> address_on(const rules::Contact& contact, const std::string& channel) {
  const auto address = contact.addresses.find(channel);
  if (address == contact.addresses.end()) {
    return base::fail(ErrorKind::not_found, contact.user_id + " has no address for " + channel);
  }
  return rules::Address{channel, address->second};
}

}  // namespace

Result<Answer> command_contact(const OperationsContext& context, const rules::Contact& contact,
                               rules::Input command) {
  std::vector<EngineInput> inputs;
  inputs.emplace_back(ContactInput{contact.id, std::move(command)});
  if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  const auto after = find_contact(context.reader, contact.user_id);
  if (!after) return base::fail(after.error());
  return contact_answer(context, *after);
}

Result<Answer> run_contact_list(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto after = fields.integer("after", 0, 0, std::numeric_limits<std::int64_t>::max());
  const auto limit = fields.integer("limit", 100, 1, list_max);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto contacts =
      context.reader.contacts_after(rules::ContactId{after}, static_cast<std::size_t>(limit));
  if (!contacts) return base::fail(contacts.error());
  const auto config = context.keeper.current();
  cel::List list;
  Answer answer;
  for (const auto& contact : *contacts) {
    list.push_back(to_value(contact, *config->book));
    answer.text += headline(contact) + "\n";
  }
  const bool more = contacts->size() == static_cast<std::size_t>(limit);
  const cel::Value next = more ? cel::Value(contacts->back().id.value) : cel::Value();
  if (more) answer.text += fmt::format("more: --after {}\n", contacts->back().id.value);
  answer.result = cel::Map{{"contacts", std::move(list)}, {"after", next}};
  return answer;
}

Result<Answer> run_contact_show(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  return contact_answer(context, *snapshot);
}

Result<Answer> run_contact_add(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  cel::Map traits;
  auto change = read_change(fields, *context.keeper.current(), traits);
  if (!change) return base::fail(change.error());
  if (name.size() > id_bytes_max) return base::fail("the id is too long");
  if (find_contact(context.reader, name)) {
    return base::fail(ErrorKind::conflict, "the contact " + name + " exists",
                      "change it with `nurtured contact set`");
  }
  return change_contact(context, {.user_id = name}, *std::move(change), std::move(traits));
}

Result<Answer> run_contact_set(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  cel::Map traits;
  auto change = read_change(fields, *context.keeper.current(), traits);
  if (!change) return base::fail(change.error());
  if (change->empty()) return base::fail("nothing is to be changed");
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  return change_contact(context, who_of(snapshot->contact), *std::move(change), std::move(traits));
}

Result<Answer> run_contact_consent(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  rules::ConsentChange consent{.channel = fields.text("channel"),
                               .given = fields.boolean("given", true),
                               .source = std::string(rules::by_operator),
                               .wording = fields.optional_text("wording").value_or(""),
                               .restores = true};
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (auto known = check_channel(context, consent.channel); !known) {
    return base::fail(known.error());
  }
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  cel::Map traits{{"consent", cel::Map{{consent.channel, consent.given}}}};
  rules::ContactChange change;
  change.consents.push_back(std::move(consent));
  return change_contact(context, who_of(snapshot->contact), std::move(change), std::move(traits));
}

Result<Answer> run_contact_suppress(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  const auto scope = parse_scope(fields.optional_text("scope").value_or("all"));
  rules::Suppress suppress{.reason = fields.optional_text("reason").value_or("manual")};
  const auto channel = fields.optional_text("channel");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (!scope) return base::fail("`scope` is neither `all` nor `marketing`");
  suppress.scope = *scope;
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  if (channel) {
    auto address = address_on(snapshot->contact, *channel);
    if (!address) return base::fail(address.error());
    suppress.address = *std::move(address);
  }
  return command_contact(context, snapshot->contact, std::move(suppress));
}

Result<Answer> run_contact_unsuppress(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  const auto channel = fields.optional_text("channel");
  rules::Unsuppress unsuppress{.by = fields.text("by"), .reason = fields.text("reason")};
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  const rules::Contact& contact = snapshot->contact;
  bool is_suppressed = contact.suppression.has_value();
  if (channel) {
    auto address = address_on(contact, *channel);
    if (!address) return base::fail(address.error());
    is_suppressed = std::ranges::any_of(snapshot->addresses, [&](const auto& state) {
      return state.suppression && rules::to_key(state.address) == rules::to_key(*address);
    });
    unsuppress.address = *std::move(address);
  }
  if (!is_suppressed) {
    return base::fail(ErrorKind::conflict,
                      channel ? "the address is not suppressed" : "the person is not suppressed",
                      channel ? "see `nurtured contact show`"
                              : "name the address with --channel; see `nurtured contact show`");
  }
  return command_contact(context, contact, std::move(unsuppress));
}

Result<Answer> run_explain(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  const auto limit = fields.integer("limit", 20, 0, timeline_max);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  const auto pauses = load_pauses(context.reader);
  if (!pauses) return base::fail(pauses.error());
  auto timeline =
      context.reader.timeline(snapshot->contact.id, static_cast<std::size_t>(timeline_max));
  if (!timeline) return base::fail(timeline.error());
  const auto config = context.keeper.current();
  const ExplainInput input{.config = *config,
                           .pauses = *pauses,
                           .snapshot = *std::move(snapshot),
                           .timeline = *std::move(timeline),
                           .shown = static_cast<std::size_t>(limit),
                           .now = context.clock.now()};
  return Answer{.result = explain(input), .text = explain_text(input)};
}

}  // namespace nurtured::daemon
