#include "rules/cel/json_tolerant.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace nurtured::cel {
namespace {

constexpr std::size_t escape_bytes = 6;         // \uXXXX
constexpr std::size_t exponent_digits_max = 8;  // beyond any double, and within an int

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The code unit of the \uXXXX that `text` starts with.
std::optional<std::uint32_t> code_unit(std::string_view text) {
  if (text.size() < escape_bytes || !text.starts_with("\\u")) return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : text.substr(2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      unit = unit * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return unit;
}

bool is_high(std::optional<std::uint32_t> unit) {
  return unit && *unit >= 0xD800 && *unit < 0xDC00;
}

bool is_low(std::optional<std::uint32_t> unit) {
  return unit && *unit >= 0xDC00 && *unit < 0xE000;
}

class Tamer {
 public:
  Tamer(std::string_view rest, std::size_t depth_max) : rest_(rest), depth_max_(depth_max) {
    out_.reserve(rest.size());
  }

  std::string run() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"') {
        string();
      } else if (c == '[' || c == '{') {
        open();
      } else if (is_digit(c)) {
        number();
      } else {
        if (c == ']' || c == '}') depth_ -= std::min<std::size_t>(depth_, 1);
        keep(1);
      }
    }
    return std::move(out_);
  }

 private:
  void keep(std::size_t bytes) {
    out_ += rest_.substr(0, bytes);
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }

  void string() {
    keep(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') {
        escape();
      } else {
        keep(1);
      }
    }
    keep(1);
  }

  void escape() {
    const auto unit = code_unit(rest_);
    if (is_high(unit) && is_low(code_unit(rest_.substr(escape_bytes)))) {
      keep(2 * escape_bytes);
    } else if (is_high(unit) || is_low(unit)) {
      out_ += "\\ufffd";
      rest_.remove_prefix(escape_bytes);
    } else {
      keep(2);
    }
  }

  // Digits, and an exponent where one follows; a point and what is behind it come as another one.
  void number() {
    keep(digits());
    if (rest_.empty() || (rest_.front() != 'e' && rest_.front() != 'E')) return;
    const bool is_signed = rest_.size() > 1 && (rest_[1] == '+' || rest_[1] == '-');
    keep(is_signed ? 2 : 1);
    while (rest_.size() > 1 && rest_[0] == '0' && is_digit(rest_[1])) rest_.remove_prefix(1);
    const std::size_t count = digits();
    out_ += rest_.substr(0, std::min(count, exponent_digits_max));
    rest_.remove_prefix(count);
  }

  std::size_t digits() const {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
    return static_cast<std::size_t>(end - rest_.begin());
  }

  void open() {
    if (depth_ < depth_max_) {
      ++depth_;
      return keep(1);
    }
    out_ += "null";
    skip();
  }

  // Past the end of the array or object that begins here.
  void skip() {
    std::size_t open = 0;
    bool in_string = false;
    std::size_t i = 0;
    for (; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (in_string) {
        if (c == '\\') ++i;
        in_string = c != '"';
      } else if (c == '"') {
        in_string = true;
      } else if (c == '[' || c == '{') {
        ++open;
      } else if ((c == ']' || c == '}') && --open == 0) {
        break;
      }
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
  }

  std::string_view rest_;
  const std::size_t depth_max_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string tame_json(std::string_view text, std::size_t depth_max) {
  return Tamer(text, depth_max).run();
}

}  // namespace nurtured::cel
