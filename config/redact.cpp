#include "config/redact.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace nurtured::config {
namespace {

constexpr std::string_view blanks = " \t\r";

// Sections whose keys are anybody's choice and whose values are shown to people anyway.
constexpr std::array<std::string_view, 4> open_sections = {"vars", "series", "channels", "only_to"};

// Keys whose values hold no secret, wherever they stand but below `keys`. A connector's `url` is
// not among them: some providers put the token into it.
constexpr std::array harmless_keys = std::to_array<std::string_view>({
    "store",
    "listen",
    "public_url",
    "admin_listen",
    "timezone",
    "trusted_proxies",
    "events",
    "history",
    "decisions",
    "dedup",
    "late_within",
    "touches_before_offer",
    "value",
    "engagement",
    "offer",
    "window",
    "per_day",
    "per_week",
    "min_gap",
    "quiet",
    "every",
    "older_than",
    "action",
    "over",
    "if",
    "kinds",
    "channel",
    "to",
    "type",
    "rate",
    "from",
    "reply_to",
    "helo",
    "list_id",
    "path",
    "poll",
    "concurrency",
    "timeout",
    "connect_timeout",
    "format",
    "tls",
    "link_preview",
    "allow_private",
    "ca_file",
    "api",
    "consent",
    "connector",
    "connectors",
    "mix",
    "limits",
    "fill",
    "catch_up",
    "mute",
    "http",
    "keep",
    "notify",
    "handoff",
    "on_message",
});

// Those of `hooks`, whose other keys may be misspelt ones of secrets.
constexpr std::array hook_keys = std::to_array<std::string_view>(
    {"event", "preset", "public", "user", "id", "ignore", "answer", "redirect", "header", "query",
     "field", "prefix", "encoding", "over", "timestamp", "tolerance", "wording"});

// What a hook maps is an expression over these.
constexpr std::array<std::string_view, 3> hook_scope = {"body.", "headers.", "query."};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

std::size_t without_blanks(std::string_view text) {
  const std::size_t last = text.find_last_not_of(blanks);
  return last == std::string_view::npos ? 0 : last + 1;
}

// The userinfo of the first URL in `text` at or after `from`: where it begins and ends. Passwords
// are put into URLs unescaped, so it ends at the last `@` before a blank or a quote.
struct Range {
  std::size_t begin = std::string_view::npos;
  std::size_t end = 0;
};
Range userinfo(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find("://", from); at != std::string_view::npos;
       at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'", begin), text.size());
    const std::size_t sign = text.substr(begin, end - begin).rfind('@');
    if (sign != std::string_view::npos) return {begin, begin + sign};
  }
  return {};
}

class Redactor {
 public:
  explicit Redactor(std::string_view yaml) : yaml_(yaml) { out_.reserve(yaml.size()); }

  std::string run() {
    while (at_ < yaml_.size()) {
      const std::size_t end = std::min(yaml_.find('\n', at_), yaml_.size());
      line(yaml_.substr(at_, end - at_));
      if (end < yaml_.size()) out_ += '\n';
      at_ = end + 1;
    }
    return std::move(out_);
  }

 private:
  // What follows on lines further in belongs to a hidden value: the rest of a block, or of a text
  // in quotes.
  void line(std::string_view text) {
    const std::size_t indent = std::min(text.find_first_not_of(" -"), text.size());
    const bool is_blank = without_blanks(text) == 0;
    if (!is_blank && hidden_below_ != std::string_view::npos && indent > hidden_below_) {
      hide(text);
      return;
    }
    if (!is_blank) hidden_below_ = std::string_view::npos;
    if (!is_blank && indent == 0) depth_ = 0;
    may_be_key_ = true;
    std::size_t i = 0;
    while (i < text.size()) i = token(text, i);
  }

  // One key, value, comment or sign of the line; gives where the next begins.
  std::size_t token(std::string_view text, std::size_t i) {
    const char c = text[i];
    const bool is_apart =
        i + 1 == text.size() || blanks.find(text[i + 1]) != std::string_view::npos;
    if (blanks.find(c) != std::string_view::npos || (c == '-' && is_apart))
      return keep(text, i, i + 1);
    if (c == '#') return hide(text.substr(i)), text.size();
    if (c == '{' || c == '[' || c == ']' || c == '}' || c == ',') {
      if (c == '{' || c == '[') ++depth_;
      if ((c == ']' || c == '}') && depth_ > 0) --depth_;
      // `{a: 1, SECRET}`: what stands alone belongs to no key that is known.
      if (c == ',' && !in_list(text, i)) key_ = {};
      may_be_key_ = true;
      return keep(text, i, i + 1);
    }
    const std::size_t end = end_of_scalar(text, i);
    const std::size_t after = std::min(text.find_first_not_of(blanks, end), text.size());
    const bool is_key = after < text.size() && text[after] == ':' &&
                        (after + 1 == text.size() || text[after + 1] == ' ' ||
                         text[after + 1] == '\t' || text[after + 1] == '\r');
    // `token: SECRET: x`: what stands where a value should is no key.
    const bool could_be = std::exchange(may_be_key_, false);
    if (!is_key || !could_be) {
      if (is_key) key_ = {};
      value(text, i, end);
      return end;
    }
    const std::string_view rest = text.substr(after + 1);
    const std::size_t first = rest.find_first_not_of(blanks);
    // What is in brackets says itself what may be shown.
    const bool has_text =
        first != std::string_view::npos && rest[first] != '{' && rest[first] != '[';
    take_key(text.substr(i, end - i), i, has_text);
    return keep(text, i, after + 1);
  }

  void take_key(std::string_view name, std::size_t column, bool has_text) {
    if (name.size() > 1 && (name.front() == '"' || name.front() == '\'')) {
      name = name.substr(1, name.size() - 2);
    }
    key_ = name;
    if (column == 0) section_ = key_;
    if (has_text && !is_shown() && depth_ == 0) hidden_below_ = column;
  }

  void value(std::string_view text, std::size_t begin, std::size_t end) {
    if (!is_shown() && !is_mapping(text.substr(begin, end - begin))) {
      hide(text.substr(begin, end - begin));
      return;
    }
    std::size_t at = begin;
    const std::string_view written = text.substr(0, end);
    for (Range range = userinfo(written, at); range.begin < end; range = userinfo(written, at)) {
      keep(text, at, range.begin);
      hide(text.substr(range.begin, range.end - range.begin));
      at = range.end;
    }
    keep(text, at, end);
  }

  bool is_shown() const {
    if (section_ == "keys") return false;
    if (section_ == "hooks" && contains(hook_keys, key_)) return true;
    return contains(open_sections, section_) || contains(harmless_keys, key_);
  }

  bool is_mapping(std::string_view value) const {
    value.remove_prefix(std::min(value.find_first_not_of("\"'="), value.size()));
    return section_ == "hooks" && std::ranges::any_of(hook_scope, [&](std::string_view name) {
             return value.starts_with(name);
           });
  }

  // Quoted: to its closing quote, or the whole line when that is elsewhere, with what is stuck to
  // it. Plain: to a comment, the next key or, inside brackets, the next sign.
  std::size_t end_of_scalar(std::string_view text, std::size_t begin) const {
    const char quote = text[begin];
    std::size_t i = begin;
    if (quote == '"' || quote == '\'') {
      for (++i; i < text.size() && text[i] != quote; ++i) {
        if (quote == '"' && text[i] == '\\') ++i;
      }
      if (i >= text.size()) return text.size();
      return i + 1;
    }
    for (; i < text.size(); ++i) {
      const bool ends_word =
          i + 1 == text.size() || blanks.find(text[i + 1]) != std::string_view::npos;
      if (text[i] == ':' && ends_word) break;
      if (text[i] == '#' && blanks.find(text[i - 1]) != std::string_view::npos) break;
      if (depth_ > 0 && (text[i] == ',' || text[i] == ']' || text[i] == '}')) break;
    }
    return std::max(begin + without_blanks(text.substr(begin, i - begin)), begin + 1);
  }

  // Is the comma at `i` one between the items of a list?
  static bool in_list(std::string_view text, std::size_t i) {
    int depth = 0;
    while (i-- > 0) {
      if (text[i] == ']' || text[i] == '}') ++depth;
      if (text[i] != '[' && text[i] != '{') continue;
      if (depth == 0) return text[i] == '[';
      --depth;
    }
    return true;
  }

  std::size_t keep(std::string_view text, std::size_t begin, std::size_t end) {
    out_ += text.substr(begin, end - begin);
    return end;
  }

  void hide(std::string_view text) {
    for (const char c : text) {
      if (blanks.find(c) != std::string_view::npos) {
        out_ += c;
      } else if (!is_continuation(c)) {
        out_ += '*';
      }
    }
  }

  std::string_view yaml_;
  std::size_t at_ = 0;
  std::string out_;
  std::string_view section_;
  std::string_view key_;
  bool may_be_key_ = true;
  std::size_t depth_ = 0;                              // of brackets that are open
  std::size_t hidden_below_ = std::string_view::npos;  // the column of a key whose value is hidden
};

}  // namespace

std::string redacted_settings(std::string_view yaml) {
  return Redactor(yaml).run();
}

std::string without_userinfo(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (Range range = userinfo(text, 0); range.begin < text.size(); range = userinfo(text, at)) {
    out.append(text.substr(at, range.begin - at)).append("***");
    at = range.end;
  }
  return out.append(text.substr(at));
}

}  // namespace nurtured::config
