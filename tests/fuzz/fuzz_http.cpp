// A connection's bytes through the request parser, cut where the first byte says, and what a
// handler does with the parts: forms, URLs, compressed bodies. However the bytes are cut, the
// requests must be the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/content_coding.h"
#include "http/request_parser.h"
#include "http/url.h"

using namespace nurtured::http;

namespace {

constexpr std::size_t body_bytes_max = 4096;

struct Taken {
  Request request;
  int refused = 0;
  bool complete = false;
};

// One request out of `input`, of which `step` more bytes arrive at a time.
Taken take(std::string_view input, std::size_t step) {
  Taken taken;
  RequestParser parser({.header_bytes_max = 2048, .header_count_max = 20});
  parser.reset();
  bool in_body = false;
  std::size_t consumed = 0;
  for (std::size_t arrived = 0; arrived < input.size() && taken.refused == 0 && !taken.complete;) {
    arrived = std::min(input.size(), arrived + step);
    Parsed parsed;
    if (!in_body) {
      parsed = parser.parse_header(input.substr(0, arrived), taken.request);
      in_body = parsed.complete;
      taken.complete = parsed.complete && !parser.has_body();
      consumed = parsed.consumed;
      taken.refused = parsed.refused;
    }
    if (in_body && !taken.complete) {
      parsed = parser.parse_body(input.substr(consumed, arrived - consumed), body_bytes_max);
      consumed += parsed.consumed;
      taken.complete = parsed.complete;
      taken.refused = parsed.refused;
    }
  }
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const Taken whole = take(input, input.size() + 1);
  const Taken pieces = take(input, data[0] % 16 + 1);
  if (whole.complete && (!pieces.complete || whole.request.target != pieces.request.target ||
                         whole.request.headers != pieces.request.headers ||
                         whole.request.body != pieces.request.body)) {
    std::abort();
  }
  static_cast<void>(parse_form(input));
  static_cast<void>(parse_url(input));
  static_cast<void>(decode_content(input, "deflate", body_bytes_max));
  static_cast<void>(decode_content(input, "gzip", body_bytes_max));
  return 0;
}
