#include "connectors/imap_reader.h"

#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "connectors/mail_fields.h"

namespace nurtured::connectors {
namespace {

using base::ErrorKind;
using base::fail;

template <class Number>
std::optional<Number> number_at(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

// The length that a line ends with: "{310}".
std::optional<std::size_t> literal_length(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos || open + 2 >= line.size()) return std::nullopt;
  const std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  // A number beyond all bounds is a literal too.
  return number_at<std::size_t>(digits).value_or(SIZE_MAX);
}

}  // namespace

base::Result<std::optional<ImapResponse>> ImapReader::next() {
  while (true) {
    if (literal_left_ > 0) {
      const std::size_t taken = std::min(literal_left_, waiting_.size());
      partial_.literals.back().append(waiting_, 0, taken);
      waiting_.erase(0, taken);
      literal_left_ -= taken;
      if (literal_left_ > 0) return std::optional<ImapResponse>();
    }
    const std::size_t end = waiting_.find('\n', searched_);
    if (std::min(end, waiting_.size()) + partial_.text.size() > imap_line_bytes_max) {
      return fail(ErrorKind::too_large, "the server's answer is too long");
    }
    if (end == std::string::npos) {
      searched_ = waiting_.size();
      return std::optional<ImapResponse>();
    }
    std::string_view line = std::string_view(waiting_).substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (in_line_) {
      partial_.text += line;
    } else {
      const std::size_t blank = line.find(' ');
      if (blank == 0 || line.empty()) return fail("the server does not speak IMAP");
      partial_.tag = line.substr(0, blank);
      partial_.text = blank == std::string_view::npos ? "" : line.substr(blank + 1);
    }
    const auto length = literal_length(line);
    waiting_.erase(0, end + 1);
    searched_ = 0;
    in_line_ = length.has_value();
    if (!length) return std::optional(std::exchange(partial_, {}));
    if (*length > imap_literal_bytes_max || partial_.literals.size() == imap_literals_max) {
      return fail(ErrorKind::too_large, "the server's answer is too large");
    }
    partial_.literals.emplace_back();
    literal_left_ = *length;
  }
}

std::optional<std::vector<std::uint32_t>> parse_imap_search(std::string_view text) {
  if (!ascii_lower(text.substr(0, 6)).starts_with("search")) return std::nullopt;
  text.remove_prefix(6);
  std::vector<std::uint32_t> found;
  while (!(text = base::trimmed(text)).empty()) {
    const std::size_t blank = text.find(' ');
    const auto number = number_at<std::uint32_t>(text.substr(0, blank));
    if (!number) return std::nullopt;
    found.push_back(*number);
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank);
  }
  return found;
}

std::optional<std::uint32_t> imap_code_number(std::string_view text, std::string_view code) {
  const std::string lower = ascii_lower(text);
  const std::string wanted = "[" + ascii_lower(code) + " ";
  const std::size_t at = lower.find(wanted);
  if (at == std::string::npos) return std::nullopt;
  return number_at<std::uint32_t>(text.substr(at + wanted.size()));
}

std::optional<std::uint32_t> imap_fetched_uid(std::string_view text) {
  const std::string lower = ascii_lower(text);
  const std::size_t fetch = lower.find(" fetch ");
  if (fetch == std::string::npos) return std::nullopt;
  const std::size_t at = lower.find("uid ", fetch);
  if (at == std::string::npos) return std::nullopt;
  return number_at<std::uint32_t>(text.substr(at + 4));
}

std::string imap_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace nurtured::connectors
