// Mail that comes back: bounces and delivery reports (RFC 3464, qmail's QSBMF, and the plain texts
// of servers that write neither), complaints (ARF, RFC 5965) and people's answers. It reads and
// classifies; whether the mail may have any effect is decided by whoever can verify one of its
// tokens, for anybody may write a bounce. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/connector.h"

namespace nurtured::connectors {

// RFC 3464 section 2.3.3. Only `failed` is a bounce.
enum class ReportAction { failed, delayed, delivered, relayed, expanded };
std::string_view to_string(ReportAction action);

struct ReportedRecipient {
  std::string address;  // as reported, in lower case; may be empty
  ReportAction action = ReportAction::failed;
  std::string status;            // "5.1.1"; may be empty
  std::string diagnostic;        // the last server's words, cut to reason_bytes_max
  Blame blame = Blame::mailbox;  // of `failed`
  bool operator==(const ReportedRecipient&) const = default;
};

struct DeliveryReport {
  std::vector<ReportedRecipient> recipients;  // one at least
};

// "This is spam", by the receiver's provider. Reports of another type (`not-spam`, `auth-failure`)
// are no complaints.
struct Complaint {
  std::string feedback_type;  // "abuse"; RFC 5965 section 7.3
};

struct Reply {
  std::string subject;
  std::string text;  // what the person wrote: without what it quotes and without the signature
  // A machine's: an absence notice, a confirmation, a list (RFC 3834). Nobody has answered.
  bool is_automatic = false;
};

// Nothing of these, or not readable within the limits of connectors/mime_reader.h.
struct Other {};

struct InboundMail {
  std::variant<DeliveryReport, Complaint, Reply, Other> content = Other{};
  // Where one of our tokens may stand, the likeliest first: behind the "+" of the address it came
  // to, and the local parts of the Message-IDs that it returns or answers. Unverified; in lower
  // case.
  std::vector<std::string> tokens;
  std::string message_id;  // its own, without brackets; may be empty
};

inline constexpr std::size_t reply_text_bytes_max = 8192;
inline constexpr std::size_t subject_bytes_max = 500;
inline constexpr std::size_t tokens_max = 20;
inline constexpr std::size_t token_bytes_max = 128;
inline constexpr std::size_t reported_recipients_max = 50;

// The whole mail, or the first inbound_bytes_max of it, with any line ends.
InboundMail parse_inbound_mail(std::string_view bytes);

}  // namespace nurtured::connectors
