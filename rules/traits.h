// What is said of a contact by name (a Segment message's traits, a `set` step's attributes), read
// into the change that it makes (CONTRACT section 6: known traits).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/cel/value.h"
#include "rules/event.h"

namespace nurtured::rules {

inline constexpr std::size_t trait_name_bytes_max = 200;
inline constexpr std::size_t channel_name_bytes_max = 40;
inline constexpr std::size_t address_bytes_max = 512;  // of any channel; e-mail has its own, 254
inline constexpr std::size_t timezone_bytes_max = 64;
inline constexpr std::size_t locale_bytes_max = 35;  // RFC 5646 section 4.4.1

// The address as it is kept: without surrounding blanks, ASCII letters in lower case, because an
// unsubscribe of Anna@example.org must hold for anna@example.org and no provider in use tells the
// two apart. A plausible address has a dot-atom of at most 64 bytes, one @ and a domain of labels,
// 254 bytes in all, UTF-8 in both parts (RFC 5321 section 4.5.3.1, RFC 5322 section 3.2.3, RFC
// 6531). Quoted local parts and address literals count as implausible: nullopt, as for anything
// else.
std::optional<std::string> normal_email(std::string_view text);

// A text without control characters (C0, DEL, C1) of 1 to `bytes_max` bytes. It is UTF-8 already.
bool is_plain_text(std::string_view text, std::size_t bytes_max);

// Adds what `traits` (a map; anything else is ignored) change: `email` and `channels` become
// addresses, `consent` consents of source "sdk", `timezone` and `locale` those of the contact,
// everything else an attribute. null removes; of a time zone, a locale and a consent there is
// nothing to remove, and null is passed over. "channels.NAME" and "consent.NAME" are taken as the
// nested forms are; a channel's address is a text, a whole number or {"address": …} or {"id": …}.
// What cannot be used is left out and named in `problems`.
void apply_traits(const cel::Value& traits, ContactChange& change,
                  std::vector<std::string>& problems);

}  // namespace nurtured::rules
