// What an SMTP server's refusal means: RFC 5321 section 4.2 for the basic code, RFC 3463 for the
// enhanced one, docs of large providers for their habits. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/connector.h"

namespace nurtured::connectors {

// "5.1.1": class, subject, detail.
struct EnhancedCode {
  int kind = 0;
  int subject = 0;
  int detail = 0;
  auto operator<=>(const EnhancedCode&) const = default;
};

struct SmtpReply {
  int code = 0;
  std::optional<EnhancedCode> enhanced;
  std::string text;  // without the codes, lines joined by blanks
  bool operator==(const SmtpReply&) const = default;
};

// What the reply answers.
enum class SmtpStage { greeting, hello, tls, authentication, sender, recipient, data, content };

// Whole replies longer than this are cut: RFC 5321 section 4.5.3.1.5 has 512 for a line.
inline constexpr std::size_t smtp_reply_bytes_max = 4096;

// The lines of one reply, "250-first\r\n250 last\r\n". nullopt when that is no reply.
std::optional<SmtpReply> parse_smtp_reply(std::string_view lines);

// For a reply of 400 to 599. The basic code's first digit decides between another try and none, the
// enhanced code and the words (connectors/refusal_words.h) tell whose fault it is; where their
// classes differ the basic one is right.
Outcome classify(const SmtpReply& reply, SmtpStage stage);

// The same for a refusal that another server reports later (RFC 3464): its `Status`, and of its
// `Diagnostic-Code` what stands behind the type. `stage` is `content` where it is not known, since
// then a refusal without a code may be of the message.
Blame blame_of_report(std::string_view status, std::string_view diagnostic, SmtpStage stage);

}  // namespace nurtured::connectors
