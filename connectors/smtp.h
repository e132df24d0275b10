// E-mail by SMTP (RFC 5321), submission (RFC 6409) or a relay nearby, through libcurl. Connections
// are kept and used again. A message whose final dot has been handed over and whose reply never
// came is uncertain; before that point it is certainly unsent.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dkim.h"
#include "connectors/imap_poller.h"
#include "connectors/mime.h"
#include "connectors/registry.h"

namespace nurtured::connectors {

enum class SmtpTls {
  none,      // in clear
  optional,  // STARTTLS where offered, whoever answers (RFC 7435)
  required,  // STARTTLS, or TLS from the first byte with smtps://, and a certificate that fits the
             // name
};

struct SmtpOptions {
  std::string url;  // smtp://HOST[:PORT] or smtps://HOST[:PORT]
  Mailbox from;
  std::string reply_to;       // empty: none
  std::string envelope_from;  // where bounces go; empty: the address of `from`
  // Likewise, each message's with a "+" and its Message-ID's token behind the local part (VERP), so
  // that a bounce tells which message it is of; empty: `envelope_from`.
  std::string bounce;
  std::string user;  // empty: no authentication
  config::Secret password;
  SmtpTls tls = SmtpTls::optional;
  std::string ca_file;  // certificates to trust instead of the system's; empty: the system's
  std::string helo;     // our name in EHLO; empty: the domain of `from`
  std::string list_id;  // "Name <list.example.org>"; empty: none
  std::chrono::milliseconds connect_time_max{30'000};
  std::chrono::milliseconds total_time_max{300'000};  // from send() to the outcome
  std::vector<DkimKey> dkim;          // each signs every mail; empty: none is signed here
  std::optional<InboxOptions> inbox;  // what comes back is looked for here
  Limits limits;
};

// bounces@example.org and a token: bounces+TOKEN@example.org. Just `bounce` where the local part
// would be longer than RFC 5321 allows.
std::string bounce_address(std::string_view bounce, std::string_view token);

const Descriptor& smtp_descriptor();
std::optional<SmtpOptions> read_smtp(config::Section& section);
std::unique_ptr<Connector> make_smtp(SmtpOptions options, const Environment& environment);

}  // namespace nurtured::connectors
