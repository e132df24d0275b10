// Records with every member drawn at random, for properties: what was written reads back equal.
#pragma once

#include "base/random.h"
#include "rules/contact.h"
#include "rules/event.h"
#include "rules/transition.h"
#include "store/types.h"

namespace nurtured::store::testing {

cel::Value random_value(base::Random& random, int depth = 3);
rules::Contact random_contact(base::Random& random, ContactId id);
rules::AddressState random_address_state(base::Random& random);
rules::Event random_event(base::Random& random);
rules::Decision random_decision(base::Random& random);
rules::Delivery random_delivery(base::Random& random);

// Equal, and of the same kinds all the way down: for Value, 1 and 1.0 are equal.
bool same(const cel::Value& left, const cel::Value& right);

}  // namespace nurtured::store::testing
