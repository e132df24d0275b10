#include "daemon/walk.h"

#include <algorithm>

#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

// The key in the store's meta table: {"after": id, "retry": bool,
// "migrate": bool}, of which a former release wrote no `migrate`. Stored: must never change.
constexpr std::string_view walk_key = "rejudge";

}  // namespace

store::MetaEntry to_entry(const Walk& walk) {
  return {std::string(walk_key),
          cel::to_json(cel::Map{
              {"after", walk.after.value}, {"retry", walk.retry}, {"migrate", walk.migrate}})};
}

store::MetaEntry walk_mark(bool retry, bool migrate) {
  return to_entry(Walk{.after = {}, .retry = retry, .migrate = migrate});
}

base::Result<std::optional<Walk>> load_walk(store::Reader& reader) {
  const auto text = reader.meta(walk_key);
  if (!text) return base::fail(text.error());
  if (!*text) return std::optional<Walk>();
  const auto value = cel::from_json(**text);
  const cel::Value* after = value ? value->find("after") : nullptr;
  const cel::Value* retry = value ? value->find("retry") : nullptr;
  if (after == nullptr || !after->is_int() || retry == nullptr || !retry->is_bool()) {
    return base::fail(base::ErrorKind::internal,
                      "the mark of what is to be judged anew is damaged");
  }
  const cel::Value* migrate = value->find("migrate");
  return std::optional(Walk{rules::ContactId{after->as_int()}, retry->as_bool(),
                            migrate != nullptr && migrate->is_bool() && migrate->as_bool()});
}

void add_walk_inputs(const rules::Contact& contact, const rules::Book& book, const Walk& walk,
                     std::vector<EngineInput>& inputs) {
  const bool is_behind =
      std::ranges::any_of(contact.enrollments, [&](const rules::Enrollment& enrollment) {
        const rules::Playbook* current = book.playbook(enrollment.playbook);
        return enrollment.state != rules::EnrollmentState::finished && current != nullptr &&
               current->version != enrollment.version;
      });
  if (walk.migrate && is_behind) inputs.emplace_back(ContactInput{contact.id, rules::Migrate{}});
  if (walk.retry) {
    for (const auto& enrollment : contact.enrollments) {
      if (enrollment.state != rules::EnrollmentState::parked) continue;
      inputs.emplace_back(ContactInput{contact.id, rules::retry_of(contact.id, enrollment)});
    }
  }
  const bool has_waiting = !contact.pending.empty() || !contact.calls.empty();
  if (has_waiting || contact.standing_rules != book.standing_rules()) {
    inputs.emplace_back(ContactInput{contact.id, rules::Rejudge{.deferred_too = walk.retry}});
  }
}

}  // namespace nurtured::daemon
