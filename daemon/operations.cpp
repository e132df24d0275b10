#include "daemon/operations.h"

#include <algorithm>
#include <array>
#include <future>

#include "daemon/operations_tools.h"
#include "daemon/store_key.h"
#include "daemon/walk.h"
#include "rules/cel/json.h"
#include "rules/traits.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::array<OperationEntry, 37> entries = {{
    {"status", false, run_status},
    {"plan", false, run_plan},
    {"reload", true, run_reload},
    {"pause", true, run_pause},
    {"resume", true, run_resume},
    {"contact/list", false, run_contact_list},
    {"contact/show", false, run_contact_show},
    {"contact/add", true, run_contact_add},
    {"contact/set", true, run_contact_set},
    {"contact/consent", true, run_contact_consent},
    {"contact/suppress", true, run_contact_suppress},
    {"contact/unsuppress", true, run_contact_unsuppress},
    {"contact/link", false, run_contact_link},
    {"contact/handoff", true, run_contact_handoff},
    {"contact/answer", true, run_contact_answer},
    {"contact/hand-back", true, run_contact_hand_back},
    {"explain", false, run_explain},
    {"event/add", true, run_event_add},
    {"event/list", false, run_event_list},
    {"event/learn", false, run_event_learn},
    {"event/retry", true, run_event_retry},
    {"touch/add", true, run_touch_add},
    {"touch/qr", false, run_touch_qr},
    {"enrollment/list", false, run_enrollment_list},
    {"enrollment/start", true, run_enrollment_start},
    {"enrollment/stop", true, run_enrollment_stop},
    {"enrollment/retry", true, run_enrollment_retry},
    {"silence/add", true, run_silence_add},
    {"silence/list", false, run_silence_list},
    {"silence/end", true, run_silence_end},
    {"delivery/list", false, run_delivery_list},
    {"delivery/resend", true, run_delivery_resend},
    {"import/progress", false, run_import_progress},
    {"import/try", false, run_import_try},
    {"import/take", true, run_import_take},
    {"mail/take", true, run_mail_take},
    {"backup/mark", true, run_backup_mark},
}};

const OperationEntry* find_entry(std::string_view name) {
  const auto* found = std::ranges::find(entries, name, &OperationEntry::name);
  return found == entries.end() ? nullptr : found;
}

// How many contacts one step of the walk through all of them passes.
constexpr std::size_t walk_slice = 500;

base::Error no_contact(const std::string& name) {
  return {ErrorKind::not_found,
          "there is no contact " + name,
          "name it by its id, CHANNEL:ADDRESS or e-mail address",
          {}};
}

struct Held {
  rules::Address address;
  rules::ContactId holder;
};

// The contact that holds an address, given as CHANNEL:ADDRESS or as an e-mail address.
Result<std::optional<Held>> find_held(store::Reader& reader, const std::string& name) {
  std::vector<rules::Address> candidates;
  const std::size_t colon = name.find(':');
  if (colon != std::string::npos) {
    candidates.push_back({name.substr(0, colon), name.substr(colon + 1)});
  }
  if (const auto email = rules::normal_email(name)) candidates.push_back({"email", *email});
  for (const auto& address : candidates) {
    const auto holders = reader.holders(address);
    if (!holders) return base::fail(holders.error());
    if (holders->size() > 1) {
      return base::fail(ErrorKind::conflict, "several contacts hold " + name,
                        "name one of them by its id");
    }
    if (holders->size() == 1) return std::optional(Held{address, holders->front()});
  }
  return std::optional<Held>();
}

}  // namespace

Result<void> submit(const OperationsContext& context, std::vector<EngineInput> inputs) {
  // Shared, because the engine may answer after the wait here has ended.
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  auto answered = answer->get_future();
  const bool taken = context.inbox->submit(
      std::move(inputs), [answer](const Result<void>& result, http::ReplyBatch& /*replies*/) {
        answer->set_value(result);
      });
  if (!taken) return base::fail(ErrorKind::unavailable, "the daemon is overloaded", "try again");
  if (answered.wait_for(Operations::engine_time_max) != std::future_status::ready) {
    return base::fail(ErrorKind::unavailable, "the engine did not answer in time",
                      "look whether it was done before trying again");
  }
  return answered.get();
}

Result<void> run_on_engine(const OperationsContext& context,
                           std::function<Result<void>(Engine&, store::Store&)> job) {
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  auto answered = answer->get_future();
  context.post([answer, job = std::move(job)](Engine& engine, store::Store& store) {
    answer->set_value(job(engine, store));
  });
  if (answered.wait_for(Operations::engine_time_max) != std::future_status::ready) {
    return base::fail(ErrorKind::unavailable, "the engine did not answer in time",
                      "look whether it was done before trying again");
  }
  return answered.get();
}

Result<Who> find_who(store::Reader& reader, const std::string& name) {
  using Kind = store::IdentityKey::Kind;
  for (const Kind kind : {Kind::user, Kind::anonymous}) {
    const auto found = reader.find({kind, name});
    if (!found) return base::fail(found.error());
    if (!*found) continue;
    return kind == Kind::user ? Who{.user_id = name} : Who{.anonymous_id = name};
  }
  const auto held = find_held(reader, name);
  if (!held) return base::fail(held.error());
  if (*held) return Who{.address = (*held)->address};
  return base::fail(no_contact(name));
}

Result<rules::Snapshot> find_contact(store::Reader& reader, const std::string& name) {
  std::optional<rules::ContactId> id;
  for (const auto kind : {store::IdentityKey::Kind::user, store::IdentityKey::Kind::anonymous}) {
    auto found = reader.find({kind, name});
    if (!found) return base::fail(found.error());
    if (!id) id = *found;
  }
  if (!id) {
    const auto held = find_held(reader, name);
    if (!held) return base::fail(held.error());
    if (*held) id = (*held)->holder;
  }
  if (id) {
    auto snapshot = reader.contact(*id);
    if (!snapshot) return base::fail(snapshot.error());
    if (*snapshot) return **std::move(snapshot);
  }
  return base::fail(no_contact(name));
}

Who who_of(const rules::Contact& contact) {
  const auto& anonymous = contact.anonymous_ids;
  if (std::ranges::find(anonymous, contact.user_id) != anonymous.end()) {
    return {.anonymous_id = contact.user_id};
  }
  return {.user_id = contact.user_id};
}

Result<LinkSigner> signer_of(const OperationsContext& context) {
  const auto key = find_store_key(context.reader);
  if (!key) return base::fail(key.error());
  if (!*key) {
    return base::fail(ErrorKind::unavailable, "the store has no key yet",
                      "start the daemon once: `nurtured run`");
  }
  return link_signer(context.keeper.current()->keys, **key);
}

bool Operations::changes(std::string_view name) {
  const OperationEntry* entry = find_entry(name);
  return entry != nullptr && entry->changes;
}

Result<Answer> Operations::call(std::string_view name, const cel::Value& request) {
  const OperationEntry* entry = find_entry(name);
  if (entry == nullptr) {
    return base::fail(ErrorKind::not_found, "there is no operation " + std::string(name));
  }
  if (entry->changes && context_.inbox == nullptr) {
    return base::fail(ErrorKind::unavailable, "the store is open for reading only");
  }
  if (context_.keeper.current() == nullptr) {
    return base::fail(ErrorKind::unavailable, "no book runs yet");
  }
  return entry->run(context_, request);
}

Result<bool> Operations::background() {
  auto walk = load_walk(context_.reader);
  if (!walk) return base::fail(walk.error());
  if (!*walk || context_.inbox == nullptr) return false;
  const auto contacts = context_.reader.contacts_after((*walk)->after, walk_slice);
  if (!contacts) return base::fail(contacts.error());
  std::vector<EngineInput> inputs;
  const auto config = context_.keeper.current();
  for (const auto& contact : *contacts) {
    add_walk_inputs(contact, *config->book, **walk, inputs);
  }
  if (!inputs.empty()) {
    if (auto taken = submit(context_, std::move(inputs)); !taken) return base::fail(taken.error());
  }
  const bool more = contacts->size() == walk_slice;
  const store::MetaEntry before = to_entry(**walk);
  if (more) (*walk)->after = contacts->back().id;
  const store::MetaEntry after = more ? to_entry(**walk) : store::MetaEntry{before.key, ""};
  auto kept = run_on_engine(
      context_,
      [before, after, &clock = context_.clock](Engine&, store::Store& store) -> Result<void> {
        // A reload in the meantime has begun a walk of its own.
        const auto mark = store.meta(before.key);
        if (!mark) return base::fail(mark.error());
        if (*mark != before.value) return {};
        store::Batch batch;
        batch.now = clock.now();
        batch.meta.push_back(after);
        return store.commit(batch);
      });
  if (!kept) return base::fail(kept.error());
  return more;
}

}  // namespace nurtured::daemon
