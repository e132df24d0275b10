// Who asks for a link of a message, as far as the request itself tells: a person, or a program that
// looks before or instead of one (mail scanners, previews of messengers, prefetching browsers,
// proxies that load pictures by themselves). What they give away by their timing is judged in
// rules/visits.cpp. Pure.
#pragma once

#include <string_view>

#include "http/headers.h"
#include "rules/transition.h"

namespace nurtured::daemon {

// Why this is no person's visit, in words for the event; empty where nothing says so.
//
// A picture that a mailbox provider's proxy fetches when its user opens the mail (Gmail, Yahoo)
// still tells of an opening; one that Apple's Mail Privacy Protection fetches does not, since that
// loads every picture of every mail.
std::string_view machine_reason(const http::Headers& headers, rules::VisitKind kind);

}  // namespace nurtured::daemon
