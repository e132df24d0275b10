// Operations on enrollments and deliveries: who is under way where, what failed, what may or may
// not have left.
#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "daemon/contact_view.h"
#include "daemon/operations_request.h"
#include "daemon/operations_tools.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::int64_t list_max = 1000;
// How many contacts one question for parked enrollments looks at; the answer tells where to go on.
constexpr std::size_t contacts_scanned_max = 100'000;
constexpr std::size_t contacts_slice = 1000;

cel::Value with_contact(const cel::Value& value, const std::string& contact) {
  cel::Map map{{"contact", contact}};
  for (const auto& entry : value.as_map()) map.set(entry.key, entry.value);
  return map;
}

void add_enrollment(const rules::Contact& contact, const rules::Enrollment& enrollment,
                    const rules::Book& book, cel::List& list, std::string& text) {
  list.push_back(with_contact(to_value(enrollment, book), contact.user_id));
  text += fmt::format("{} {} #{} {}\n", contact.user_id, enrollment.playbook, enrollment.number,
                      state_text(enrollment, book, book.zone(contact.timezone)));
}

Answer list_answer(std::string_view name, cel::List list, std::string text,
                   std::string_view otherwise) {
  if (list.empty()) text = std::string(otherwise) + "\n";
  return {.result = cel::Map{{name, std::move(list)}}, .text = std::move(text)};
}

Result<Answer> list_of_contact(const OperationsContext& context, const std::string& name) {
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  cel::List list;
  std::string text;
  for (const auto& enrollment : snapshot->contact.enrollments) {
    add_enrollment(snapshot->contact, enrollment, *context.keeper.current()->book, list, text);
  }
  return list_answer("enrollments", std::move(list), std::move(text),
                     snapshot->contact.user_id + " is under way nowhere");
}

Result<Answer> list_standing(const OperationsContext& context) {
  auto standing = context.reader.standing();
  if (!standing) return base::fail(standing.error());
  std::ranges::sort(*standing);
  const auto& book = *context.keeper.current()->book;
  cel::List list;
  std::string text;
  for (const auto& at : *standing) {
    const auto* version = book.playbook(at.playbook, at.version);
    const bool known = version != nullptr && at.step < version->steps.size();
    const std::string step = known ? version->steps[at.step].id : fmt::format("#{}", at.step + 1);
    list.emplace_back(cel::Map{
        {"playbook", at.playbook}, {"version", at.version}, {"step", step}, {"people", at.count}});
    text += fmt::format("{} {} {}: {}\n", at.playbook, at.version.substr(0, 8), step, at.count);
  }
  return list_answer("standing", std::move(list), std::move(text), "nobody is under way");
}

Result<Answer> list_parked(const OperationsContext& context, std::int64_t after,
                           std::size_t limit) {
  cel::List list;
  std::string text;
  rules::ContactId last{after};
  bool more = true;
  for (std::size_t scanned = 0; more && scanned < contacts_scanned_max && list.size() < limit;) {
    const auto contacts = context.reader.contacts_after(last, contacts_slice);
    if (!contacts) return base::fail(contacts.error());
    more = contacts->size() == contacts_slice;
    scanned += contacts->size();
    for (const auto& contact : *contacts) {
      if (list.size() >= limit) {
        more = true;
        break;
      }
      last = contact.id;
      for (const auto& enrollment : contact.enrollments) {
        if (enrollment.state != rules::EnrollmentState::parked) continue;
        add_enrollment(contact, enrollment, *context.keeper.current()->book, list, text);
      }
    }
  }
  if (list.empty()) text = "no enrollment is parked\n";
  if (more) text += fmt::format("more: --after {}\n", last.value);
  return Answer{.result = cel::Map{{"enrollments", std::move(list)},
                                   {"after", more ? cel::Value(last.value) : cel::Value()}},
                .text = std::move(text)};
}

struct EnrollmentName {
  rules::ContactId contact;
  std::string user_id;
  rules::Enrollment enrollment;
};

Result<EnrollmentName> find_enrollment(const OperationsContext& context,
                                       const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  const auto number = fields.integer("enrollment", 0, 1, std::numeric_limits<std::int64_t>::max());
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (number == 0) return base::fail("`enrollment` is missing");
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  for (const auto& enrollment : snapshot->contact.enrollments) {
    if (enrollment.number != number) continue;
    return EnrollmentName{snapshot->contact.id, snapshot->contact.user_id, enrollment};
  }
  return base::fail(ErrorKind::not_found, fmt::format("{} has no enrollment {}", name, number),
                    "see `nurtured enrollment list " + name + "`");
}

bool is_pending(const rules::Contact& contact, const std::string& key) {
  return std::ranges::any_of(contact.pending, [&](const rules::Pending& pending) {
    return std::ranges::any_of(pending.targets, [&](const rules::Target& target) {
      return rules::delivery_key(contact.id, pending, target.address.channel) == key;
    });
  });
}

// A place in the list, as an answer gives it and `--after` takes it: ROW,MILLISECONDS,KEY. Lists of
// one state are in one part of it only, so the other stays at its default.
std::string to_text(const store::DeliveryPlace& place) {
  return fmt::format("{},{},{}", place.ended_row, base::to_millis(place.open_at), place.open_key);
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest == end || *rest != ',') return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + 1);
  return true;
}

Result<store::DeliveryPlace> parse_place(std::string_view text) {
  store::DeliveryPlace place;
  std::int64_t millis = 0;
  const bool is_place = take_number(text, place.ended_row) && take_number(text, millis) &&
                        place.ended_row >= 0 && millis >= base::to_millis(base::instant_min) &&
                        millis <= base::to_millis(base::instant_max);
  if (!is_place) {
    return base::fail("`after` is no place in the list", "give what the page before ended with");
  }
  place.open_at = base::from_millis(millis);
  place.open_key = std::string(text);
  return place;
}

}  // namespace

Result<Answer> run_enrollment_list(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto name = fields.optional_text("contact");
  const bool parked = fields.boolean("parked", false);
  const auto after = fields.integer("after", 0, 0, std::numeric_limits<std::int64_t>::max());
  const auto limit = fields.integer("limit", 100, 1, list_max);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (name) return list_of_contact(context, *name);
  if (parked) return list_parked(context, after, static_cast<std::size_t>(limit));
  return list_standing(context);
}

Result<Answer> run_enrollment_start(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  const std::string playbook = fields.text("playbook");
  cel::Map properties;
  for (auto& [key, value] : fields.map("properties")) properties.set(key, std::move(value));
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto before = find_contact(context.reader, name);
  if (!before) return base::fail(before.error());
  const rules::Playbook* found = context.keeper.current()->book->playbook(playbook);
  if (found == nullptr) {
    return base::fail(ErrorKind::not_found, "there is no playbook " + playbook,
                      "see `nurtured plan`, and `nurtured check`");
  }
  if (!found->by_hand) {
    return base::fail(ErrorKind::conflict, "the playbook " + playbook + " is not started by hand",
                      "add `- manual: true` to its `start`");
  }
  const rules::ContactId id = before->contact.id;
  std::vector<EngineInput> inputs;
  inputs.emplace_back(ContactInput{id, rules::StartPlaybook{playbook, std::move(properties)}});
  if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  const auto after = context.reader.contact(id);
  if (!after) return base::fail(after.error());
  const std::int64_t number = *after ? (*after)->contact.enrollments_made : 0;
  if (number == before->contact.enrollments_made) {
    return base::fail(ErrorKind::conflict, "it did not start",
                      "see why: nurtured explain " + before->contact.user_id);
  }
  return Answer{
      .result = cel::Map{{"started", number}, {"playbook", playbook}},
      .text = fmt::format("{} #{} of {} has started\n", playbook, number, before->contact.user_id)};
}

Result<Answer> run_enrollment_stop(const OperationsContext& context, const cel::Value& request) {
  const auto found = find_enrollment(context, request);
  if (!found) return base::fail(found.error());
  std::vector<EngineInput> inputs;
  inputs.emplace_back(
      ContactInput{found->contact, rules::StopEnrollment{found->enrollment.number}});
  if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  return Answer{.result = cel::Map{{"stopped", found->enrollment.number}},
                .text = fmt::format("{} #{} of {} is stopped\n", found->enrollment.playbook,
                                    found->enrollment.number, found->user_id)};
}

Result<Answer> run_enrollment_retry(const OperationsContext& context, const cel::Value& request) {
  const auto found = find_enrollment(context, request);
  if (!found) return base::fail(found.error());
  if (found->enrollment.state != rules::EnrollmentState::parked) {
    return base::fail(ErrorKind::conflict, fmt::format("enrollment {} of {} is not parked",
                                                       found->enrollment.number, found->user_id));
  }
  std::vector<EngineInput> inputs;
  inputs.emplace_back(
      ContactInput{found->contact, rules::retry_of(found->contact, found->enrollment)});
  if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  const auto after = context.reader.contact(found->contact);
  if (!after) return base::fail(after.error());
  // It may have ended in the meantime, which is as good as going on. A message is only rendered
  // when it leaves, so that one on its way may still fail.
  Answer answer{.text = "it has ended\n"};
  bool parked = false;
  if (*after) {
    const rules::Contact& contact = (*after)->contact;
    const auto& book = *context.keeper.current()->book;
    for (const auto& enrollment : contact.enrollments) {
      if (enrollment.number != found->enrollment.number) continue;
      parked = enrollment.state == rules::EnrollmentState::parked;
      answer.text = parked ? "it failed again: " + enrollment.parked_reason + "\n"
                           : "tried again: it " +
                                 state_text(enrollment, book, book.zone(contact.timezone)) + "\n";
    }
  }
  answer.problem = parked;
  answer.result = cel::Map{{"retried", found->enrollment.number}, {"parked", parked}};
  return answer;
}

Result<Answer> run_delivery_list(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto state = fields.optional_text("state");
  const auto after = fields.optional_text("after");
  const auto limit = fields.integer("limit", 100, 1, list_max);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  store::DeliveryQuery query{.limit = static_cast<std::size_t>(limit)};
  if (after) {
    auto place = parse_place(*after);
    if (!place) return base::fail(place.error());
    query.after = *std::move(place);
  }
  if (state) {
    query.state = parse_delivery_change(*state);
    if (!query.state) {
      return base::fail("there is no state " + *state,
                        "states are ready, committing, departed, uncertain, refused, returned");
    }
  }
  const auto deliveries = context.reader.deliveries(query);
  if (!deliveries) return base::fail(deliveries.error());
  cel::List list;
  std::string text;
  for (const auto& delivery : *deliveries) {
    const auto contact = context.reader.contact(delivery.contact);
    if (!contact) return base::fail(contact.error());
    const std::string user_id = *contact ? (*contact)->contact.user_id : "";
    list.push_back(with_contact(to_value(delivery), user_id));
    text += fmt::format("{}  {} {} {} at {}{}\n", delivery.key, to_string(delivery.change), user_id,
                        what_of(delivery), base::to_rfc3339(delivery.at),
                        delivery.reason.empty() ? "" : ": " + delivery.reason);
  }
  store::DeliveryPlace place = query.after;
  for (const auto& delivery : *deliveries) place = store::after(std::move(place), delivery);
  const bool more = deliveries->size() == query.limit;
  const std::string next = more ? to_text(place) : "";
  if (more) text += fmt::format("more: --after {}\n", next);
  if (list.empty()) text = "there are none\n";
  return Answer{.result = cel::Map{{"deliveries", std::move(list)},
                                   {"after", more ? cel::Value(next) : cel::Value()}},
                .text = std::move(text)};
}

Result<Answer> run_delivery_resend(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string key = fields.text("delivery");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto delivery = context.reader.delivery(key);
  if (!delivery) return base::fail(delivery.error());
  if (!*delivery) {
    return base::fail(ErrorKind::not_found, "there is no delivery " + key,
                      "see `nurtured delivery list --state uncertain`");
  }
  if ((*delivery)->change != rules::DeliveryChange::uncertain) {
    return base::fail(ErrorKind::conflict, fmt::format("the delivery is {} and not uncertain",
                                                       to_string((*delivery)->change)));
  }
  if ((*delivery)->is_call()) {
    return base::fail(ErrorKind::conflict, "the delivery is no message but a call of a connector",
                      "retry its enrollment: `nurtured enrollment retry`");
  }
  const auto snapshot = context.reader.contact((*delivery)->contact);
  if (!snapshot) return base::fail(snapshot.error());
  if (*snapshot && is_pending((*snapshot)->contact, key)) {
    return base::fail(ErrorKind::conflict, "the delivery is to be sent again already",
                      "see `nurtured explain` for what it waits for");
  }
  std::vector<EngineInput> inputs;
  inputs.emplace_back(ContactInput{(*delivery)->contact, rules::ResendDelivery{**delivery}});
  if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  return Answer{.result = cel::Map{{"resent", key}},
                .text = "it is sent again as soon as the gates allow\n"};
}

}  // namespace nurtured::daemon
