// Traits of a Segment message, read into the change that they make to a contact (CONTRACT section
// 6: known traits).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/cel/value.h"
#include "rules/event.h"

namespace nurtured::daemon {

// Trims blanks and asks for a plausible address: one @, a dot-atom or UTF-8 before it (64 bytes at
// most), a domain of labels after it, 254 bytes in all (RFC 5321 section 4.5.3.1 with RFC 5322's
// dot-atom and RFC 6531's UTF-8; quoted local parts and address literals are refused). Empty when
// it is none.
std::string plausible_email(std::string_view text);

// Adds what `traits` (a map; anything else is ignored) change: `email` and `channels` become
// addresses, `consent` consents of source "sdk", `timezone` and `locale` those of the contact,
// everything else an attribute, null removes. "channels.NAME" and "consent.NAME" are taken as the
// nested forms are. What cannot be used is left out and named in `problems`.
void apply_traits(const cel::Value& traits, rules::ContactChange& change,
                  std::vector<std::string>& problems);

}  // namespace nurtured::daemon
