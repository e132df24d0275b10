#include "daemon/visitor.h"

#include <fstream>
#include <sstream>

#include "tests/catch.h"

using namespace nurtured;

namespace {

struct Case {
  rules::VisitKind kind;
  bool is_machine = false;
  std::string agent;
  http::Headers headers;
  std::string source;
};

std::vector<Case> corpus() {
  std::vector<Case> cases;
  std::ifstream file("tests/daemon/visitors.tsv");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::vector<std::string> cells;
    std::istringstream cut(line);
    for (std::string cell; std::getline(cut, cell, '\t');) cells.push_back(cell);
    REQUIRE(cells.size() == 5);
    Case c{.kind = cells[0] == "open" ? rules::VisitKind::open : rules::VisitKind::click,
           .is_machine = cells[1] == "machine",
           .agent = cells[2],
           .headers = {},
           .source = cells[4]};
    if (!c.agent.empty()) c.headers.add("User-Agent", c.agent);
    if (const auto colon = cells[3].find(": "); colon != std::string::npos) {
      c.headers.add(cells[3].substr(0, colon), cells[3].substr(colon + 2));
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace

TEST_CASE("programs are known by what they publish of themselves, and people are left alone") {
  const auto cases = corpus();
  REQUIRE(cases.size() > 80);
  for (const Case& c : cases) {
    INFO(c.agent << " (" << c.source << ")");
    CHECK(daemon::machine_reason(c.headers, c.kind).empty() != c.is_machine);
  }
}

TEST_CASE("an agent of any bytes and length is judged") {
  for (const std::string& agent :
       {std::string(8000, 'a'), std::string("\xff\xfe\x00x", 4), std::string(8000, '\xd0')}) {
    http::Headers headers;
    headers.add("User-Agent", agent);
    CHECK(daemon::machine_reason(headers, rules::VisitKind::click).empty());
  }
}
