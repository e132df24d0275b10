#include "connectors/smtp_reply.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/encoding.h"
#include "connectors/mail_fields.h"
#include "connectors/refusal_words.h"

namespace nurtured::connectors {
namespace {

using namespace std::chrono_literals;

// Greylisting lets nothing through before some minutes have passed.
constexpr base::Milliseconds greylisting_pause = 5min;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "5.1.1 rest" -> the code, and `text` behind it.
std::optional<EnhancedCode> take_enhanced(std::string_view& text) {
  EnhancedCode code;
  const char* at = text.data();
  const char* const end = at + text.size();
  int* const parts[] = {&code.kind, &code.subject, &code.detail};
  for (int* part : parts) {
    if (at == end || !is_digit(*at)) return std::nullopt;
    const auto [stop, error] = std::from_chars(at, end, *part);
    if (error != std::errc() || stop - at > 3) return std::nullopt;
    at = stop;
    if (part == parts[2]) break;
    if (at == end || *at != '.') return std::nullopt;
    ++at;
  }
  if (at != end && *at != ' ') return std::nullopt;
  if (code.kind != 2 && code.kind != 4 && code.kind != 5) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  return code;
}

std::string code_of(const SmtpReply& reply) {
  std::string code = std::to_string(reply.code);
  if (reply.enhanced) {
    code += ' ' + std::to_string(reply.enhanced->kind) + '.' +
            std::to_string(reply.enhanced->subject) + '.' + std::to_string(reply.enhanced->detail);
  }
  return code;
}

std::string reason_of(const SmtpReply& reply) {
  return to_reason(reply.text.empty() ? code_of(reply) : code_of(reply) + ' ' + reply.text);
}

struct Fault {
  int subject;
  int detail;  // -1: any
  Blame blame;
};

// Permanent refusals by the enhanced code, the first that fits.
constexpr Fault permanent_faults[] = {
    {1, 1, Blame::address},         // no such mailbox
    {1, 2, Blame::address},         // no such domain
    {1, 3, Blame::address},         // no address at all
    {1, 6, Blame::address},         // moved, and nobody knows where
    {1, 10, Blame::address},        // the domain takes no mail (RFC 7505)
    {1, 7, Blame::configuration},   // our sender address is none
    {1, 8, Blame::configuration},   // our sender's domain is none
    {1, 0, Blame::address},         // some fault of the address
    {2, 1, Blame::address},         // disabled
    {2, 2, Blame::mailbox},         // full
    {2, 3, Blame::content},         // larger than the mailbox allows
    {2, -1, Blame::mailbox},        //
    {3, 4, Blame::content},         // larger than the system allows
    {4, 1, Blame::address},         // Exchange Online of addresses that its directory lacks
    {4, 4, Blame::address},         // unroutable
    {4, 6, Blame::configuration},   // a loop
    {4, 7, Blame::mailbox},         // delivery time expired
    {6, -1, Blame::content},        // conversion, media
    {7, 3, Blame::configuration},   // authentication, as the next ones
    {7, 8, Blame::configuration},   //
    {7, 9, Blame::configuration},   //
    {7, 11, Blame::configuration},  //
    {7, -1, Blame::policy},         // blocklists, reputation, SPF, DKIM, DMARC, reverse DNS
};

std::optional<Blame> blame_by_enhanced(const EnhancedCode& code) {
  for (const Fault& fault : permanent_faults) {
    if (fault.subject == code.subject && (fault.detail < 0 || fault.detail == code.detail)) {
      return fault.blame;
    }
  }
  return std::nullopt;
}

Blame blame_by_basic(int code, SmtpStage stage) {
  switch (code) {
    case 530:  // authentication required (RFC 4954), or STARTTLS (RFC 3207)
    case 534:
    case 535:
    case 538:
      return Blame::configuration;
    case 550:
    case 551:
    case 553:
      if (stage == SmtpStage::recipient) return Blame::address;
      break;
    case 552:
      if (stage == SmtpStage::recipient) return Blame::mailbox;
      break;
    case 554:
      if (stage == SmtpStage::recipient) return Blame::policy;
      break;
    default:
      break;
  }
  return Blame::content;
}

// The code and the words together. Words decide where the code is general, and where it is of a
// policy and they name a missing mailbox; against an address they only ever clear it.
Blame blame_of(const SmtpReply& reply, SmtpStage stage) {
  // "530 5.7.0" asks for a login (RFC 4954 section 6), whatever else 5.7.0 stands for.
  if (reply.code == 530) return Blame::configuration;
  std::optional<Blame> by_code;
  // X.0.0 says nothing more than the basic code does.
  if (reply.enhanced && reply.enhanced->subject != 0) by_code = blame_by_enhanced(*reply.enhanced);
  if (by_code == Blame::configuration || stage < SmtpStage::recipient) {
    return by_code.value_or(blame_by_basic(reply.code, stage));
  }
  const auto by_words = blame_by_words(reply.text);
  const bool is_definite =
      by_code == Blame::content || (by_code == Blame::mailbox && reply.enhanced->detail != 0);
  if (by_words && !is_definite) return *by_words;
  return by_code.value_or(blame_by_basic(reply.code, stage));
}

Deferred defer(const SmtpReply& reply, SmtpStage stage) {
  Deferred deferred{.reason = reason_of(reply)};
  const bool before_mail = stage < SmtpStage::sender;
  const bool by_policy = reply.enhanced && reply.enhanced->subject == 7;
  if (before_mail) {
    deferred.scope = Scope::connector;
  } else if (reply.code == 421 || by_policy) {
    // The server closes on us or slows us down: what else goes there would fare no better.
    deferred.scope = Scope::destination;
  } else if (!reply.enhanced && (reply.code == 450 || reply.code == 451 || reply.code == 452)) {
    deferred.retry_after = greylisting_pause;
  }
  return deferred;
}

}  // namespace

std::optional<SmtpReply> parse_smtp_reply(std::string_view lines) {
  lines = lines.substr(0, smtp_reply_bytes_max);
  SmtpReply reply;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
    if (line.size() < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2])) {
      return std::nullopt;
    }
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (code < 200 || code > 599 || (reply.code != 0 && code != reply.code)) return std::nullopt;
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-' && line[3] != '\r') return std::nullopt;
    reply.code = code;
    std::string_view text = base::trimmed(line.substr(std::min<std::size_t>(4, line.size())));
    if (const auto enhanced = take_enhanced(text); enhanced && !reply.enhanced) {
      reply.enhanced = enhanced;
    }
    text = base::trimmed(text);
    if (!reply.text.empty() && !text.empty()) reply.text += ' ';
    reply.text += text;
  }
  if (reply.code == 0) return std::nullopt;
  return reply;
}

Outcome classify(const SmtpReply& reply, SmtpStage stage) {
  if (reply.code < 500) return defer(reply, stage);
  Blame decided = blame_of(reply, stage);
  // The only address that MAIL has named is ours.
  if (stage == SmtpStage::sender && decided == Blame::address) decided = Blame::configuration;
  const bool before_mail = stage < SmtpStage::sender;
  const bool is_login = stage == SmtpStage::authentication || stage == SmtpStage::tls ||
                        decided == Blame::configuration;
  if (before_mail && !is_login) {
    // The server wants nothing of us at all, so it has not refused this message.
    return Deferred{.reason = reason_of(reply), .scope = Scope::connector};
  }
  return Rejected{reason_of(reply), code_of(reply), before_mail ? Blame::configuration : decided};
}

Blame blame_of_report(std::string_view status, std::string_view diagnostic, SmtpStage stage) {
  std::string_view rest = base::trimmed(status);
  const auto reported = take_enhanced(rest);
  SmtpReply reply = parse_smtp_reply(diagnostic).value_or(SmtpReply{});
  if (reply.text.empty()) reply.text = base::trimmed(diagnostic);
  const bool is_general = !reply.enhanced || reply.enhanced->subject == 0;
  if (is_general && reported) reply.enhanced = reported;
  if (reply.code < 400) reply.code = reported && reported->kind == 4 ? 450 : 550;
  // A server that gave up on what it took for a passing fault says nothing for good.
  const bool gave_up = reply.code < 500 || (reported && reported->kind == 4);
  const Blame blame = blame_of(reply, stage);
  return gave_up && blame == Blame::address ? Blame::mailbox : blame;
}

}  // namespace nurtured::connectors
