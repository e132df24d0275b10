// Internal to http: a Response as the bytes in front of its body.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.h"
#include "http/reply.h"

namespace nurtured::http {

// "Sun, 22 Nov 2026 07:00:00 GMT", RFC 9110 section 5.6.7.
std::string to_http_date(base::Instant instant);

struct HeadContext {
  bool keep_alive = true;
  bool http_1_0 = false;
  std::string_view date;
};

// "Not Found" for 404.
std::string_view reason_of(int status);
// Whether a response with this status has a body at all (RFC 9110 section 6.4.1).
bool status_has_body(int status);
// False when the response's status or headers cannot be sent as they are.
bool is_sendable(const Response& response);
// Status line and headers with the blank line after them, appended to `out`. The response is
// sendable.
void write_head(std::string& out, const Response& response, const HeadContext& context);

}  // namespace nurtured::http
