// Pictures as text: Mermaid, Graphviz and HTML. Titles, conditions and names are what people wrote,
// so each writer escapes them for its language.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/encoding.h"
#include "content/escape.h"
#include "daemon/graph.h"

namespace nurtured::daemon {
namespace {

// A picture is looked at, not read: what is longer is cut, with an ellipsis.
constexpr std::size_t label_bytes_max = 240;
constexpr std::size_t line_code_points_max = 36;

struct Style {
  std::string_view name;  // of Mermaid's class
  std::string_view dot_shape;
  std::string_view mermaid_open;
  std::string_view mermaid_close;
  std::string_view fill;
  std::string_view line;
};

// By GraphLook. Colours that also people who do not tell red from green keep apart; a message's
// kind stands in its text as well.
constexpr std::array<Style, 10> styles{{
    {"event", "oval", "([", "])", "#e8eaf6", "#5c6bc0"},
    {"step", "box", "[", "]", "#ffffff", "#90a4ae"},
    {"choice", "diamond", "{", "}", "#ffffff", "#546e7a"},
    {"wait", "box", "(", ")", "#f5f5f5", "#9e9e9e"},
    {"value", "box", "[", "]", "#d5e8d4", "#5a8f52"},
    {"engagement", "box", "[", "]", "#d6e6fb", "#3f72b5"},
    {"offer", "box", "[", "]", "#ffe0b2", "#d77b00"},
    {"service", "box", "[", "]", "#eeeeee", "#757575"},
    {"playbook", "box", "[", "]", "#d6e6fb", "#3f72b5"},
    {"finish", "oval", "([", "])", "#eceff1", "#37474f"},
}};

const Style& style_of(GraphLook look) {
  return styles.at(static_cast<std::size_t>(look));
}

// U+FFFE and U+FFFF are valid UTF-8 and no characters of XML (XML 1.0, section 2.2).
void drop_noncharacters(std::string& text) {
  for (const std::string_view bad : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (auto at = text.find(bad); at != std::string::npos; at = text.find(bad, at)) {
      text.erase(at, bad.size());
    }
  }
}

std::string shown(std::string_view text) {
  std::string line = content::header_text(text);
  drop_noncharacters(line);
  const auto cut = base::cut_utf8(line, label_bytes_max);
  return cut.size() == line.size() ? line : std::string(cut) + "…";
}

// Broken at blanks where there are any.
std::vector<std::string> wrapped(std::string_view text) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t length = 0;
  const auto flush = [&] {
    if (!line.empty()) lines.push_back(std::move(line));
    line.clear();
    length = 0;
  };
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::size_t points = base::code_points(word);
    if (length > 0 && length + 1 + points > line_code_points_max) flush();
    if (length > 0) line += ' ';
    line += word;
    length += points + 1;
  }
  flush();
  return lines;
}

// Escapes each line for its language and puts its line breaks between them.
template <class Escape>
std::string label(const std::vector<std::string>& lines, std::string_view line_break,
                  Escape escape) {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out += line_break;
    out += escape(line);
  }
  return out;
}

std::vector<std::string> lines_of(const GraphNode& node) {
  auto lines = wrapped(shown(node.text));
  if (!node.name.empty() && node.name != node.text) lines.insert(lines.begin(), shown(node.name));
  return lines;
}

// All that Mermaid or Markdown might read as its own becomes a character code, which Mermaid writes
// with a number sign ("Entity codes to escape characters"). At the beginning also what would make a
// list: "1." or "-".
std::string escape_mermaid(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_letter =
        byte >= 0x80 || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    const bool is_plain =
        is_letter ||
        (!out.empty() && ((byte >= '0' && byte <= '9') ||
                          std::string_view(" .,:/+-").find(c) != std::string_view::npos));
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("#{};", byte);
    }
  }
  return out;
}

// In a quoted string backslashes begin escapes, and Graphviz resolves entities.
std::string escape_dot(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string to_mermaid(const Graph& graph) {
  const auto text = [](const std::vector<std::string>& lines) {
    return label(lines, "<br/>", escape_mermaid);
  };
  std::string out =
      fmt::format("flowchart TD\n  subgraph picture[\"{}\"]\n", escape_mermaid(shown(graph.title)));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& node = graph.nodes[i];
    const Style& style = style_of(node.look);
    out += fmt::format("  n{}{}\"{}\"{}:::{}\n", i, style.mermaid_open, text(lines_of(node)),
                       style.mermaid_close, style.name);
  }
  for (const GraphEdge& edge : graph.edges) {
    const std::string_view arrow = edge.is_side ? "-.->" : "-->";
    const auto lines = wrapped(shown(edge.label));
    out += lines.empty()
               ? fmt::format("  n{} {} n{}\n", edge.from, arrow, edge.to)
               : fmt::format("  n{} {}|\"{}\"| n{}\n", edge.from, arrow, text(lines), edge.to);
  }
  out += "  end\n";
  for (const Style& style : styles) {
    out += fmt::format("  classDef {} fill:{},stroke:{},color:#1b1b1b\n", style.name, style.fill,
                       style.line);
  }
  return out;
}

std::string to_dot(const Graph& graph) {
  const auto text = [](const std::vector<std::string>& lines) {
    return label(lines, "\\n", escape_dot);
  };
  std::string out = fmt::format(
      "digraph playbook {{\n"
      "  graph [label=\"{}\", labelloc=t, fontname=\"sans-serif\", fontsize=16]\n"
      "  node [fontname=\"sans-serif\", fontsize=11, margin=\"0.15,0.08\"]\n"
      "  edge [fontname=\"sans-serif\", fontsize=10, color=\"#607d8b\"]\n",
      escape_dot(shown(graph.title)));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& node = graph.nodes[i];
    const Style& style = style_of(node.look);
    out += fmt::format(
        "  n{} [label=\"{}\", shape={}, style=\"filled,rounded\", fillcolor=\"{}\", "
        "color=\"{}\"]\n",
        i, text(lines_of(node)), style.dot_shape, style.fill, style.line);
  }
  for (const GraphEdge& edge : graph.edges) {
    out += fmt::format("  n{} -> n{} [label=\"{}\"{}]\n", edge.from, edge.to,
                       text(wrapped(shown(edge.label))), edge.is_side ? ", style=dashed" : "");
  }
  return out + "}\n";
}

std::string to_html(const Graph& graph, std::string_view svg) {
  // What stands before the element belongs to a file of its own.
  svg.remove_prefix(std::min(svg.find("<svg"), svg.size()));
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n"
      "<style>body{{margin:1rem;text-align:center}}svg{{max-width:100%;height:auto}}</style>\n"
      "</head>\n<body>\n{}</body>\n</html>\n",
      content::escape_html(shown(graph.title)), svg);
}

}  // namespace nurtured::daemon
