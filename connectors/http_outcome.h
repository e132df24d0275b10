// From HTTP's words to an outcome: what connectors to HTTP services share. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "connectors/connector.h"
#include "http/client.h"

namespace nurtured::connectors {

// A Retry-After header: seconds, or a date of RFC 9110 section 5.6.7. Within 0 and retry_after_max;
// nullopt for anything else.
std::optional<base::Milliseconds> parse_retry_after(std::string_view text, base::Instant now);
std::optional<base::Milliseconds> retry_after_of(const http::HttpResponse& response,
                                                 base::Instant now);

// A request that brought no whole answer. Where the receiver honours our key, or the request had
// not left completely, it is deferred; else it is uncertain.
Outcome outcome_of_failure(const http::HttpFailure& failure, bool honours_key);

}  // namespace nurtured::connectors
