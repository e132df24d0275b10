// What a shell offers when Tab is pressed, for bash, zsh and fish. Made from the tree of commands
// that the command line is read by, so that it never falls behind it. Private to cli/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library calls it so
class App;
}

namespace nurtured::daemon::cli {

struct Call;
void add_completion(CLI::App& app, Call& call);

struct CompletionOption {
  std::vector<std::string> names;  // "--format", "-h"
  std::string help;
  bool takes_value = false;
  std::vector<std::string> values;  // those that it takes; none: any, such as a file
};

struct CompletionCommand {
  std::string path;  // "contact add"; empty: the program itself
  std::string help;
  std::vector<CompletionOption> options;     // the program's own among them
  std::vector<std::string> subcommands;      // their names
  std::vector<std::string> argument_values;  // what its arguments may be, where that is listed
};

// The program and all commands below it, each before its own.
std::vector<CompletionCommand> completion_commands(const CLI::App& app);

// A script for the shell to read; none of the texts in it is run.
std::string bash_completion(const std::vector<CompletionCommand>& commands);
std::string zsh_completion(const std::vector<CompletionCommand>& commands);
std::string fish_completion(const std::vector<CompletionCommand>& commands);

}  // namespace nurtured::daemon::cli
