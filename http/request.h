// What a client asked of our server, read completely and checked: a handler never sees half a
// request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.h"
#include "http/headers.h"
#include "http/url.h"

namespace nurtured::http {

// Who is at the other end of a Unix socket, as the kernel tells (SO_PEERCRED of unix(7)).
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(const PeerCredentials&) const = default;
};

struct Request {
  std::string method;  // as sent, case-sensitive: "GET"
  // In origin form ("/path?query") or "*"; the scheme and authority of an absolute form are cut
  // off.
  std::string target;
  Headers headers;
  // Without the transfer coding, and without the content coding unless ServerOptions says
  // otherwise.
  std::string body;
  // The client's IP address as text; behind a trusted proxy the one that the proxy names. Empty on
  // a Unix socket.
  std::string remote_address;
  std::optional<PeerCredentials> peer;  // on Unix sockets

  // The target up to "?", percent-encoded as it was sent. Begins with "/" but for "*".
  std::string_view path() const;
  // What follows "?", undecoded; empty where there is none.
  std::string_view query_text() const;
  // The query's pairs, decoded anew at each call.
  base::Result<Parameters> query() const { return parse_form(query_text()); }
};

}  // namespace nurtured::http
