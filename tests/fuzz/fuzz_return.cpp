// What comes back from outside: tokens of links, bodies of forms in every encoding, user agents.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/hooks.h"
#include "daemon/links.h"
#include "daemon/visitor.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

void read_as(const char* type, std::string_view body) {
  http::Request request{.method = "POST", .target = "/hooks/a", .headers = {}};
  request.headers.add("Content-Type", type);
  request.body = std::string(body);
  static_cast<void>(read_hook_body(request));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static const LinkSigner signer({config::Secret("a key that nobody knows")});
  for (const LinkPurpose purpose : {LinkPurpose::unsubscribe, LinkPurpose::click}) {
    // No input makes a token: the key is not in it.
    if (signer.verify(input, purpose) || signer.verify_visit(input, purpose)) std::abort();
  }
  read_as("application/json", input);
  read_as("application/x-www-form-urlencoded", input);
  read_as("multipart/form-data; boundary=b", input);
  const std::size_t line = input.find('\n');
  if (line != std::string_view::npos) {
    read_as(std::string("multipart/form-data; ").append(input.substr(0, line)).c_str(),
            input.substr(line + 1));
  }
  http::Headers headers;
  headers.add("User-Agent", input);
  static_cast<void>(machine_reason(headers, rules::VisitKind::open));
  return 0;
}
