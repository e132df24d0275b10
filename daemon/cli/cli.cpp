#include "daemon/cli/cli.h"

#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>

#include "config/section.h"
#include "daemon/cli/completion.h"
#include "daemon/cli/toolbox.h"

namespace nurtured::daemon::cli {
namespace {

constexpr const char* description =
    "nurtured: marketing automation by playbooks. Events about people come in, playbooks decide "
    "what each of them should get and when, and the messages leave on time.";

constexpr const char* first_steps =
    "Examples:\n"
    "  nurtured init shop && nurtured --config shop check\n"
    "  nurtured --config shop simulate --events march.jsonl --until 2026-04-01T00:00:00Z\n"
    "  nurtured --config shop test\n"
    "  nurtured --config shop run\n"
    "  nurtured --config shop explain anna@example.org\n\n"
    "`nurtured COMMAND --help` shows more of each. Exit status: 0 done, 1 found a problem, 2 wrong "
    "usage.";

void add_commands(CLI::App& app, Call& call) {
  add_daemon_commands(app, call);
  add_workspace_commands(app, call);
  add_fmt(app, call);
  add_graph(app, call);
  add_schema(app, call);
  add_lsp(app, call);
  add_simulate(app, call);
  add_test(app, call);
  add_render(app, call);
  add_eval(app, call);
  add_state_commands(app, call);
  add_store_commands(app, call);
  add_import(app, call);
  add_completion(app, call);
}

// A misspelt command is named, with the nearest. False when that is not what is wrong.
bool complain_of_command(const CLI::App& app, Console& console) {
  const auto surplus = app.remaining();
  if (!app.get_subcommands().empty() || surplus.empty()) return false;
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  base::Error error;
  error.message = "there is no command " + surplus.front();
  error.remedy = config::did_you_mean(surplus.front(), names, "see `nurtured --help`");
  print_text(console.err, "nurtured: " + base::to_string(error) + "\n");
  return true;
}

}  // namespace

int run(const std::vector<std::string>& arguments, Console& console, const World& world) {
  Call call{.console = console, .world = world};
  CLI::App app(description, "nurtured");
  app.fallthrough();
  app.require_subcommand(1);
  app.footer(first_steps);
  app.set_help_flag("-h,--help", "what a command does, by examples");
  app.add_option("--config", call.config, "the workspace: a folder, or its nurtured.yaml")
      ->option_text("PATH (/etc/nurtured)");
  app.add_flag_callback(
      "--version", [] { throw CLI::CallForVersion(NURTURED_VERSION, 0); }, "the program's version");
  add_commands(app, call);
  try {
    // CLI11 takes them from the last to the first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    if (complain_of_command(app, console)) return wrong_usage;
    return app.exit(error, console.out, console.err) == 0 ? done : wrong_usage;
  }
  return call.action();
}

}  // namespace nurtured::daemon::cli
