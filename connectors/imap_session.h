// A conversation with an IMAP server (RFC 3501): libcurl makes the connection, its TLS and the
// login; the commands are said here, since libcurl's own FETCH marks every mail that it looks at as
// read. Blocks, each wait within a deadline; any thread, one at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/section.h"

namespace nurtured::connectors {

enum class ImapTls {
  none,      // in clear
  required,  // STARTTLS, or TLS from the first byte with imaps://, and a certificate that fits
};

struct ImapOptions {
  std::string url;  // imap://HOST[:PORT] or imaps://HOST[:PORT]
  std::string user;
  config::Secret password;
  std::string folder = "INBOX";  // ASCII; another's name as the server writes it
  ImapTls tls = ImapTls::required;
  std::string ca_file;                                // empty: the system's certificates
  std::chrono::milliseconds answer_time_max{60'000};  // for the connection, and for each answer
};

struct ImapFolder {
  std::uint32_t uid_validity = 0;  // UIDs mean something else once this differs
  std::uint32_t uid_next = 0;      // the next mail's; 0 where the server does not say
};

class ImapSession {
 public:
  // Connects and logs in. `denied` where the login or the certificate is refused, `unavailable` for
  // all else. What blocks ends soon after `stop` has become true, as `unavailable`.
  static base::Result<ImapSession> open(const ImapOptions& options, const std::atomic<bool>& stop);
  ~ImapSession();
  ImapSession(ImapSession&&) noexcept;
  ImapSession& operator=(ImapSession&&) = delete;

  // For reading and marking. `not_found` where there is no such folder.
  base::Result<ImapFolder> select();
  // The UIDs of the mails past `uid`, ascending.
  base::Result<std::vector<std::uint32_t>> after(std::uint32_t uid);
  // The UIDs of the mails that nobody has read, ascending.
  base::Result<std::vector<std::uint32_t>> unread();
  // The first `bytes_max` bytes; the mail stays unread. Empty where it is gone.
  base::Result<std::string> fetch(std::uint32_t uid, std::size_t bytes_max);
  base::Result<void> mark_read(std::uint32_t uid);

 private:
  class Impl;
  explicit ImapSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nurtured::connectors
