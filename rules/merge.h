// Two records of one person become one: an anonymous visitor who then says who they are, or
// `alias`. Pure.
#pragma once

#include "rules/contact.h"

namespace nurtured::rules {

// True when `from` can be folded now. A message of it that is with the dispatcher or on the wire is
// known there under its own key, so the merge waits for the next input that names both.
bool may_merge(const Contact& from);

// `into` with all that `from` had: where both say something, `into` wins; histories, touches and
// ledgers are added; enrollments move over unless `into` is in the same playbook (and key) already.
// Holders of addresses are moved too.
Contact merged(Contact into, const Contact& from, std::vector<AddressState>& addresses);

}  // namespace nurtured::rules
