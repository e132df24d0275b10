// However a sample is mangled, compile() answers: a Config without errors, or errors without one.
#include <algorithm>

#include "base/random.h"
#include "config/format.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

constexpr std::string_view fragments[] = {"\n",
                                          " ",
                                          "  - ",
                                          ": ",
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          "\"",
                                          "'",
                                          "|\n  ",
                                          ">\n ",
                                          "&a ",
                                          "*a",
                                          "!t ",
                                          "---\n",
                                          "#",
                                          "null",
                                          "true",
                                          "-1",
                                          "1e999",
                                          "{{",
                                          "}}",
                                          "{%",
                                          "%}",
                                          "${env:X}",
                                          "\t",
                                          "\xff",
                                          "\xf0\x9f\x98\x80",
                                          "steps:",
                                          "send:",
                                          "if:",
                                          "==",
                                          "did(\"x\", \"1d\")",
                                          "999999999999999999999d",
                                          "\\u0000"};

std::string mutated(std::string text, base::Random& random) {
  const std::size_t times = 1 + random.below(4);
  for (std::size_t i = 0; i < times; ++i) {
    const std::size_t at = text.empty() ? 0 : random.below(text.size());
    switch (random.below(5)) {
      case 0:
        text.erase(at, 1 + random.below(12));
        break;
      case 1:
        text.insert(at, fragments[random.below(std::size(fragments))]);
        break;
      case 2:
        if (!text.empty()) text[at] = static_cast<char>(random.below(256));
        break;
      case 3: {
        const std::string piece = text.substr(at, random.below(40));
        text.insert(text.empty() ? 0 : random.below(text.size()), piece);
        break;
      }
      default: {
        const std::size_t line = text.rfind('\n', at);
        const std::size_t end = text.find('\n', at);
        if (line != std::string::npos && end != std::string::npos) text.erase(line, end - line);
      }
    }
  }
  return text;
}

TEST_CASE("compile answers to every mutation of the samples") {
  const CompileOptions options = test_options();
  for (const char* folder : {"config/default", "config/examples/expert"}) {
    const auto sample = read_workspace(folder);
    REQUIRE(sample.has_value());
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
      base::Random random(seed);
      Workspace workspace = *sample;
      File& file = workspace.files[random.below(workspace.files.size())];
      file.text = mutated(std::move(file.text), random);
      const Compiled compiled = compile(workspace, options);
      const bool agrees = (compiled.config == nullptr) == has_errors(compiled.problems);
      if (!agrees) {
        INFO(folder << ", seed " << seed << ", " << file.path << ":\n" << file.text);
        FAIL_CHECK("a config with errors, or none without");
      }
    }
  }
}

TEST_CASE("the formatter settles every mutation of the samples, or says why it does not") {
  const auto sample = read_workspace("config/examples/expert");
  REQUIRE(sample.has_value());
  std::size_t formatted = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    base::Random random(seed);
    File file = sample->files[random.below(sample->files.size())];
    file.text = mutated(std::move(file.text), random);
    INFO("seed " << seed << ", " << file.path << ":\n" << file.text);
    Problems problems;
    const auto once = format_file(file, problems);
    if (!once) {
      const auto found = problems.take();
      REQUIRE_FALSE(found.empty());
      REQUIRE(found.front().remedy.find("fault of ours") == std::string::npos);
      continue;
    }
    ++formatted;
    REQUIRE(format_file({file.path, *once}, problems) == once);
  }
  CHECK(formatted > 2000);
}

}  // namespace
}  // namespace nurtured::config
