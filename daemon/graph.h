// Playbooks as pictures: `nurtured graph`. From the book to boxes and arrows, and from those to the
// texts that draw them. What a step is called and where it leads comes from rules/step_edges.h, so
// that a new kind of step is drawn like any other. Pure; the same book gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/book.h"

namespace nurtured::daemon {

// What a box stands for, which decides its form and colour.
enum class GraphLook : std::uint8_t {
  event,  // something happens
  step,
  choice,
  wait,
  value,       // a message, by its kind
  engagement,  // likewise
  offer,       // likewise
  service,     // a reply, a reminder, a receipt; or a message that there is none of
  playbook,
  finish,
};

struct GraphNode {
  GraphLook look = GraphLook::step;
  std::string name;  // a step's or a playbook's id; may be empty
  std::string text;
};

struct GraphEdge {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string label;     // may be empty
  bool is_side = false;  // not the way through: what may happen at any moment
};

// Texts are as people wrote them: whoever draws escapes them.
struct Graph {
  std::string title;
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;  // no two from one box to the same other
};

// One playbook: its starts, steps and ends, and what ends it early.
Graph graph_of(const rules::Book& book, const rules::Playbook& playbook);
// All current playbooks, the events that start them, and what they set off in one another.
Graph graph_of(const rules::Book& book);

// A `flowchart` of Mermaid (mermaid.js.org/syntax/flowchart.html), which GitHub and GitLab draw.
std::string to_mermaid(const Graph& graph);
// Graphviz' language (graphviz.org/doc/info/lang.html), for its program `dot`.
std::string to_dot(const Graph& graph);
// A page around the SVG that `dot` made of it; it runs no script and loads nothing.
std::string to_html(const Graph& graph, std::string_view svg);

}  // namespace nurtured::daemon
