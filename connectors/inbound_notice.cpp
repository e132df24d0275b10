// Bounces without RFC 3464's form. qmail writes QSBMF (cr.yp.to/proto/qsbmf.txt); Exim and Gmail
// name the address in X-Failed-Recipients; Exchange before 2000 and smaller servers write prose.
#include <algorithm>

#include "base/encoding.h"
#include "connectors/inbound_parts.h"
#include "connectors/refusal_words.h"

namespace nurtured::connectors {
namespace {

// Prose is looked at so far: what follows are the headers and the body of our own mail.
constexpr std::size_t notice_bytes_max = 16 << 10;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "5.1.1" at the start of `text`, and nothing of a longer number or an address.
std::string_view status_at(std::string_view text) {
  std::size_t at = 0;
  if (text.empty() || (text[0] != '4' && text[0] != '5')) return {};
  for (int part = 0; part < 3; ++part) {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == begin || at - begin > 3 || (part == 0 && at - begin > 1)) return {};
    if (part == 2) break;
    if (at >= text.size() || text[at] != '.') return {};
    ++at;
  }
  if (at < text.size() && (is_digit(text[at]) || text[at] == '.')) return {};
  return text.substr(0, at);
}

// The first enhanced code of the text.
std::string_view status_in(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts = at == 0 || (!is_digit(text[at - 1]) && text[at - 1] != '.');
    if (!starts) continue;
    if (const auto status = status_at(text.substr(at)); !status.empty()) return status;
  }
  return {};
}

// From the first three-digit code of a refusal to the end of its line: "550 5.1.1 no such user".
std::string_view reply_in(std::string_view text) {
  for (std::size_t at = 0; at + 3 < text.size(); ++at) {
    if (text[at] != '4' && text[at] != '5') continue;
    const bool starts = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n' ||
                        text[at - 1] == ':' || text[at - 1] == '(' || text[at - 1] == '\'' ||
                        text[at - 1] == '"' || text[at - 1] == '#' || text[at - 1] == '\t';
    if (!starts || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) continue;
    if (text[at + 3] != ' ' && text[at + 3] != '-') continue;
    if (text[at + 1] > '5') continue;
    const std::string_view rest = text.substr(at);
    return base::trimmed(rest.substr(0, rest.find('\n')));
  }
  return {};
}

ReportedRecipient recipient_of(std::string_view address, std::string_view words) {
  const std::string_view status = status_in(words);
  const std::string_view reply = reply_in(words);
  // The reply carries the code, the words around it often the reason.
  std::string diagnostic(reply);
  if (diagnostic.empty()) diagnostic = base::trimmed(words);
  ReportedRecipient recipient{.address = ascii_lower(base::trimmed(address).substr(0, 320)),
                              .action = ReportAction::failed,
                              .status = std::string(status),
                              .diagnostic = to_reason(diagnostic)};
  const bool says_nothing = status.empty() && reply.empty() && !blame_by_words(words);
  // Nothing certain: a soft bounce, for a person must not be lost to a guess.
  recipient.blame = says_nothing
                        ? Blame::mailbox
                        : blame_of_report(status, reply.empty() ? words : reply, stage_in(words));
  if (recipient.blame == Blame::content && says_nothing) recipient.blame = Blame::mailbox;
  return recipient;
}

// ---- QSBMF: paragraphs; the first opens with "Hi. This is", one that opens with "<" tells of a
// recipient, one that opens with "-" ends the report.
std::optional<DeliveryReport> read_qsbmf(std::string_view text) {
  text = text.substr(0, notice_bytes_max);
  if (!base::trimmed(text).starts_with("Hi. This is")) return std::nullopt;
  DeliveryReport report;
  std::string paragraph;
  const auto end_paragraph = [&] {
    const std::size_t colon = paragraph.find(">:");
    if (paragraph.starts_with('<') && colon != std::string::npos &&
        report.recipients.size() < reported_recipients_max) {
      report.recipients.push_back(recipient_of(std::string_view(paragraph).substr(1, colon - 1),
                                               std::string_view(paragraph).substr(colon + 2)));
    }
    paragraph.clear();
  };
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (base::trimmed(line).empty()) {
      end_paragraph();
      continue;
    }
    if (paragraph.empty() && line.starts_with('-')) break;
    paragraph.append(line).append("\n");
  }
  end_paragraph();
  if (report.recipients.empty()) return std::nullopt;
  return report;
}

bool is_from_mail_system(const ReadMail& mail) {
  const std::string from = ascii_lower(mail.headers.value("from"));
  for (const std::string_view name :
       {"mailer-daemon", "mailerdaemon", "postmaster@", "mail-daemon", "maildaemon"}) {
    if (from.find(name) != std::string::npos) return true;
  }
  return false;
}

bool has_bounce_subject(const ReadMail& mail) {
  const std::string subject = ascii_lower(mail.headers.value("subject"));
  for (const std::string_view words :
       {"undeliver", "failure notice", "delivery fail", "delivery status", "delivery notif",
        "delivery has failed", "returned mail", "mail delivery", "non-delivery", "nondeliver",
        "delivery unsuccessful", "не доставлено", "Не доставлено", "недоставлен", "Недоставлен",
        "退信", "系统退信"}) {
    if (subject.find(words) != std::string::npos) return true;
  }
  return false;
}

// Our own mail begins here.
std::string_view without_original(std::string_view text) {
  std::size_t end = std::min(text.size(), notice_bytes_max);
  for (const std::string_view mark :
       {"This is a copy of the message", "----- Original message", "-----Original Message",
        "--- Below this line", "----- The following is", "Received: from", "Return-Path:",
        "Original message headers", "Original message follows", "---------- Forwarded"}) {
    end = std::min(end, text.find(mark));
  }
  return text.substr(0, end);
}

std::string first_address_in(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return {};
  constexpr std::string_view ends = " \t\r\n<>\"'(),;:[]";
  const std::size_t before = text.find_last_of(ends, at);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t after = text.find_first_of(ends, at);
  std::string_view address =
      text.substr(begin, after == std::string_view::npos ? after : after - begin);
  while (address.ends_with('.')) address.remove_suffix(1);  // the end of a sentence
  return std::string(address);
}

}  // namespace

SmtpStage stage_in(std::string_view text) {
  const std::string lower = ascii_lower(text.substr(0, notice_bytes_max));
  for (const std::string_view words : {"end of data", "after end of data", "to data command"}) {
    if (lower.find(words) != std::string::npos) return SmtpStage::content;
  }
  for (const std::string_view words : {"in reply to rcpt to", "after rcpt to", "rcpt to:<"}) {
    if (lower.find(words) != std::string::npos) return SmtpStage::recipient;
  }
  return SmtpStage::content;
}

std::optional<DeliveryReport> read_notice(const ReadMail& mail) {
  const std::string text = text_of(mail);
  if (auto report = read_qsbmf(text)) return report;
  const std::string_view failed = mail.headers.value("x-failed-recipients");
  // A mail system's name alone also stands on absence notices and on what an operator writes.
  if (failed.empty() && !(is_from_mail_system(mail) && has_bounce_subject(mail))) {
    return std::nullopt;
  }
  const std::string_view words = without_original(text);
  const bool is_delay =
      ascii_lower(words).find("you do not need to resend") != std::string::npos ||
      ascii_lower(words).find("will continue to be made to deliver") != std::string::npos ||
      ascii_lower(mail.headers.value("subject")).find("delay") != std::string::npos;
  const std::string address(failed.empty() ? std::string_view()
                                           : failed.substr(0, failed.find(',')));
  ReportedRecipient recipient =
      recipient_of(address.empty() ? first_address_in(words) : address, words);
  if (is_delay) recipient.action = ReportAction::delayed;
  return DeliveryReport{{std::move(recipient)}};
}

}  // namespace nurtured::connectors
