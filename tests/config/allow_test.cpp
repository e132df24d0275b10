// `# nurtured: allow NAME`: where it is a comment, which line it speaks of, and what it silences.
#include "config/allow.h"

#include <fmt/format.h>

#include "base/random.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

// "LINE:COL NAME>LINE that it speaks of", one after another.
std::string shape(const std::string& text) {
  std::string out;
  for (const Allow& allow : read_allows(text, "x.yaml")) {
    out += fmt::format("{}{}:{} {}>{}", out.empty() ? "" : ", ", allow.place.line,
                       allow.place.column, allow.name.empty() ? "?" : allow.name, allow.line);
  }
  return out;
}

TEST_CASE("an allow speaks of its own line, or of the next one where it stands alone") {
  struct Case {
    std::string text;
    std::string shape;
  };
  const std::vector<Case> cases = {
      {"a: 1 # nurtured: allow raw — why\n", "1:6 raw>1"},
      {"a: 1\t# nurtured: allow raw", "1:6 raw>1"},
      {"a: 1 # nurtured: allow raw\r\nb: 2\r\n", "1:6 raw>1"},
      {"# nurtured: allow raw\na: 1\n", "1:1 raw>2"},
      {"  # nurtured: allow raw\n\n# more\na: 1\n", "1:3 raw>4"},
      {"# nurtured: allow raw\n# nurtured: allow unused-file\na: 1\n",
       "1:1 raw>3, 2:1 unused-file>3"},
      {"a: 1\n# nurtured: allow raw\n", "2:1 raw>2"},
      {"#nurtured:allow raw\na: 1\n", "1:1 raw>2"},
      {"ключ: да # nurtured: allow raw\n", "1:10 raw>1"},
      {"a: |  # nurtured: allow raw\n  text\n", "1:7 raw>1"},
      {"a: |\n  text\n# nurtured: allow raw\nb: 1\n", "3:1 raw>4"},
      {"a: 'it''s' # nurtured: allow raw\n", "1:12 raw>1"},
      {"\xef\xbb\xbf"
       "a: 1 # nurtured: allow raw\n",
       "1:6 raw>1"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(shape(c.text) == c.shape);
  }
}

TEST_CASE("hostile and misspelt allows are no allows, and none stands inside a text") {
  const std::string long_name(200, 'a');
  struct Case {
    std::string text;
    std::string shape;
  };
  const std::vector<Case> cases = {
      {"", ""},
      {"a: \"# nurtured: allow raw\"\n", ""},
      {"a: \"x \\\" # nurtured: allow raw\"\n", ""},
      {"a: '# nurtured: allow raw'\n", ""},
      {"a: 'it''s # nurtured: allow raw'\n", ""},
      {"a: \"x\n  # nurtured: allow raw\n  y\"\n", ""},
      {"a: |\n  # nurtured: allow raw\n  y\n", ""},
      {"a: >-\n\n    # nurtured: allow raw\n\n    # nurtured: allow raw\nb: 1\n", ""},
      {"\"# nurtured: allow raw\": 1\n", ""},
      {"'a # nurtured: allow raw': 1\n", ""},
      {"a: x# nurtured: allow raw\n", ""},
      {"a: [\"# nurtured: allow raw\", {b: '# nurtured: allow raw'}]\n", ""},
      {"a: 1 # nurtured\n", ""},
      {"a: 1 # nurtured allow raw\n", ""},
      {"a: 1 # nurtured:\n", "1:6 ?>1"},
      {"a: 1 # nurtured: allow\n", "1:6 ?>1"},
      {"a: 1 # nurtured: allow \n", "1:6 ?>1"},
      {"a: 1 # nurtured: allowed raw\n", "1:6 ?>1"},
      {"a: 1 # nurtured: alow raw\n", "1:6 ?>1"},
      {"a: 1 # nurtured: allow RAW\n", "1:6 ?>1"},
      {"a: 1 # nurtured: allow \x1b[31m\n", ""},
      {"a: 1 # nurtured: allow сырой\n", "1:6 ?>1"},
      {"a: 1 # nurtured: allow " + long_name + "\n", "1:6 ?>1"},
      {"a: [1 # nurtured: allow raw\n", ""},
      {"a: &x 1 # nurtured: allow raw\n  : ]\n", ""},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(shape(c.text) == c.shape);
  }
}

TEST_CASE("a file's allows are bounded") {
  std::string text;
  for (std::size_t i = 0; i < allows_max + 10; ++i) text += "# nurtured: allow raw\n";
  CHECK(read_allows(text, "x.yaml").size() == allows_max);
}

TEST_CASE("read_allows answers to every mutation of a file with comments") {
  const std::string sample =
      "# nurtured: allow raw — why\nsteps:\n  - send: 'a # b' # nurtured: allow raw\n"
      "  - notify: |  # nurtured: allow raw\n      # text\n      more\n  - {a: \"x \\\" #\", b: "
      "[1]}\n";
  constexpr std::string_view letters =
      "#'\"\\|>-:[]{}\n\r\t \xef\xbb\xbf\xff"
      "a0";
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    base::Random random(seed);
    std::string text = sample;
    for (std::size_t i = 0; i <= random.below(6); ++i) {
      const std::size_t at = random.below(text.size());
      if (random.below(2) == 0) text.erase(at, 1 + random.below(4));
      text.insert(std::min(at, text.size()), 1, letters[random.below(letters.size())]);
    }
    for (const Allow& allow : read_allows(text, "x.yaml")) {
      const bool is_sound =
          allow.place.line >= 1 && allow.place.column >= 1 && allow.line >= allow.place.line;
      if (!is_sound) FAIL_CHECK("seed " << seed << ":\n" << text);
    }
  }
}

TEST_CASE("errors are never silenced") {
  const Compiled compiled = compile_with(
      "playbooks/p.yaml", "start: page.viewed\nsteps: [{send: nobody}] # nurtured: allow raw\n");
  CHECK(compiled.config == nullptr);
  CHECK(has_errors(compiled.problems));
  for (const Problem& problem : compiled.problems) CHECK(problem.name != "unused-allow");
}

}  // namespace
}  // namespace nurtured::config
