#include "daemon/lsp/positions.h"

#include "daemon/lsp/documents.h"
#include "rules/cel/json.h"
#include "tests/catch.h"

namespace nurtured::daemon::lsp {
namespace {

constexpr auto utf8 = PositionEncoding::utf8;
constexpr auto utf16 = PositionEncoding::utf16;

TEST_CASE("a position is an offset and back, in either encoding") {
  const std::string text = "ab\n中😀c\r\nx\ry";
  const auto [line, in_utf8, in_utf16, offset] = GENERATE(table<int, int, int, std::size_t>({
      {0, 0, 0, 0},
      {0, 2, 2, 2},
      {1, 0, 0, 3},
      {1, 3, 1, 6},
      {1, 7, 3, 10},
      {1, 8, 4, 11},
      {2, 1, 1, 14},
      {3, 1, 1, 16},
  }));
  CAPTURE(line, in_utf8, in_utf16);
  CHECK(offset_at(text, {line, in_utf8}, utf8) == offset);
  CHECK(offset_at(text, {line, in_utf16}, utf16) == offset);
  CHECK(position_at(text, offset, utf8) == Position{line, in_utf8});
  CHECK(position_at(text, offset, utf16) == Position{line, in_utf16});
}

TEST_CASE("what is out of bounds is brought within") {
  const auto [text, line, character, offset] =
      GENERATE(table<std::string, std::int64_t, std::int64_t, std::size_t>({
          {"", 0, 0, 0},
          {"", 9, 9, 0},
          {"ab\nc", 0, 9, 2},
          {"ab\nc", 9, 0, 4},
          {"ab\r\nc", 0, 9, 2},
          {"😀", 0, 1, 0},  // between the halves of a pair
          {"ab", INT64_MAX, INT64_MAX, 2},
          {"ab", -1, -1, 0},
          {"\xc3\xc3", 0, 1, 1},
          {"\x80\x80", 0, 9, 2},
          {"\n\n\n", 2, 5, 2},
      }));
  CAPTURE(text, line, character);
  CHECK(offset_at(text, {line, character}, utf16) == offset);
}

TEST_CASE("a problem's range is found in code points, behind a mark, and ends with its line") {
  const auto [text, place, covered] = GENERATE(table<std::string, base::Place, std::string>({
      {"a: 中文\nb: c\n", {"", 1, 4, 2}, "中文"},
      {"\xef\xbb\xbf"
       "a: b\n",
       {"", 1, 4, 1},
       "b"},
      {"a: 😀b\n", {"", 1, 5, 9}, "b"},
      {"a: b\n", {"", 9, 9, 1}, ""},
  }));
  CAPTURE(text);
  CHECK(span_of(text, place).of(text) == covered);
}

TEST_CASE("changes come one on the other, and what is none is refused") {
  const auto [changes, after] = GENERATE(table<std::string, std::string>({
      {R"([{"text": "new"}])", "new"},
      {R"([{"range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 3}}, "text": "X"}])",
       "aXb\nc"},
      {R"([{"range": {"start": {"line": 1, "character": 0}, "end": {"line": 9, "character": 9}}, "text": ""}])",
       "a😀b\n"},
      {R"([{"text": "x"}, {"range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 1}}, "text": "y"}])",
       "xy"},
      {R"([{"range": {"start": {"line": 1, "character": 1}, "end": {"line": 0, "character": 0}}, "text": "d"}])",
       "a😀b\ncd"},
      {R"([{"range": {"start": {"line": -5, "character": -5}, "end": {"line": 0, "character": 0}}, "text": "d"}])",
       "da😀b\nc"},
      {R"([])", "a😀b\nc"},
      {R"([{"range": {"start": {"line": 0.5, "character": 0}}, "text": "x"}])", "refused"},
      {R"([{"range": "all", "text": "x"}])", "refused"},
      {R"([{"text": 1}])", "refused"},
      {R"([{}])", "refused"},
      {R"([1])", "refused"},
      {R"({})", "refused"},
      {R"(null)", "refused"},
      {R"([{"text": ")" + std::string((1 << 20) + 1, 'x') + R"("}])", "refused"},
  }));
  CAPTURE(changes.substr(0, 200));
  Document document{.uri = "", .version = 1, .text = "a😀b\nc"};
  const auto value = cel::from_json(changes, {.bytes_max = 1 << 22}).value();
  const auto done = apply_changes(value, utf16, document);
  CHECK((done ? document.text : "refused") == after);
}

}  // namespace
}  // namespace nurtured::daemon::lsp
