// Answers: who wrote them, a person or a machine, and what they wrote themselves.
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "connectors/inbound_parts.h"
#include "content/html_context.h"

namespace nurtured::connectors {
namespace {

// Longer lines are prose without breaks and no line that introduces a quotation.
constexpr std::size_t attribution_bytes_max = 300;
// HTML is several times the text it shows.
constexpr std::size_t html_bytes_max = 256 << 10;

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// "16:48", wherever it stands.
bool has_clock_time(std::string_view line) {
  const auto digit = [&](std::size_t at) {
    return at < line.size() && line[at] >= '0' && line[at] <= '9';
  };
  for (std::size_t at = line.find(':'); at != std::string_view::npos; at = line.find(':', at + 1)) {
    if (at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 2)) return true;
  }
  return false;
}

// How mail programs introduce a quotation at the end of a line, in lower case where the language
// has it.
bool is_attribution(std::string_view line) {
  line = base::trimmed(line);
  if (line.size() > attribution_bytes_max || line.empty()) return false;
  const std::string lower = ascii_lower(line);
  const bool ends_colon = line.ends_with(':') || line.ends_with("：");
  if (ends_colon && contains_any(lower, {" wrote:", "schrieb:", "a écrit", "escribió:", "пишет:",
                                         "написал:", "написала:", "написал(а):", "писал(а):",
                                         "написав:", "写道", "寫道", "撰写"})) {
    return true;
  }
  // Gmail in Russian and Yandex name the moment and the writer, and no verb.
  const std::size_t mailbox = line.rfind('<');
  if (line.ends_with(">:") && mailbox != std::string_view::npos && has_clock_time(line) &&
      line.find('@', mailbox) != std::string_view::npos) {
    return true;
  }
  return contains_any(lower, {"-----original message-----", "----- original message -----",
                              "-----исходное сообщение-----", "-----Исходное сообщение-----",
                              "--------Исходное сообщение", "-------- Исходное сообщение",
                              "-------- Пересылаемое сообщение", "-----原始邮件-----", "原始邮件 -",
                              "- 原始邮件", "---------- forwarded message"});
}

// Outlook sets no marks: a rule of underscores, or the headers of what it quotes.
bool is_outlook_header(std::string_view line, std::string_view next) {
  line = base::trimmed(line);
  next = base::trimmed(next);
  if (line.size() >= 20 && line.find_first_not_of('_') == std::string_view::npos) return true;
  const auto starts = [](std::string_view text, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words,
                               [&](std::string_view word) { return text.starts_with(word); });
  };
  return starts(line, {"From: ", "От: ", "发件人:", "发件人："}) &&
         starts(next, {"Sent: ", "Date: ", "Отправлено: ", "Дата: ", "To: ", "Кому: ", "发送时间",
                       "日期"});
}

struct Line {
  std::string_view text;
  std::string_view next;
};

// How many lines introduce a quotation; 0 where none does. An attribution may be broken over two:
// "On Monday, Anna\n<anna@example.org> wrote:".
std::size_t attribution_lines(const Line& line) {
  if (is_attribution(line.text) || is_outlook_header(line.text, line.next)) return 1;
  const std::string_view start = base::trimmed(line.text);
  const bool may_go_on = start.starts_with("On ") || start.starts_with("Am ") ||
                         start.starts_with("Le ") || start.starts_with("El ") ||
                         start.starts_with("В ") || start.starts_with("在") ||
                         has_clock_time(start);
  const bool goes_on =
      may_go_on && !base::trimmed(line.next).empty() &&
      is_attribution(std::string(start) + " " + std::string(base::trimmed(line.next)));
  return goes_on ? 2 : 0;
}

// RFC 3676 section 4.3, with or without its blank.
bool is_signature(std::string_view line) {
  return line == "-- " || line == "--";
}

// How absence notices begin. "Re:" stands before what a person answers to one.
bool has_absence_subject(std::string_view subject) {
  const std::string lower = ascii_lower(base::trimmed(subject));
  static constexpr std::array<std::string_view, 15> begins = {
      "automatic reply",   "auto reply:",   "auto-reply", "autoreply",   "out of office",
      "out of the office", "auto response", "Автоответ",  "автоответ",   "Автоматический ответ",
      "自动回复",          "自動回覆",      "自动答复",   "abwesenheit", "réponse automatique"};
  return std::ranges::any_of(begins,
                             [&](std::string_view begin) { return lower.starts_with(begin); });
}

const InboundPart* part_of(const ReadMail& mail, std::string_view type) {
  const auto found = std::ranges::find(mail.parts, type, &InboundPart::type);
  return found == mail.parts.end() ? nullptr : &*found;
}

// What HTML quotes leaves a mark of plain text in its place: an answer may stand below it.
std::string without_blockquotes(std::string_view html) {
  constexpr std::string_view begin = "<blockquote";
  constexpr std::string_view end = "</blockquote";
  const std::string lower = ascii_lower(html);
  std::string kept;
  std::size_t depth = 0;
  std::size_t kept_until = 0;
  for (std::size_t at = lower.find('<'); at != std::string::npos; at = lower.find('<', at + 1)) {
    const bool opens = lower.compare(at, begin.size(), begin) == 0;
    const bool closes = lower.compare(at, end.size(), end) == 0;
    if (opens && depth == 0) {
      kept.append(html.substr(kept_until, at - kept_until)).append("<br>&gt;<br>");
    }
    if (opens) ++depth;
    if (!closes || depth == 0) continue;
    --depth;
    if (depth > 0) continue;
    const std::size_t after = lower.find('>', at);
    kept_until = after == std::string::npos ? html.size() : after + 1;
  }
  // One that is never closed quotes to the end.
  if (depth == 0) kept.append(html.substr(kept_until));
  return kept;
}

}  // namespace

bool is_automatic(const ReadMail& mail) {
  const MailFields& headers = mail.headers;
  const std::string submitted = ascii_lower(headers.value("auto-submitted"));
  if (!submitted.empty() && !submitted.starts_with("no")) return true;  // RFC 3834 section 5
  const std::string precedence = ascii_lower(headers.value("precedence"));
  if (contains_any(precedence, {"bulk", "junk", "list", "auto"})) return true;
  for (const std::string_view name :
       {"x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress",
        "x-autogenerated", "x-mail-autoreply", "x-yandex-autoreply", "x-fc-machinegenerated",
        "list-id", "list-unsubscribe", "feedback-id"}) {
    if (headers.has(name)) return true;
  }
  // RFC 5321 section 4.5.5: who sends with an empty return path wants no answer.
  if (base::trimmed(headers.value("return-path")) == "<>") return true;
  return has_absence_subject(headers.value("subject"));
}

std::string unquoted(std::string_view text) {
  // Behind the last quoted line nothing more is answered between quotations.
  const std::size_t last_mark = text.rfind("\n>");
  const char* const last_quoted =
      last_mark == std::string_view::npos ? text.data() : text.data() + last_mark;
  std::string kept;
  bool blank_before = true;
  while (!text.empty() && kept.size() < reply_text_bytes_max) {
    const std::string_view line = take_line(text);
    if (is_signature(line)) break;
    std::string_view rest = text;
    if (const auto count = attribution_lines({line, take_line(rest)}); count > 0) {
      // Without marks all below it is quoted; with marks the answer may stand below or between.
      if (line.data() >= last_quoted) break;
      if (count == 2) text = rest;
      continue;
    }
    if (line.starts_with('>')) continue;
    const bool blank = base::trimmed(line).empty();
    if (blank && blank_before) continue;
    blank_before = blank;
    kept.append(base::trimmed(line)).append("\n");
  }
  return std::string(base::cut_utf8(base::trimmed(kept), reply_text_bytes_max));
}

std::string text_of(const ReadMail& mail) {
  if (const InboundPart* plain = part_of(mail, "text/plain")) return plain->text;
  const InboundPart* html = part_of(mail, "text/html");
  if (html == nullptr) return {};
  return content::text_of_html(base::cut_utf8(html->text, html_bytes_max));
}

Reply read_reply(const ReadMail& mail) {
  Reply reply{.is_automatic = is_automatic(mail)};
  const std::string subject = to_reason(mail.headers.value("subject"));
  reply.subject = std::string(base::cut_utf8(subject, subject_bytes_max));
  const InboundPart* html = part_of(mail, "text/html");
  const bool is_html_alone = html != nullptr && part_of(mail, "text/plain") == nullptr;
  reply.text = unquoted(is_html_alone ? content::text_of_html(without_blockquotes(
                                            base::cut_utf8(html->text, html_bytes_max)))
                                      : text_of(mail));
  // Control characters have no place in what is shown and compared.
  for (char& c : reply.text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) c = ' ';
  }
  return reply;
}

}  // namespace nurtured::connectors
