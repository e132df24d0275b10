#include "rules/cel/syntax.h"

#include <algorithm>
#include <array>

namespace nurtured::cel {
namespace {

int code_points(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

base::Place place_of(std::string_view source, Span span) {
  const std::string_view before = source.substr(0, span.begin);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  std::string_view marked = source.substr(span.begin, span.end - span.begin);
  marked = marked.substr(0, marked.find('\n'));
  return {.path = {},
          .line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          .column = 1 + code_points(before.substr(line_begin)),
          .length = std::max(1, code_points(marked))};
}

std::string_view symbol(Operator op) {
  static constexpr std::array<std::string_view, 14> symbols = {
      "-", "!", "*", "/", "%", "+", "-", "<", "<=", ">=", ">", "==", "!=", "in"};
  return symbols[static_cast<std::size_t>(op)];
}

}  // namespace nurtured::cel
