#include "daemon/walk.h"

#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

// The key in the store's meta table: {"after": id, "retry": bool}. Stored: must never change.
constexpr std::string_view walk_key = "rejudge";

}  // namespace

store::MetaEntry to_entry(const Walk& walk) {
  return {std::string(walk_key),
          cel::to_json(cel::Map{{"after", walk.after.value}, {"retry", walk.retry}})};
}

store::MetaEntry rejudge_mark(bool retry) {
  return to_entry(Walk{.after = {}, .retry = retry});
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
  return std::optional(Walk{rules::ContactId{after->as_int()}, retry->as_bool()});
}

void add_walk_inputs(const rules::Contact& contact, const rules::Book& book, const Walk& walk,
                     std::vector<EngineInput>& inputs) {
  if (walk.retry) {
    for (const auto& enrollment : contact.enrollments) {
      if (enrollment.state != rules::EnrollmentState::parked) continue;
      inputs.emplace_back(ContactInput{contact.id, rules::RetryEnrollment{enrollment.number}});
    }
  }
  if (!contact.pending.empty() || contact.standing_rules != book.standing_rules()) {
    inputs.emplace_back(ContactInput{contact.id, rules::Rejudge{.deferred_too = walk.retry}});
  }
}

}  // namespace nurtured::daemon
