// What the commands share: the workspace, the way to the running state, and printing. Private to
// cli/.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/book_keeper.h"
#include "daemon/cli/cli.h"
#include "daemon/operations.h"
#include "rules/cel/value.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library calls it so
class App;
}

namespace nurtured::daemon {
class Offline;
}

namespace nurtured::daemon::cli {

// One call of the program: what the options say, and what is to be done once all are read.
struct Call {
  Console& console;
  const World& world;
  std::string config{installed_config};
  std::function<int()> action;
};

// ---- the commands, each with its options (command_*.cpp)
void add_workspace_commands(CLI::App& app, Call& call);  // check, init, version
void add_daemon_commands(CLI::App& app, Call& call);     // run, status, plan, reload, pause, resume
void add_fmt(CLI::App& app, Call& call);
void add_graph(CLI::App& app, Call& call);
void add_schema(CLI::App& app, Call& call);
void add_lsp(CLI::App& app, Call& call);
void add_simulate(CLI::App& app, Call& call);
void add_test(CLI::App& app, Call& call);
void add_eval(CLI::App& app, Call& call);
void add_render(CLI::App& app, Call& call);
void add_state_commands(CLI::App& app, Call& call);  // explain, contact, event, touch, enrollment …
void add_store_commands(CLI::App& app, Call& call);  // backup, restore
void add_import(CLI::App& app, Call& call);

// `--format text|json`.
void add_format(CLI::App& command, std::string& format);
// Two lines or more that show how it is used, after the options.
void add_examples(CLI::App& command, std::string_view examples);

// ---- the workspace and the state

// A keeper of the workspace that --config names, without secrets: commands send nothing.
base::Result<std::unique_ptr<BookKeeper>> make_keeper(const Call& call);
// The folder as it was typed, for problems that editors jump to; empty where that is ".".
std::string typed_prefix(const Call& call);
// Its files, compiled; where they have errors, these are printed and there is no config: on stderr,
// and in the format `json` on stdout as {"error", "problems"}, the problems as `check` gives them.
BookFiles load_files(const Call& call, const BookKeeper& keeper, std::string_view format = "text");
// Likewise, where the config is all that is asked for.
std::shared_ptr<const config::Config> load_config(const Call& call, const BookKeeper& keeper,
                                                  std::string_view format = "text");

// The way to the running state for several questions: the daemon's socket, or the store itself,
// under its lock where `changing`, for as long as this lives.
class StateLink {
 public:
  static base::Result<StateLink> open(const Call& call, bool changing);
  ~StateLink();
  StateLink(StateLink&&) noexcept;
  StateLink& operator=(StateLink&&) = delete;

  base::Result<Answer> ask(std::string_view operation, const cel::Value& request);

 private:
  StateLink();
  std::unique_ptr<BookKeeper> keeper_;
  std::string control_;  // empty: no daemon runs
  std::unique_ptr<Offline> offline_;
};

// Asks the daemon, or does it on the store itself where none runs.
base::Result<Answer> ask(const Call& call, std::string_view operation, const cel::Value& request);
// The daemon's control socket; empty where there is no place for one.
std::string find_control(const Call& call, const BookKeeper& keeper);
// A contact as the store has it, for commands that work on drafts beside the daemon.
base::Result<rules::Contact> read_contact(const Call& call, const BookKeeper& keeper,
                                          const std::string& name);

// ---- printing

// {"error", "remedy"}, and "line", "column" where the place is known.
cel::Map to_map(const base::Error& error);
// The error on stderr; found_problem. In the format `json`, to_map() of it on stdout as well, so
// that a program finds an object there whatever happens.
int complain(const Call& call, const base::Error& error, std::string_view format = "text");
// The answer in the format asked for, or the error.
int print(const Call& call, const base::Result<Answer>& answer, std::string_view format);
// Text of which parts came from outside: control characters do not reach the terminal.
void print_text(std::ostream& out, std::string_view text);

// JSON from the command line.
base::Result<cel::Value> parse_json(std::string_view name, const std::string& text);
// A JSON object that an option gives; an empty one where it is left out. Throws
// CLI::ValidationError for anything else, which is wrong usage: for callbacks of commands.
cel::Value json_option(std::string_view name, const std::string& text);

}  // namespace nurtured::daemon::cli
