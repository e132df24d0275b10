#include "daemon/lsp/outline.h"

#include "tests/catch.h"

namespace nurtured::daemon::lsp {
namespace {

std::string path_to(const Outline& outline, std::string_view text, std::size_t entry) {
  if (entry == no_entry) return "";
  const Entry& at = outline.entries()[entry];
  return path_to(outline, text, at.parent) + "/" +
         (at.kind == Entry::Kind::item ? "-" : std::string(at.name.of(text)));
}

// "value /steps/-/send 'web'": what a cursor at the `|` of the text is on.
std::string describe(std::string text, bool is_message = false) {
  const std::size_t offset = text.find('|');
  text.erase(offset, 1);
  const Outline outline(text, is_message);
  const auto cursor = outline.at(offset);
  if (!cursor) return "nothing";
  constexpr const char* wheres[] = {"key", "value", "node"};
  return std::string(wheres[static_cast<int>(cursor->where)]) + " " +
         path_to(outline, text, cursor->entry) + (cursor->in_list ? "/-" : "") + " '" +
         std::string(cursor->typed.of(text)) + "'";
}

TEST_CASE("the place of a cursor is found in YAML that is half typed") {
  const auto [text, found] = GENERATE(table<std::string, std::string>({
      {"|", "node  ''"},
      {"sta|", "node  'sta'"},
      {"start: or|der.paid", "value /start 'order.paid'"},
      {"start: |", "value /start ''"},
      {"start:|", "value /start ''"},
      {"st|art: x", "key  'start'"},
      {"start: \"or|der", "value /start 'order'"},
      {"start: 'x' |", "nothing"},
      {"start: x # no|", "nothing"},
      {"# no|", "nothing"},
      {"steps:\n  - |", "node /steps/- ''"},
      {"steps:\n  - se|", "node /steps/- 'se'"},
      {"steps:\n- send: we|", "value /steps/-/send 'we'"},
      {"steps:\n  - send: x\n    |", "node /steps/- ''"},
      {"steps:\n  - send: x\n    hol|\n  - wait: 2d", "node /steps/- 'hol'"},
      {"steps:\n  - send: x\n|", "node  ''"},
      {"steps:\n  - send: x\n  |", "node /steps ''"},
      {"steps:\n  - choose:\n      - if: a: b: {\n        then:\n          - se|",
       "node /steps/-/choose/-/then/- 'se'"},
      {"a: {b: [c, d|", "node /a/b/- 'd'"},
      {"a: {b: |", "value /a/b ''"},
      {"a: {b: c, |}", "key /a ''"},
      {"a: {b: c, d|", "key /a 'd'"},
      {"a: [|]", "node /a/- ''"},
      {"a: [{b: |}]", "value /a/-/b ''"},
      {"a: {b: c\nd: e|", "value /d 'e'"},
      {"a: [\n  {b: c},\n  {b: |\n", "value /a/-/b ''"},
      {"a: |\n", "value /a ''"},
      {"- - x: |", "value /-/-/x ''"},
      {"a: x\n---\nb: |", "nothing"},
      {"---\na: |", "value /a ''"},
      {"a: }]}|", "value /a '}]}'"},
      {"]}: |", "value /]} ''"},
      {"\xef\xbb\xbf"
       "a: |",
       "value /a ''"},
      {"a: 中|文", "value /a '中文'"},
      {"{{{{[[[[|", "node /-/-/-/- ''"},
  }));
  CAPTURE(text);
  CHECK(describe(text) == found);
}

TEST_CASE("of a message only the front matter is YAML") {
  const auto [text, found] = GENERATE(table<std::string, std::string>({
      {"---\nkind: |\n---\nHello\n", "value /kind ''"},
      {"---\nkind: |", "value /kind ''"},
      {"---\n---\nkind: |\n", "nothing"},
      {"---\nkind: value\n---\nHello: |\n", "nothing"},
      {"Hello: |\n", "nothing"},
      {"|", "nothing"},
  }));
  CAPTURE(text);
  CHECK(describe(text, true) == found);
}

TEST_CASE("a block's lines are its own, whatever they look like") {
  const std::string text = "a: >\n  b: c\n\n  - d\ne: f\n";
  const Outline outline(text);
  REQUIRE(outline.entries().size() == 2);
  CHECK(outline.entries()[1].name.of(text) == "e");
}

TEST_CASE("what a key says goes to the next key beside it") {
  const std::string text = "segments:\n  hot:\n    if: a\n  cold: {if: b}\nx: 1\n";
  const Outline outline(text);
  const std::size_t list = outline.find(no_entry, "segments");
  CHECK(outline.extent(outline.find(list, "hot")).of(text) == "hot:\n    if: a");
  CHECK(outline.extent(outline.find(list, "cold")).of(text) == "cold: {if: b}");
  CHECK(outline.find(list, "x") == no_entry);
}

TEST_CASE("an outline of hostile text is bounded") {
  const auto text = GENERATE(std::string(1 << 20, '['), std::string(1 << 20, '-'),
                             std::string(1 << 20, '\n'), std::string(1 << 20, '"'));
  const Outline outline(text);
  CHECK(outline.entries().size() <= outline_entries_max);
  CHECK_NOTHROW(outline.at(text.size() / 2));
}

}  // namespace
}  // namespace nurtured::daemon::lsp
