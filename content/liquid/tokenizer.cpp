#include "content/liquid/tokenizer.h"

#include <algorithm>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

std::string_view skip_spaces(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// A tag's name at the front of `text`: '#' or a word. Empty when there is none.
std::string_view name_at(std::string_view text) {
  if (text.starts_with('#')) return text.substr(0, 1);
  std::size_t length = 0;
  while (length < text.size() && is_word(text[length])) ++length;
  return text.substr(0, length);
}

}  // namespace

std::string_view Tokenizer::take(std::size_t end) {
  const std::string_view token = source_.substr(at_, end - at_);
  at_ = end;
  return token;
}

std::optional<std::string_view> Tokenizer::next() {
  if (at_ >= source_.size()) return std::nullopt;
  if (by_lines()) {
    const std::size_t end = std::min(source_.find('\n', at_), source_.size());
    const std::string_view line = take(end);
    ++at_;
    return line;
  }
  const std::string_view rest = source_.substr(at_);
  if (rest.starts_with("{%")) {
    const std::size_t end = source_.find("%}", at_ + 2);
    return take(end == nowhere ? source_.size() : end + 2);
  }
  if (rest.starts_with("{{")) return take_output();
  std::size_t end = at_;
  while ((end = source_.find('{', end)) != nowhere) {
    if (end + 1 < source_.size() && (source_[end + 1] == '{' || source_[end + 1] == '%')) break;
    ++end;
  }
  return take(std::min(end, source_.size()));
}

std::string_view Tokenizer::take_output() {
  std::size_t end = at_ + 2;
  while ((end = source_.find_first_of("{}", end)) != nowhere) {
    const bool more = end + 1 < source_.size();
    if (source_[end] == '}') return take(more && source_[end + 1] == '}' ? end + 2 : end + 1);
    if (more && source_[end + 1] == '%') {
      const std::size_t close = source_.find("%}", end + 2);
      return take(close == nowhere ? source_.size() : close + 2);
    }
    ++end;
  }
  return take(source_.size());
}

std::optional<TagToken> read_tag(std::string_view token) {
  if (!token.starts_with("{%") || !token.ends_with("%}") || token.size() < 4) return std::nullopt;
  token = token.substr(2, token.size() - 4);
  if (token.starts_with('-')) token.remove_prefix(1);
  token = skip_spaces(token);
  const std::string_view name = name_at(token);
  if (name.empty()) return std::nullopt;
  std::string_view markup = skip_spaces(token.substr(name.size()));
  if (markup.ends_with('-')) markup.remove_suffix(1);
  return TagToken{name, markup};
}

std::optional<TagToken> read_line_tag(std::string_view line) {
  line = skip_spaces(line);
  const std::string_view name = name_at(line);
  if (name.empty()) return std::nullopt;
  return TagToken{name, skip_spaces(line.substr(name.size()))};
}

std::optional<LastTag> read_last_tag(std::string_view token) {
  if (!token.ends_with("%}")) return std::nullopt;
  for (std::size_t at = token.rfind("{%"); at != nowhere; at = token.rfind("{%", at - 1)) {
    std::string_view rest = token.substr(at + 2);
    if (rest.starts_with('-')) rest.remove_prefix(1);
    const std::string_view name = name_at(skip_spaces(rest));
    if (!name.empty() && name != "#" && rest.size() >= 2) {
      return LastTag{token.substr(0, at), name};
    }
    if (at == 0) break;
  }
  return std::nullopt;
}

}  // namespace nurtured::content::liquid
