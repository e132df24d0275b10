// Looks into an IMAP mailbox again and again, and hands in what has come: bounces, complaints and
// answers to what was sent. A mail that was handled is marked as read; all others stay as they are,
// unread and untouched, for the mailbox may be a person's own.
#pragma once

#include <chrono>
#include <memory>

#include "config/section.h"
#include "connectors/imap_session.h"
#include "connectors/inbox.h"

namespace nurtured::connectors {

struct InboxOptions {
  ImapOptions imap;
  std::chrono::milliseconds poll{60'000};  // from the end of one look to the next
};

// The longest pause, after many failures in a row.
inline constexpr std::chrono::milliseconds inbox_rest_max = std::chrono::minutes{30};

// Reads `inbox: {url, user, password, folder, tls, ca_file, poll}`. nullopt where it has faults.
std::optional<InboxOptions> read_inbox(config::Section section);

// A thread of its own: mail servers are slow. How far it came is kept as "UIDVALIDITY UID"
// (Intake::place); where nothing is kept, or the numbers have changed their meaning, it begins with
// what is unread.
class ImapPoller {
 public:
  ImapPoller(InboxOptions options, Intake intake);
  // Ends within moments, unless the intake blocks.
  ~ImapPoller();
  ImapPoller(const ImapPoller&) = delete;
  ImapPoller& operator=(const ImapPoller&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nurtured::connectors
