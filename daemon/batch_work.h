// One batch of the engine in the making: who is in it, what was loaded, what is to be written.
// Private to daemon/engine.cpp and daemon/batch_identity.cpp.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/engine.h"

namespace nurtured::daemon {

class Engine::BatchWork {
 public:
  BatchWork(Engine& engine, Instant now, Timers timers)
      : engine_(engine), now_(now), timers_(timers) {
    batch_.now = now;
  }

  base::Result<void> load(const std::vector<Arrived>& inputs, const std::vector<store::Due>& due);
  void run(const std::vector<Arrived>& inputs, const std::vector<store::Due>& due);
  base::Result<BatchResult> commit();
  std::vector<rules::ContactId> take_rejudge() { return std::move(rejudge_later_); }

 private:
  struct Working {
    rules::Contact contact;
    std::optional<Instant> wake_before;
    std::optional<Instant> wake;
    bool changed = false;
    std::vector<store::Standing> standing_before;
  };

  // What a contact had refused, to tell what is new.
  struct Refusals {
    std::map<std::string, rules::Consent, std::less<>> consents;
    std::optional<rules::Suppression> suppression;
  };

  // ---- batch_identity.cpp ----
  void take_event(const EventInput& input, Instant at);
  static Who met_by(const rules::Address& address);
  void log(rules::ContactId id, const rules::Event& event, Instant at);
  // The contact that the event is about: found, made, or two made one.
  rules::ContactId resolve(const Who& who, Instant at);
  rules::ContactId create(const Who& who, Instant at);
  void name(rules::ContactId id, const std::string& user_id);
  void add_anonymous(rules::ContactId id, const std::string& anonymous_id);
  void merge(rules::ContactId from, rules::ContactId into, Instant at);
  std::optional<rules::ContactId> find(store::IdentityKey::Kind kind,
                                       const std::string& value) const;
  void set_identity(store::IdentityKey::Kind kind, const std::string& value, rules::ContactId id);
  // The contact that has this id now; nullopt for one that does not exist.
  std::optional<rules::ContactId> known(rules::ContactId named) const;
  std::optional<rules::ContactId> find_holder(const rules::Address& address) const;
  rules::ContactId current(rules::ContactId id) const;

  // ---- engine.cpp ----
  void adopt(store::Loaded loaded);
  base::Result<void> load_named_delivery(const EngineInput& key, const rules::Input& input);
  bool is_repeat(const std::optional<store::DedupKey>& message_id);
  rules::Input with_delivery(const EngineInput& key, const rules::Input& input) const;
  // The properties of an event as they were understood, where they came otherwise.
  std::optional<cel::Value> advance(rules::ContactId id, const rules::Input& input, Instant at);
  void journal(const Refusals& before, const rules::Contact& contact, Instant at);
  void journal(const std::optional<rules::Suppression>& before, const rules::AddressState& state,
               rules::ContactId contact, Instant at);
  void collect(rules::Transition transition, const rules::Contact& contact);
  void notice(const rules::Delivery& delivery, const rules::Contact& contact);
  void rejudge_others();

  Engine& engine_;
  Instant now_;
  Timers timers_;
  store::Batch batch_;
  BatchResult result_;
  store::LoadRequest request_;
  std::vector<bool> known_messages_;
  std::size_t messages_judged_ = 0;  // of known_messages_
  // Of the batch's inputs: those that name a delivery, with what the store keeps of it.
  std::unordered_map<const EngineInput*, rules::Delivery> named_deliveries_;
  std::unordered_map<std::int64_t, Working> contacts_;
  std::map<std::string, rules::AddressState> addresses_;
  std::set<std::string> addresses_changed_;
  std::map<store::IdentityKey, rules::ContactId> identities_;
  std::set<store::IdentityKey> identities_changed_;
  std::unordered_map<std::int64_t, rules::ContactId> merged_;
  std::set<rules::ContactId> rejudge_now_;
  std::vector<rules::ContactId> rejudge_later_;
};

}  // namespace nurtured::daemon
