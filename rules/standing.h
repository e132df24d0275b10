// What holds of a contact without an event: when a start by date or schedule next falls due.
#pragma once

#include <optional>
#include <string_view>

#include "rules/book.h"
#include "rules/contact.h"

namespace nurtured::rules {

// The first moment after `after` at which `start` is to begin for the contact; nullopt where there
// is none: the date is not known or past, the contact is not in the segment. `now` is what the
// conditions are judged at.
std::optional<Instant> next_start(const Book& book, const Contact& contact, const TimedStart& start,
                                  Instant after, Instant now);

// Whether it is a date that a start can go by: a moment, 1990-05-17, or --05-17.
bool is_date(const cel::Value& value);

// Whether the contact is in the segment at `now`; an error counts as no, and so does a segment that
// there is none of.
bool is_in_segment(const Book& book, const Contact& contact, std::string_view segment, Instant now);

}  // namespace nurtured::rules
