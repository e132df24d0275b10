// What an IMAP server sends (RFC 3501 section 7), cut into whole responses. Pure; not for several
// threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nurtured::connectors {

// Bounds on one response. A mailbox in which more mails wait than a line can list is refused.
inline constexpr std::size_t imap_line_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t imap_literal_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t imap_literals_max = 8;

struct ImapResponse {
  std::string tag;   // "*" untagged, "+" a request to go on, else a command's
  std::string text;  // what follows, without line ends; of each literal only its "{LENGTH}"
  std::vector<std::string> literals;  // in their order
  bool operator==(const ImapResponse&) const = default;
};

class ImapReader {
 public:
  void feed(std::string_view bytes) { waiting_.append(bytes); }
  // The next whole response; nullopt where more bytes are needed. `too_large` beyond the bounds,
  // `invalid` for what is no response; nothing more can be read then.
  base::Result<std::optional<ImapResponse>> next();

 private:
  std::string waiting_;
  ImapResponse partial_;
  std::size_t literal_left_ = 0;  // of the literal at the end of partial_
  std::size_t searched_ = 0;      // of waiting_, without a line end
  bool in_line_ = false;
};

// The numbers of "SEARCH 2 3 6"; nullopt where the text is something else.
std::optional<std::vector<std::uint32_t>> parse_imap_search(std::string_view text);
// The number in brackets: of "UIDVALIDITY" in "OK [UIDVALIDITY 3857529045] UIDs valid".
std::optional<std::uint32_t> imap_code_number(std::string_view text, std::string_view code);
// The number behind "UID" in "12 FETCH (UID 7 FLAGS ())".
std::optional<std::uint32_t> imap_fetched_uid(std::string_view text);
// A quoted string (RFC 3501 section 9).
std::string imap_quoted(std::string_view text);

}  // namespace nurtured::connectors
