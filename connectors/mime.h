// An e-mail as RFC 5322 and MIME write it: UTF-8 headers by RFC 2047, lines folded and ended by
// CRLF, and the same bytes for the same mail. GMime writes what takes care (addresses with names,
// encoded words, attachments); the rest is the same for every mail and is put down as it stands,
// which takes a seventh of the time. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "connectors/connector.h"

namespace nurtured::connectors {

// "Anna <anna@example.org>" or "anna@example.org".
struct Mailbox {
  std::string name;
  std::string address;  // ASCII; an international domain in its xn-- form
  bool operator==(const Mailbox&) const = default;
};

inline constexpr std::size_t mailbox_bytes_max = 998;
// RFC 5321 section 4.5.3.1: local part, domain, and both with the path's brackets.
inline constexpr std::size_t local_part_bytes_max = 64;
inline constexpr std::size_t domain_bytes_max = 255;
inline constexpr std::size_t address_bytes_max = 254;

// One mailbox, no group, no list. `invalid` for anything else, and for addresses with control
// characters, quotes or a local part past ASCII (which would need SMTPUTF8 all the way to the
// receiver).
base::Result<Mailbox> parse_mailbox(std::string_view text);
// Letters, digits, hyphens and dots as RFC 5321 has a domain.
bool is_domain_name(std::string_view text);
// What follows the "@".
std::string_view domain_of(std::string_view address);

struct Mail {
  Mailbox from;
  Mailbox to;
  std::string reply_to;  // empty: none; a mailbox as text
  std::string subject;
  base::Instant date{};
  std::string message_id;        // without angle brackets
  std::string list_id;           // "Name <list.example.org>" or "list.example.org"; empty: none
  std::string list_unsubscribe;  // URL; empty: none
  bool list_unsubscribe_post = false;  // RFC 8058
  std::string feedback_id;             // empty: none
  bool auto_submitted = false;         // RFC 3834: a transaction's notice
  std::string text;                    // plain, UTF-8
  std::string html;                    // empty: none
  std::vector<Attachment> attachments;
};

// The whole message, from the first header to the last line's CRLF; without Bcc or Return-Path.
// `invalid` when a header's text holds CR, LF or NUL or is no UTF-8: such text is refused and never
// mended, for it comes from an attack or a mistake.
base::Result<std::string> build_mime(const Mail& mail);

}  // namespace nurtured::connectors
