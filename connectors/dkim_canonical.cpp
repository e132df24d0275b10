#include "connectors/dkim_canonical.h"

#include "connectors/mail_fields.h"

namespace nurtured::connectors {
namespace {

constexpr std::string_view line_end = "\r\n";

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// `text` with runs of blanks as one, and line ends left out where they fold a header.
void append_relaxed(std::string& out, std::string_view text) {
  bool in_blanks = false;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (is_blank(c)) {
      in_blanks = true;
      continue;
    }
    if (in_blanks) out += ' ';
    in_blanks = false;
    out += c;
  }
}

// One header off the front of `rest`, with the lines that continue it and without its line end.
std::string_view take_header(std::string_view& rest) {
  std::size_t end = rest.find(line_end);
  while (end != std::string_view::npos && end + 2 < rest.size() && is_blank(rest[end + 2])) {
    end = rest.find(line_end, end + 2);
  }
  const std::string_view header = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return header;
}

}  // namespace

MailParts split_mail(std::string_view mail) {
  MailParts parts;
  while (!mail.empty() && !mail.starts_with(line_end)) {
    const std::string_view header = take_header(mail);
    const std::size_t colon = header.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    parts.headers.push_back({header.substr(0, colon), header.substr(colon + 1)});
  }
  if (!mail.empty()) mail.remove_prefix(2);
  parts.body = mail;
  return parts;
}

std::string relaxed_header(std::string_view name, std::string_view value) {
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  std::string out = ascii_lower(name) + ":";
  while (!value.empty() &&
         (is_blank(value.front()) || value.front() == '\r' || value.front() == '\n')) {
    value.remove_prefix(1);
  }
  append_relaxed(out, value);
  return out;
}

std::string relaxed_body(std::string_view body) {
  std::string out;
  std::size_t empty_lines = 0;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find(line_end));
    body.remove_prefix(std::min(body.size(), line.size() + 2));
    std::string relaxed;
    // A blank before the first word stays, as one.
    append_relaxed(relaxed, line);
    if (relaxed.empty()) {
      ++empty_lines;
      continue;
    }
    for (; empty_lines > 0; --empty_lines) out += line_end;
    out.append(relaxed).append(line_end);
  }
  return out;
}

}  // namespace nurtured::connectors
