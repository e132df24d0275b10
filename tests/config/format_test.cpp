// `nurtured fmt`: what changes, what never does, and what is refused.
#include "config/format.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/random.h"
#include "config/version.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

std::string formatted(const std::string& text, const std::string& path = "p.yaml") {
  Problems problems;
  const auto out = format_file({path, text}, problems);
  INFO(text);
  for (const auto& line : lines_of(problems.take())) UNSCOPED_INFO(line);
  REQUIRE(out.has_value());
  return *out;
}

TEST_CASE("a file gets its canonical look") {
  struct Case {
    std::string name;
    std::string before;
    std::string after;
  };
  const std::vector<Case> cases{
      {"nothing", "", ""},
      {"blank lines alone", "\n\n  \n", ""},
      {"comments alone", "   # a\n\n\n#b\n", "# a\n\n#b\n"},
      {"spaces around colons and dashes", "a :   1\nb:\n-   x\n-  y\n", "a: 1\nb:\n  - x\n  - y\n"},
      {"indentation by four", "a:\n    b:\n        c: 1\n    d: 2\n",
       "a:\n  b:\n    c: 1\n  d: 2\n"},
      {"a list in the column of its key", "steps:\n- send: a\n  via: [b]\n- wait: 2d\nx: 1\n",
       "steps:\n  - send: a\n    via: [b]\n  - wait: 2d\nx: 1\n"},
      {"lists in lists", "-   - a\n    -   b\n- -   - c\n", "- - a\n  - b\n- - - c\n"},
      {"flow", "{a: 1 ,b: [x,y , {c: }],  d : \"e\"}\n", "{a: 1, b: [x, y, {c: }], d: \"e\"}\n"},
      {"flow over lines", "a: [ x,\n# of y\n     y,  # here\n  z ]\nb: {\n c: 1\n}\n",
       "a: [x,\n  # of y\n  y,     # here\n  z]\nb: {\n  c: 1\n  }\n"},
      {"flow on a line of its own", "a:\n   [\n   x, {\n y: 1 }\n]\n",
       "a:\n  [\n    x, {\n      y: 1}\n  ]\n"},
      {"empty lines and blanks at ends", "\n\na: 1  \n\n\n\nb: 2\t\n\n\n", "a: 1\n\nb: 2\n"},
      {"quotes",
       "a: 'x'\nb: \"x\"\nc: 'say \"x\"'\nd: \"say \\\"x\\\"\"\ne: 'it''s'\nf: \"a\\tb\"\n'g': x\n",
       "a: \"x\"\nb: \"x\"\nc: 'say \"x\"'\nd: 'say \"x\"'\ne: \"it's\"\nf: \"a\\tb\"\n\"g\": x\n"},
      {"quotes that must stay", "a: 'C:\\x'\nb: \"it's \\\"x\\\"\"\nc: ''\nd: \"\"\ne: '\"'\n",
       "a: 'C:\\x'\nb: \"it's \\\"x\\\"\"\nc: \"\"\nd: \"\"\ne: '\"'\n"},
      {"nulls", "a:\nb: ~\nc:   null\n-x: \n", "a:\nb: ~\nc: null\n-x:\n"},
      {"comments go with the line below", "a:\n# one\n   # two\n   b: 1\n",
       "a:\n  # one\n  # two\n  b: 1\n"},
      {"comments at the end of a block", "a:\n   b: 1\n   # of a\n# of c\nc: 2\n  # last\n",
       "a:\n  b: 1\n  # of a\n# of c\nc: 2\n# last\n"},
      {"comments at the end of a list", "a:\n- x\n- y\n# next\nb: 1\n",
       "a:\n  - x\n  - y\n# next\nb: 1\n"},
      {"comments in a column stay in it", "a: 1     # one\nbb:   2  # two\nc:  3 # three\n",
       "a: 1     # one\nbb: 2    # two\nc: 3 # three\n"},
      {"a comment that has no room", "a: {b: 1,c: 2}  # x\n", "a: {b: 1, c: 2} # x\n"},
      {"a block of text",
       "a:\n    b: |\n          x\n            y\n\n          z\n    c: >-\n      w\n",
       "a:\n  b: |\n    x\n      y\n\n    z\n  c: >-\n    w\n"},
      {"a block that keeps its end", "a: |+\n x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"},
      {"a block with a mark and a comment", "a:\n    b: |2-  # c\n        x\n",
       "a:\n  b: |2- # c\n      x\n"},
      {"a block in a list", "- |\n x\n- >\n    y\n", "- |\n  x\n- >\n  y\n"},
      {"a block without a last line end", "a: |\n   x", "a: |\n  x"},
      {"an empty block without a line end", "\n\n>", ">"},
      {"a block before blanks without a line end", "a: |\n   x\n ", "a: |\n  x\n"},
      {"an empty block", "a: |\nb: 1\n", "a: |\nb: 1\n"},
      {"blanks at ends within a block", "a: |\n   x  \n     \n   y\n", "a: |\n  x  \n    \n  y\n"},
      {"text over lines", "a: one\n      two\n\n      three\nb: \"x \n   y\"\n",
       "a: one\n  two\n\n  three\nb: \"x\n  y\"\n"},
      {"an escaped blank at an end", "a: \"x\\ \n   y\"\n", "a: \"x\\ \n  y\"\n"},
      {"an escaped line end", "a: \"x\\\n   y\"\n", "a: \"x\\\n  y\"\n"},
      {"a value on a line of its own", "a:\n     b\nc:\n  \"d\"\n", "a:\n  b\nc:\n  \"d\"\n"},
      {"a document's mark", "---  # x\na:  1\n...\n", "---  # x\na: 1\n...\n"},
      {"a byte order mark",
       "\xef\xbb\xbf"
       "a:  1\n",
       "a: 1\n"},
      {"other line ends", "a:  1\r\nb:\r\n   - x\r\n", "a: 1\r\nb:\r\n  - x\r\n"},
      {"no last line end", "a:  1", "a: 1\n"},
      {"other scripts", "имя:   \"Анна\"   # комментарий\n标题:  启动  # x\n",
       "имя: \"Анна\"     # комментарий\n标题: 启动   # x\n"},
      {"signs inside texts", "a: x - y\nb: a:b\nc: http://x/#y\nd: -1\ne: \"# no\"\n",
       "a: x - y\nb: a:b\nc: http://x/#y\nd: -1\ne: \"# no\"\n"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const std::string once = formatted(c.before);
    CHECK(once == c.after);
    CHECK(formatted(once) == once);
  }
}

TEST_CASE("a message's front matter is formatted, its body is not touched") {
  CHECK(formatted("---\nkind:   value\nsubject: 'Hi'\n---\n\n*  body  \n\n\n", "content/a.md") ==
        "---\nkind: value\nsubject: \"Hi\"\n---\n\n*  body  \n\n\n");
  CHECK(formatted("---\nkind:  value # x\n---  \nbody", "content/a.md") ==
        "---\nkind: value # x\n---  \nbody");
  CHECK(formatted("---\r\nkind:  value\r\n---\r\nbody\r\n", "content/a.md") ==
        "---\r\nkind: value\r\n---\r\nbody\r\n");
  CHECK(formatted("---\n---\nbody", "content/a.md") == "---\n---\nbody");
  CHECK(formatted("a:   b\n", "content/partials/a.md") == "a:   b\n");
}

TEST_CASE("what cannot be formatted is reported at its place") {
  struct Case {
    std::string path;
    std::string text;
    std::string problem;
  };
  const std::vector<Case> cases{
      {"a.yaml", "a: [1\n", "a.yaml:2:1: error: a `[` is not closed"},
      {"a.yaml", "a: 1\na: 2\n", "a.yaml:2:1: error: `a` stands here twice"},
      {"a.yaml", "a: 1\n\tb: 2\n", "a.yaml:2:"},
      {"a.yaml", "a: \"x\n", "a.yaml:1:4: error: the quote that opens here is never closed"},
      {"a.yaml", "a: !x y\n", "a.yaml:1:4: error: tags"},
      {"a.yaml", "a: &x y\n", "a.yaml:1:4: error: anchors"},
      {"a.yaml", "a: 1\n---\nb: 2\n", "a.yaml:"},
      {"a.yaml", "a: \x01\n", "a.yaml:1:4: error: a control character"},
      {"a.yaml", "a: \xff\n", "a.yaml:1:1: error: this line is not UTF-8"},
      {"a.yaml", "x: 1\n? a\n: b\n", "a.yaml:2:1: error: the formatter does not know this way"},
      {"a.yaml", "\n\xef\xbb\xbfx", "a.yaml:2:1: error: the formatter does not know this way"},
      {"a.yaml", "%YAML 1.2\n---\na: 1\n", "a.yaml:1:1: error: the formatter does not know this"},
      {"a.yaml", std::string(40, '[') + std::string(40, ']'), "a.yaml:1:33: error: lists and maps"},
      {"b.md", "---\nkind: value\n  x: 1\n---\n", "b.md:3:"},
      {"b.md", "---\nkind: value\n? a\n: b\n---\n", "b.md:3:1: error: the formatter"},
      {"b.md", "---\nkind: value\n", "b.md:1:1: error: the front matter is never closed"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    Problems problems;
    CHECK_FALSE(format_file({c.path, c.text}, problems).has_value());
    const auto lines = lines_of(problems.take());
    REQUIRE_FALSE(lines.empty());
    CHECK(lines.front().substr(0, c.problem.size()) == c.problem);
  }
}

// What must hold for any file that can be read.
void check_promises(const File& file) {
  INFO(file.path << "\n" << file.text);
  const std::string once = formatted(file.text, file.path);
  CHECK(formatted(once, file.path) == once);
  CHECK(std::count(file.text.begin(), file.text.end(), '#') ==
        std::count(once.begin(), once.end(), '#'));
  if (file.path.ends_with(".md")) return;
  Problems problems;
  const auto before = parse_yaml(file.text, file.path, problems);
  const auto after = parse_yaml(once, file.path, problems);
  REQUIRE(before.has_value());
  REQUIRE(after.has_value());
  CHECK(version_of(*before) == version_of(*after));
}

TEST_CASE("our samples are formatted, and mean the same however they are indented") {
  std::vector<std::string> folders{"config/default"};
  for (const auto& entry : std::filesystem::directory_iterator("config/examples")) {
    folders.push_back(entry.path().string());
  }
  for (const std::string& folder : folders) {
    const auto workspace = read_workspace(folder);
    REQUIRE(workspace.has_value());
    for (const File& file : workspace->files) {
      if (!file.path.ends_with(".md") && !file.path.ends_with(".yaml")) continue;
      check_promises(file);
      INFO(folder << "/" << file.path);
      CHECK(formatted(file.text, file.path) == file.text);
    }
  }
}

// Documents of every sort of node, spaced and commented at random.
class RandomYaml {
 public:
  explicit RandomYaml(std::uint64_t seed) : random_(seed) {}

  std::string make() {
    block(0, 0);
    lines();
    return std::move(out_);
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_.below(n); }
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }
  std::string blanks(std::uint64_t least, std::uint64_t more) {
    return std::string(least + below(more + 1), ' ');
  }
  std::string pick(const std::vector<std::string>& from) { return from.at(below(from.size())); }

  void lines() {
    while (chance(4)) {
      out_ +=
          chance(2) ? "\n" : blanks(0, 7) + "#" + pick({"", " a", "b: c", "- d", " \"e"}) + "\n";
    }
  }
  void end_line() {
    if (chance(4)) out_ += blanks(1, 5) + "# " + pick({"x", "y: z", "'q"});
    out_ += blanks(0, 1) + "\n";
    lines();
  }

  std::string scalar() {
    return pick({"a", "two words", "2d", "true", "1.50", "\"q\"", "'s'", "'it''s'",
                 "\"a \\\"b\\\"\"", "'say \"x\"'", "\"tab\\t\"", "a:b", "x#y", "-1", "\"\"", "''",
                 "\"# no\"", "имя"});
  }
  std::string flow(int depth) {
    if (depth > 2 || chance(2)) return scalar();
    const bool is_list = chance(2);
    std::string out = is_list ? "[" : "{";
    const auto count = below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0) out += blanks(0, 1) + ",";
      out += chance(6) ? "\n" + std::string(30, ' ') : blanks(i > 0 ? 1 : 0, 2);
      if (!is_list) out += "k" + std::to_string(i) + blanks(0, 1) + ": ";
      out += flow(depth + 1);
    }
    return out + blanks(0, 1) + (is_list ? "]" : "}");
  }

  // A value behind `key:` or `-`, whose block starts further right than `column`.
  void value(std::size_t column, int depth, bool in_map) {
    switch (depth > 4 ? below(4) : below(7)) {
      case 0:
        return end_line();
      case 1:
        out_ += blanks(1, 2) + flow(0);
        return end_line();
      case 2: {
        const std::size_t indent = column + 1 + below(4);
        out_ += " " + pick({"|", ">", "|-", ">-", "|+", "|"}) + "\n";
        for (auto count = 1 + below(3); count > 0; --count) {
          out_ +=
              std::string(indent, ' ') + pick({"text", "more # no comment", "a: b", "- c"}) + "\n";
          if (count > 1 && chance(3)) out_ += "\n";
        }
        return;
      }
      case 3:
        out_ += " one\n" + std::string(column + 2, ' ') + "two\n";
        return lines();
      default:
        break;
    }
    end_line();
    const bool is_flush = in_map && chance(3);
    block(is_flush ? column : column + 1 + below(4), depth + 1, is_flush);
  }

  void block(std::size_t column, int depth, bool must_be_list = false) {
    const bool is_list = must_be_list || chance(3);
    const auto count = 1 + below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      out_ += std::string(column, ' ');
      if (!is_list) {
        out_ += (chance(5) ? "'k" + std::to_string(i) + "'" : "k" + std::to_string(i)) +
                blanks(0, 1) + ":";
        value(column, depth, true);
      } else if (chance(3)) {
        const std::string gap = blanks(1, 3);
        out_ += "-" + gap + "first:";
        const std::size_t inner = column + 1 + gap.size();
        value(inner, depth + 1, true);
        out_ += std::string(inner, ' ') + "second: " + scalar();
        end_line();
      } else {
        out_ += "-";
        value(column, depth, false);
      }
    }
  }

  base::Random random_;
  std::string out_;
};

TEST_CASE("whatever is written in whatever way, its look settles at once and its meaning stays") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    const std::string text = RandomYaml(seed).make();
    INFO("seed " << seed);
    Problems problems;
    if (!parse_yaml(text, "r.yaml", problems) || problems.has_errors()) {
      INFO(text);
      FAIL(lines_of(problems.take()).front());
    }
    check_promises({"r.yaml", text});
  }
}

}  // namespace
}  // namespace nurtured::config
