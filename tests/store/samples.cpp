#include "tests/store/samples.h"

#include "store/store.h"

namespace nurtured::store::testing {
namespace {

const std::string version = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";

std::string user(ContactId id) {
  return "user-" + std::to_string(id.value);
}

std::string email(ContactId id) {
  return user(id) + "@example.org";
}

}  // namespace

rules::Contact waiting_contact(ContactId id, Instant at) {
  rules::Contact contact;
  contact.id = id;
  contact.user_id = user(id);
  contact.attributes["first_name"] = "Anna";
  contact.attributes["last_name"] = "Petrova";
  contact.attributes["plan"] = "trial";
  contact.addresses["email"] = email(id);
  contact.consents["email"] = {.given = true, .at = at, .source = "form", .wording = {}};
  contact.tags = {"warm"};
  contact.timezone = "Europe/Moscow";
  contact.locale = "ru";
  contact.stage = "consideration";
  contact.created = at;
  contact.history["checklist.downloaded"].add(at);
  contact.history["contact.identified"].add(at);
  contact.touches.add(at);
  contact.touch_counted["checklist.downloaded"].add(at);
  contact.enrollments_made = 1;
  contact.enrollments.push_back({.number = 1,
                                 .playbook = "checklist-to-webinar",
                                 .version = version,
                                 .started = at,
                                 .event_name = "checklist.downloaded",
                                 .event = cel::Map{{"checklist", "launch"}},
                                 .event_at = at,
                                 .state = rules::EnrollmentState::waiting,
                                 .step = 1,
                                 .since = at,
                                 .heard = at,
                                 .due = at + std::chrono::days{2}});
  contact.starts.push_back({.playbook = "checklist-to-webinar", .key = {}, .at = at});
  return contact;
}

rules::AddressState address_of(const rules::Contact& contact) {
  return {.address = {"email", contact.addresses.at("email")}, .holders = {contact.id}};
}

rules::Event checklist_event(Instant at) {
  return {.name = "checklist.downloaded",
          .properties = cel::Map{{"checklist", "launch"}},
          .occurred_at = at,
          .received_at = at};
}

std::vector<rules::Decision> wait_decisions(Instant at) {
  return {{.at = at,
           .action = "start",
           .enrollment = 1,
           .playbook = "checklist-to-webinar",
           .detail = "checklist.downloaded"},
          {.at = at, .action = "touch", .detail = "checklist.downloaded"},
          {.at = at,
           .action = "wait",
           .enrollment = 1,
           .playbook = "checklist-to-webinar",
           .step = "wait#1",
           .until = at + std::chrono::days{2}}};
}

void add_arrival(Batch& batch, ContactId id, Instant at) {
  rules::Contact contact = waiting_contact(id, at);
  batch.now = at;
  batch.addresses.push_back(address_of(contact));
  batch.identities.push_back({{IdentityKey::Kind::user, contact.user_id}, id});
  batch.message_ids.push_back(dedup_key("key", contact.user_id));
  batch.standing.push_back({"checklist-to-webinar", version, 1, 1});
  batch.events.push_back({id, checklist_event(at)});
  for (auto& decision : wait_decisions(at)) batch.decisions.push_back({id, std::move(decision)});
  const auto wake = contact.enrollments.front().due;
  batch.contacts.push_back({.contact = std::move(contact), .wake_before = {}, .wake = wake});
}

rules::Delivery delivery_of(ContactId contact, const std::string& key, rules::DeliveryChange change,
                            Instant at) {
  return {.key = key,
          .contact = contact,
          .enrollment = 1,
          .playbook = "checklist-to-webinar",
          .version = version,
          .step = "send:webinar-invite",
          .message = "webinar-invite",
          .kind = rules::Kind::offer,
          .to = {"email", email(contact)},
          .change = change,
          .at = at};
}

}  // namespace nurtured::store::testing
