// What the engine takes: facts about contacts from every side (HTTP, CLI, dispatcher, timers), in
// the order of arrival. Plain values; made on any thread, consumed on the engine's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "rules/event.h"
#include "rules/transition.h"
#include "store/types.h"

namespace nurtured::daemon {

using base::Instant;

// Whom an event is about, as its sender knows them. Where none is set, it is about nobody: the
// event is written to the log, as a record of what could not be taken, and has no other effect.
struct Who {
  std::string user_id;
  std::string anonymous_id;
  std::string previous_id;  // `alias`: the id that becomes `user_id`
  // Whoever holds this address, where neither id is given: the contact who has had it longest. Who
  // is met for the first time gets an e-mail address as `user_id`, any other with its channel
  // before it as `anonymous_id`.
  std::optional<rules::Address> address = {};
  // Known by a signed link, beside `address`: who came by it. A contact who has the address and no
  // id of their own is folded into this one; one who has keeps it.
  rules::ContactId contact = {};
};

// An event of a contact who may not be known yet.
struct EventInput {
  Who who;
  rules::Event event;
  std::optional<store::DedupKey> message_id;
  // Set aside under this number and taken again by hand: the record of it goes. 0: like any other.
  std::int64_t set_aside = 0;
};

// Something about a contact that exists: a claim, an outcome, a command, a wake.
struct ContactInput {
  rules::ContactId contact;
  rules::Input input;
  std::optional<store::DedupKey> message_id = {};  // of what may be told twice
  std::int64_t set_aside = 0;                      // as of an event
};

// Something about whoever holds an address: an unsubscribe, a bounce.
struct AddressInput {
  rules::Address address;
  rules::Input input;
};

using EngineInput = std::variant<EventInput, ContactInput, AddressInput>;

struct Arrived {
  EngineInput input;
  Instant at;  // when it arrived; never goes back in the order of arrival
};

// The number under which the input was set aside; 0 unless it is taken again by hand.
std::int64_t set_aside_number(const EngineInput& input);

// The contact that a delivery's key belongs to; 0 for a key that is not ours.
rules::ContactId contact_of(std::string_view delivery_key);

}  // namespace nurtured::daemon
