#include "connectors/inbound_mail.h"

#include <algorithm>
#include <utility>

#include "connectors/inbound_parts.h"

namespace nurtured::connectors {
namespace {

// Prose is searched for our Message-ID so far.
constexpr std::size_t quoted_bytes_max = 64 << 10;

// Base32 as base/encoding.h writes it, which survives servers that fold case.
bool may_be_token(std::string_view text) {
  return text.size() >= 16 && text.size() <= token_bytes_max &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
         });
}

class Tokens {
 public:
  void add(std::string_view text) {
    if (!may_be_token(text) || found_.size() >= tokens_max) return;
    std::string token = ascii_lower(text);
    if (std::ranges::find(found_, token) == found_.end()) found_.push_back(std::move(token));
  }

  // Of each address or Message-ID in the text: what stands before the "@", and of it what stands
  // behind the "+".
  void add_from_addresses(std::string_view text) {
    constexpr std::string_view ends = " \t\r\n<>\"'(),;:[]=";
    for (std::size_t at = text.find('@');
         at != std::string_view::npos && found_.size() < tokens_max; at = text.find('@', at + 1)) {
      const std::string_view before =
          text.substr(at - std::min(at, token_bytes_max + 64), std::min(at, token_bytes_max + 64));
      const std::size_t end = before.find_last_of(ends);
      const std::string_view local =
          end == std::string_view::npos ? before : before.substr(end + 1);
      add(local);
      if (const std::size_t plus = local.rfind('+'); plus != std::string_view::npos) {
        add(local.substr(plus + 1));
      }
    }
  }

  void add_from_fields(const MailFields& fields, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      for (const MailField& field : fields.fields) {
        if (field.name == name) add_from_addresses(field.value);
      }
    }
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

bool holds_headers(std::string_view type) {
  return type == "message/rfc822" || type == "message/global" || type == "text/rfc822-headers" ||
         type == "message/global-headers" || type == "message/rfc822-headers";
}

// The address that the mail came to, as the last server wrote it down.
void add_recipients(const ReadMail& mail, Tokens& tokens) {
  tokens.add_from_fields(mail.headers, {"x-original-to", "delivered-to", "envelope-to",
                                        "x-envelope-to", "x-rcpt-to", "x-delivered-to", "to"});
}

// Whatever the report gives back of our mail.
void add_returned(const ReadMail& mail, Tokens& tokens) {
  for (const InboundPart& part : mail.parts) {
    if (holds_headers(part.type)) {
      for (const MailFields& group : parse_fields(part.text)) {
        tokens.add_from_fields(group, {"message-id", "return-path"});
        break;  // what follows the headers is the mail's text
      }
    } else if (part.type == "message/feedback-report") {
      for (const MailFields& group : parse_fields(part.text)) {
        tokens.add_from_fields(group, {"original-mail-from"});
      }
    }
  }
}

// A notice in prose quotes our headers.
void add_quoted(const ReadMail& mail, Tokens& tokens) {
  const std::string text = text_of(mail).substr(0, quoted_bytes_max);
  for (const MailFields& group : parse_fields(text)) {
    tokens.add_from_fields(group, {"message-id", "return-path"});
  }
}

void add_answered(const ReadMail& mail, Tokens& tokens) {
  tokens.add_from_fields(mail.headers, {"in-reply-to"});
  // RFC 5322 section 3.6.4: the last one is the message answered.
  std::string_view rest = mail.headers.value("references");
  while (!rest.empty()) {
    const std::size_t blank = rest.find_last_of(" \t");
    tokens.add_from_addresses(blank == std::string_view::npos ? rest : rest.substr(blank + 1));
    rest = blank == std::string_view::npos ? std::string_view() : rest.substr(0, blank);
  }
}

std::string message_id_of(const ReadMail& mail) {
  std::string_view id = mail.headers.value("message-id");
  if (id.starts_with('<')) id.remove_prefix(1);
  return std::string(id.substr(0, id.find('>')).substr(0, 998));
}

}  // namespace

InboundMail parse_inbound_mail(std::string_view bytes) {
  InboundMail result;
  const auto mail = read_mail(bytes);
  if (!mail) return result;
  result.message_id = message_id_of(*mail);
  Tokens tokens;
  add_recipients(*mail, tokens);
  if (is_feedback_report(*mail)) {
    add_returned(*mail, tokens);
    if (auto complaint = read_complaint(*mail)) result.content = *std::move(complaint);
  } else if (auto report = read_delivery_report(*mail)) {
    add_returned(*mail, tokens);
    add_quoted(*mail, tokens);
    result.content = *std::move(report);
  } else if (auto notice = read_notice(*mail)) {
    add_returned(*mail, tokens);
    add_quoted(*mail, tokens);
    result.content = *std::move(notice);
  } else {
    add_answered(*mail, tokens);
    result.content = read_reply(*mail);
  }
  result.tokens = tokens.take();
  return result;
}

}  // namespace nurtured::connectors
