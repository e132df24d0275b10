// graph: playbooks as pictures.
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/section.h"
#include "daemon/cli/program.h"
#include "daemon/cli/replace_file.h"
#include "daemon/cli/toolbox.h"
#include "daemon/graph.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

struct GraphOptions {
  std::string playbook;
  std::string format = "mermaid";
  std::string output;
};

Result<Graph> find_graph(const rules::Book& book, const std::string& name) {
  if (name.empty()) return graph_of(book);
  if (const auto* playbook = book.playbook(name)) return graph_of(book, *playbook);
  std::vector<std::string> names;
  for (const auto& playbook : book.current()) names.push_back(playbook->id);
  return base::fail(
      ErrorKind::not_found, "there is no playbook " + name,
      config::did_you_mean(name, names, "playbooks are the files playbooks/NAME.yaml"));
}

// docs/decisions/0007 says why a program and not its library.
Result<std::string> lay_out(const Graph& graph) {
  auto svg = run_filter({"dot", "-Tsvg"}, to_dot(graph));
  if (svg || !svg.error().remedy.empty()) return svg;
  base::Error error = svg.error();
  error.remedy = error.kind == ErrorKind::not_found
                     ? "install Graphviz (apt install graphviz), or use --format mermaid"
                     : "use --format mermaid, or --format dot and another layout";
  return base::fail(std::move(error));
}

Result<std::string> draw(const Graph& graph, const std::string& format) {
  if (format == "mermaid") return to_mermaid(graph);
  if (format == "dot") return to_dot(graph);
  auto svg = lay_out(graph);
  if (!svg || format == "svg") return svg;
  return to_html(graph, *svg);
}

int graph(const Call& call, const GraphOptions& options) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error());
  const auto config = load_config(call, **keeper);
  if (config == nullptr) return found_problem;
  const auto found = find_graph(*config->book, options.playbook);
  if (!found) return complain(call, found.error());
  const auto text = draw(*found, options.format);
  if (!text) return complain(call, text.error());
  if (options.output.empty()) {
    print_text(call.console.out, *text);
    return done;
  }
  const auto written = replace_file(options.output, *text);
  return written ? done : complain(call, written.error());
}

}  // namespace

void add_graph(CLI::App& app, Call& call) {
  const auto options = std::make_shared<GraphOptions>();
  auto* command = app.add_subcommand(
      "graph", "a playbook as a picture; without a name, how all of them feed one another");
  command->add_option("PLAYBOOK", options->playbook, "its id");
  command
      ->add_option("--format", options->format,
                   "mermaid, which many wikis draw; dot, for Graphviz; svg and html by Graphviz")
      ->check(CLI::IsMember({"mermaid", "svg", "dot", "html"}))
      ->option_text("FORMAT (mermaid)");
  command->add_option("--output", options->output, "the file to write")->option_text("FILE");
  add_examples(*command,
               "  nurtured --config shop graph checklist-to-webinar\n"
               "  nurtured --config shop graph checklist-to-webinar --format svg --output "
               "webinar.svg\n"
               "  nurtured --config shop graph --format html --output playbooks.html");
  command->callback(
      [&call, options] { call.action = [&call, options] { return graph(call, *options); }; });
}

}  // namespace nurtured::daemon::cli
