// A mail that came in, as far as nurtured looks at it: its headers and its parts in order, decoded
// and flattened. GMime reads; the limits are ours, since anybody may write to a mailbox. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/mail_fields.h"

namespace nurtured::connectors {

// What stands behind the first half megabyte is not looked at: reports and answers come before what
// they quote or attach.
inline constexpr std::size_t inbound_bytes_max = 512 << 10;
// Lines that may open a part. A mail with more is not read: each part costs memory.
inline constexpr std::size_t boundary_lines_max = 5000;
// Headers that look like those of a mail within the mail. A mail with more is not read: GMime
// follows them one inside the other.
inline constexpr std::size_t message_parts_max = 50;
inline constexpr std::size_t parts_max = 200;
inline constexpr std::size_t parts_depth_max = 20;

struct InboundPart {
  std::string type;  // "text/plain", in lower case
  // Of a text its UTF-8, of a mail within the mail (message/rfc822) its headers alone, of anything
  // else its bytes.
  std::string text;
};

struct ReadMail {
  MailFields headers;       // values decoded to UTF-8
  std::string type;         // of the whole: "multipart/report"
  std::string report_type;  // of a multipart/report (RFC 6522): "delivery-status"
  std::vector<InboundPart> parts;
};

// nullopt when it is beyond the limits above or holds no header at all.
std::optional<ReadMail> read_mail(std::string_view bytes);

}  // namespace nurtured::connectors
