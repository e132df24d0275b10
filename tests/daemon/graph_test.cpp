// Playbooks as boxes and arrows, and what hostile titles become in each language.
#include "daemon/graph.h"

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::daemon {
namespace {

std::shared_ptr<const config::Config> compiled(config::Workspace workspace) {
  auto result = config::compile(workspace, config::test_options());
  INFO(fmt::format("{}", fmt::join(config::lines_of(result.problems), "\n")));
  REQUIRE(result.config != nullptr);
  return result.config;
}

std::string shape(const Graph& graph) {
  std::string out;
  const auto name = [&](std::size_t box) {
    const GraphNode& node = graph.nodes.at(box);
    return node.name.empty() ? node.text : node.name + "=" + node.text;
  };
  for (const auto& edge : graph.edges) {
    out += name(edge.from) + (edge.is_side ? " ..> " : " --> ") + name(edge.to);
    if (!edge.label.empty()) out += " [" + edge.label + "]";
    out += "\n";
  }
  return out;
}

TEST_CASE("a playbook's picture says when it starts by the clock") {
  auto workspace = config::small_workspace();
  config::put(workspace, "segments.yaml", "segments: {hot: {if: contact.score > 5}}\n");
  config::put(workspace, "playbooks/p.yaml",
              "start:\n  - {schedule: \"0 10 * * TUE\", segment: hot}\n"
              "  - {once: \"2027-03-08 10:00\", segment: hot}\nsteps: [{tag: news}]\n");
  const auto config = compiled(workspace);
  const std::string picture = shape(graph_of(*config->book, *config->book->playbook("p")));
  CHECK(picture.find("schedule 0 10 * * TUE, segment hot") != std::string::npos);
  CHECK(picture.find("once 2027-03-08 10:00, segment hot") != std::string::npos);
}

TEST_CASE("a playbook's picture has its starts, its steps, its branches and its ends") {
  auto workspace = config::small_workspace();
  config::put(workspace, "playbooks/p.yaml", R"(title: All of it
start: {when: signed.up, if: event.plan == "pro"}
goal: {when: bought, within: 30d}
stop: [{when: complained}, {if: '"vip" in contact.tags'}]
steps:
  - {id: first, send: deal, while_held: go_on}
  - {id: click, wait_for: link.clicked, within: 1d}
  - id: which
    choose:
      - {if: contact.score > 5, then: [{id: out, end: true}]}
      - {if: contact.score > 3, then: [{id: warm, tag: warm}]}
)");
  const auto config = compiled(workspace);
  const Graph graph = graph_of(*config->book, *config->book->playbook("p"));
  CHECK(graph.title == "All of it");
  CHECK(shape(graph) ==
        "start=signed.up if event.plan == \"pro\" --> first=send deal (offer)\n"
        "first=send deal (offer) --> click=wait for link.clicked\n"
        "click=wait for link.clicked --> which=choose [it came / not within 1d]\n"
        "which=choose --> out=end [if contact.score > 5]\n"
        "which=choose --> warm=tag warm [if contact.score > 3]\n"
        "which=choose --> finished [else]\n"
        "warm=tag warm --> finished\n"
        "goal=bought within 30d ..> goal reached [at any step]\n"
        "stop=complained ..> stopped [at any step]\n"
        "stop=if \"vip\" in contact.tags ..> stopped [at any step]\n");
  CHECK(graph.nodes.at(0).look == GraphLook::offer);
  CHECK(graph.nodes.at(1).look == GraphLook::wait);
}

TEST_CASE("all playbooks are drawn with what starts them and what they set off") {
  auto workspace = config::small_workspace();
  config::put(workspace, "playbooks/a.yaml",
              "start: {when: signed.up}\nsteps: [{send: hello}, {emit: welcomed}, {move_to: "
              "decision}]\n");
  config::put(workspace, "playbooks/b.yaml",
              "title: Second\nstart: {when: welcomed, if: contact.score > 3}\ngoal: bought\n"
              "steps: [{send: deal, while_held: go_on}]\n");
  config::put(workspace, "playbooks/c.yaml",
              "start: [stage.moved]\nstop: [welcomed]\nsteps: [{send: bye}]\n");
  const auto config = compiled(workspace);
  CHECK(shape(graph_of(*config->book)) ==
        "signed.up --> a=a\n"
        "welcomed --> b=Second [if contact.score > 3]\n"
        "stage.moved --> c=c\n"
        "welcomed ..> c=c [stops it]\n"
        "a=a --> welcomed\n"
        "a=a --> stage.moved\n");
}

TEST_CASE("starts without an event, and playbooks that enroll and end others, are drawn") {
  auto workspace = config::small_workspace();
  config::put(workspace, "segments.yaml", "segments:\n  hot: {if: contact.score > 50}\n");
  config::put(workspace, "playbooks/a.yaml",
              "start: [{segment: hot}, {manual: true}]\n"
              "steps: [{enroll: b}, {leave: b}, {send: hello}]\n");
  config::put(workspace, "playbooks/b.yaml",
              "start: {date: contact.birthday, offset: -3d, at: \"10:00\", every: year}\n"
              "steps:\n  - id: ways\n    split:\n      short: {weight: 1, steps: [{send: hello}]}\n"
              "      long: {weight: 3, steps: [{send: bye}]}\n");
  const auto config = compiled(workspace);
  CHECK(shape(graph_of(*config->book)) ==
        "segment.entered: hot --> a=a\n"
        "by hand --> a=a\n"
        "date contact.birthday, 3d before at 10:00, every year --> b=b\n"
        "a=a --> b=b [enrolls / ends]\n");
  CHECK(shape(graph_of(*config->book, *config->book->playbook("b"))) ==
        "start=date contact.birthday, 3d before at 10:00, every year --> ways=split\n"
        "ways=split --> send:hello=send hello (value) [short (weight 1)]\n"
        "ways=split --> send:bye=send bye (value) [long (weight 3)]\n"
        "send:hello=send hello (value) --> finished\n"
        "send:bye=send bye (value) --> finished\n");
}

TEST_CASE("what people wrote cannot become anything else in a picture") {
  struct Case {
    std::string text;
    std::string mermaid;
    std::string dot;
    std::string html;
  };
  const std::vector<Case> cases{
      {"plain", "plain", "plain", "plain"},
      {"\"]; click n0 \"javascript:alert(1)\"",
       "#34;#93;#59; click n0 #34;javascript:alert#40;1#41;#34;",
       "\\\"]; click n0 \\\"javascript:alert(1)\\\"",
       "&quot;]; click n0 &quot;javascript:alert(1)&quot;"},
      {"<script>x</script>", "#60;script#62;x#60;/script#62;", "<script>x</script>",
       "&lt;script&gt;x&lt;/script&gt;"},
      {"a\nb\nc\td", "a b c d", "a b c d", "a b c d"},
      {"\x01\x1b[31m", "#91;31m", "[31m", "[31m"},
      {"&lt;b&gt;", "#38;lt#59;b#38;gt#59;", "&amp;lt;b&amp;gt;", "&amp;lt;b&amp;gt;"},
      {"\\N \\\\", "#92;N #92;#92;", "\\\\N \\\\\\\\", "\\N \\\\"},
      {"%%{init: {}}%%", "#37;#37;#123;init: #123;#125;#125;#37;#37;", "%%{init: {}}%%",
       "%%{init: {}}%%"},
      {"#quot;", "#35;quot#59;", "#quot;", "#quot;"},
      {"`**b**`", "#96;#42;#42;b#42;#42;#96;", "`**b**`", "`**b**`"},
      {"1. one", "#49;. one", "1. one", "1. one"},
      {"end", "end", "end", "end"},
      {"Запуск 启动 🚀", "Запуск 启动 🚀", "Запуск 启动 🚀", "Запуск 启动 🚀"},
      {"x\xef\xbf\xbfy", "xy", "xy", "xy"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const Graph graph{.title = c.text, .nodes = {}, .edges = {}};
    CHECK(to_mermaid(graph).find("[\"" + c.mermaid + "\"]\n") != std::string::npos);
    CHECK(to_dot(graph).find("[label=\"" + c.dot + "\",") != std::string::npos);
    CHECK(to_html(graph, "<svg/>").find("<title>" + c.html + "</title>") != std::string::npos);
  }
}

TEST_CASE("a text of any length makes a label that can be looked at") {
  const Graph graph{.title = std::string(100'000, 'x'), .nodes = {}, .edges = {}};
  const std::string text = to_mermaid(graph);
  CHECK(text.size() < 3000);
  CHECK(text.find("xx…\"]") != std::string::npos);
}

}  // namespace
}  // namespace nurtured::daemon
