#include "config/yaml.h"

#include "base/encoding.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

struct Parsed {
  std::optional<Node> root;
  std::vector<std::string> problems;
};

Parsed parse(std::string_view text, const YamlLimits& limits = {}) {
  Problems problems;
  Parsed out;
  out.root = parse_yaml(text, "f.yaml", problems, limits);
  out.problems = lines_of(problems.take());
  return out;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

TEST_CASE("text stays text, and every key and value knows its place") {
  const Parsed parsed = parse(
      "\xef\xbb\xbf"
      "имя: жжж\r\n"
      "when: [yes, 0777, 22:30, ~]\n"
      "quoted: 'it''s' # a comment\n"
      "empty:\n"
      "block: |\n"
      "  two\n"
      "  lines\n"
      "nested: {a: \"b\\n\"}\n");
  REQUIRE(parsed.problems.empty());
  const Node& root = *parsed.root;
  CHECK(root.find("имя")->text == "жжж");
  CHECK(root.find("имя")->place == base::Place{"f.yaml", 1, 6, 3});
  CHECK(root.entries[0].place == base::Place{"f.yaml", 1, 1, 3});
  const Node& list = *root.find("when");
  REQUIRE(list.items.size() == 4);
  CHECK(list.items[0].text == "yes");
  CHECK(list.items[1].text == "0777");
  CHECK(list.items[2].text == "22:30");
  CHECK(list.items[2].place == base::Place{"f.yaml", 2, 19, 5});
  CHECK(list.items[3].is_null());
  CHECK(root.find("quoted")->text == "it's");
  CHECK(root.find("quoted")->is_quoted());
  CHECK(root.find("quoted")->place == base::Place{"f.yaml", 3, 9, 7});
  CHECK(root.find("empty")->is_null());
  CHECK(root.find("empty")->place == base::Place{"f.yaml", 4, 1, 5});
  CHECK(root.find("block")->text == "two\nlines\n");
  CHECK(root.find("block")->style == ScalarStyle::block);
  CHECK(root.find("nested")->find("a")->text == "b\n");
  CHECK(root.find("nobody") == nullptr);
}

struct Hostile {
  std::string what;
  std::string text;
  std::string problem;  // the beginning of the first one
};

TEST_CASE("hostile YAML is refused in words, and quickly") {
  std::string bombs = "a: &a [x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    bombs += std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ", *" +
             static_cast<char>(c - 1) + "]\n";
  }
  const std::vector<Hostile> table{
      {"alias bomb", bombs, "f.yaml:1:4: error: anchors (&name) are not read here"},
      {"an anchor in itself", "&a [*a]", "f.yaml:1:1: error: anchors"},
      {"an alias to nothing", "a: *b", "f.yaml:1:4: error: "},
      {"a tag", "a: !!python/object x", "f.yaml:1:4: error: tags (!name) are not read here"},
      {"a tag without a name", "a: ! x", "f.yaml:1:4: error: tags"},
      {"a merge key", "<<: {a: b}", "f.yaml:1:1: error: merge keys"},
      {"a repeated key", "a: 1\nb: 2\na: 3", "f.yaml:3:1: error: `a` stands here twice"},
      {"a list as a key", "? [a, b]\n: c", "f.yaml:1:3: error: a key must be a text"},
      {"an empty key", ": c", "f.yaml:1:1: error: a key must be a text"},
      {"null as a key", "~: c", "f.yaml:1:1: error: a key must be a text"},
      {"brackets without end", repeated("[", 100'000), "f.yaml:1:17: error: lists and maps are"},
      {"braces without end", repeated("{a: ", 100'000), "f.yaml:1:125: error: lists and maps are"},
      {"dashes without end", repeated("- ", 100'000), "f.yaml:1:65: error: lists and maps are"},
      {"question marks", repeated("? ", 100'000), "f.yaml:1:65: error: lists and maps are"},
      {"a file over its limit", repeated("# 345678\n", 120'000),
       "f.yaml: error: the file has more than 1048576 bytes"},
      {"a scalar over the limit", "a: " + repeated("x", 1 << 20), "f.yaml: error: the file has"},
      {"more values than the limit", "[" + repeated("1,", 100'001) + "]",
       "f.yaml:1:200000: error: the file has more than 100000 values"},
      {"a zero byte", std::string("a: b\nc: \0d", 10), "f.yaml:2:4: error: a control character"},
      {"an escape", "a: \x1b[31mred", "f.yaml:1:4: error: a control character"},
      {"a lone carriage return", "a: b\rc: d\n", "f.yaml:1:5: error: a control character"},
      {"bytes that are no UTF-8", "a: b\nc: \xff\xfe\n",
       "f.yaml:2:1: error: this line is not UTF-8"},
      {"a UTF-16 file", std::string("\xff\xfe\x61\x00", 4),
       "f.yaml:1:1: error: this line is not UTF-8"},
      {"an overlong form", "a: \xc0\xaf", "f.yaml:1:1: error: this line is not UTF-8"},
      {"a tab as indentation", "a:\n\tb: c", "f.yaml:2:1: error: a tab stands"},
      {"a quote without end", "a: \"b\nc: d\n", "f.yaml:1:4: error: the quote that opens here"},
      {"a single quote without end", "a: 'it''s\n", "f.yaml:1:4: error: the quote that opens here"},
      {"a bracket without end", "a: [b", "f.yaml:1:6: error: a `[` is not closed"},
      {"a colon in a text", "a: b: c", "f.yaml:1:5: error: `: ` cannot stand"},
      {"a character that begins nothing", "a: @b", "f.yaml:1:4: error: an unquoted text"},
      {"two documents", "a: b\n---\nc: d", "f.yaml:2:1: error: a second document"},
      {"a key over its limit", repeated("k", 1020) + ": x\n" + "\"" + repeated("k", 1030) + "\": x",
       "f.yaml:"},
      {"half a surrogate pair", "a: \"\\uD800\"", "f.yaml:1:11: error: "},
      {"an escaped zero byte", "a: \"x\\0y\"", "f.yaml:1:4: error: an escape in this text"},
      {"an escape that is none", "a: \"\\q\"", "f.yaml:1:7: error: "},
      {"a version that nobody has", "%YAML 9.9\n---\na: b", "f.yaml:"},
  };
  for (const Hostile& hostile : table) {
    INFO(hostile.what);
    const Parsed parsed = parse(hostile.text);
    REQUIRE_FALSE(parsed.problems.empty());
    CHECK(parsed.problems.front().substr(0, hostile.problem.size()) == hostile.problem);
  }
}

TEST_CASE("an empty file is a null node with a place") {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "\xef\xbb\xbf"}) {
    INFO(text);
    const Parsed parsed = parse(text);
    REQUIRE(parsed.root.has_value());
    CHECK(parsed.problems.empty());
    CHECK(parsed.root->is_null());
    CHECK(parsed.root->place.line >= 1);
  }
}

struct Inside {
  std::string what;
  std::string yaml;  // the scalar is the value of `if`
  int line;
  int column;
  int length;
  base::Place place;
};

TEST_CASE("a place inside a scalar is found in the file, however the scalar is written") {
  const std::vector<Inside> table{
      {"plain", "if: a == bc\n", 1, 6, 2, {"f.yaml", 1, 10, 2}},
      {"plain, after other letters", "if: жж == bc\n", 1, 7, 2, {"f.yaml", 1, 11, 2}},
      {"plain, folded", "if: a ==\n    bc + d\n", 1, 6, 2, {"f.yaml", 2, 5, 2}},
      {"single quotes", "if: 'a == bc'\n", 1, 6, 2, {"f.yaml", 1, 11, 2}},
      {"single quotes, doubled", "if: '''a'' == bc'\n", 1, 8, 2, {"f.yaml", 1, 15, 2}},
      {"double quotes, escapes", "if: \"\\\"a\\\" == bc\"\n", 1, 8, 2, {"f.yaml", 1, 15, 2}},
      {"double quotes, \\u", "if: \"\\u0436\\x61 == bc\"\n", 1, 7, 2, {"f.yaml", 1, 20, 2}},
      {"double quotes, folded", "if: \"a ==\n  bc\"\n", 1, 6, 2, {"f.yaml", 2, 3, 2}},
      {"double quotes, escaped end", "if: \"a == \\\n  bc\"\n", 1, 6, 2, {"f.yaml", 2, 3, 2}},
      {"literal block", "if: |\n  a\n  == bc\n", 2, 4, 2, {"f.yaml", 3, 6, 2}},
      {"literal block, indented more", "if: |\n  a\n    bc\n", 2, 3, 2, {"f.yaml", 3, 5, 2}},
      {"folded block", "if: >\n  a ==\n  bc\n", 1, 6, 2, {"f.yaml", 3, 3, 2}},
      {"folded block, stripped", "if: >-\n\n  a ==\n  bc\n", 2, 6, 2, {"f.yaml", 4, 3, 2}},
      {"beyond the end", "if: a\n", 7, 1, 1, {"f.yaml", 1, 6, 1}},
      {"unknown", "if: abc\n", 0, 0, 1, {"f.yaml", 1, 5, 3}},
  };
  for (const Inside& inside : table) {
    INFO(inside.what);
    const Parsed parsed = parse(inside.yaml);
    REQUIRE(parsed.problems.empty());
    const base::Place range{"", inside.line, inside.column, inside.length};
    CHECK(place_inside(*parsed.root->find("if"), inside.yaml, range) == inside.place);
  }
}

}  // namespace
}  // namespace nurtured::config
