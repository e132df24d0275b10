// Records as a running daemon writes them, for tests and the benchmark.
#pragma once

#include <string>

#include "store/types.h"

namespace nurtured::store::testing {

inline constexpr Instant sample_time = Instant{base::Milliseconds{1'772'350'200'000}};

// Enrolled in one playbook by one event and waiting two days, with an e-mail address, consent, a
// few attributes and a short history.
rules::Contact waiting_contact(ContactId id, Instant at = sample_time);
rules::AddressState address_of(const rules::Contact& contact);
rules::Event checklist_event(Instant at);
// What the event caused: start, touch, wait.
std::vector<rules::Decision> wait_decisions(Instant at);
// A first event of a new contact with all that follows from it.
void add_arrival(Batch& batch, ContactId id, Instant at);

rules::Delivery delivery_of(ContactId contact, const std::string& key, rules::DeliveryChange change,
                            Instant at = sample_time);

}  // namespace nurtured::store::testing
