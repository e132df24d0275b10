// completion: what a shell offers when Tab is pressed.
#include <ostream>

#include <CLI/CLI.hpp>

#include "daemon/cli/completion.h"
#include "daemon/cli/toolbox.h"

namespace nurtured::daemon::cli {

void add_completion(CLI::App& app, Call& call) {
  const auto shell = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("completion", "a script that makes your shell complete these commands");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  add_examples(*command,
               "  source <(nurtured completion bash)\n"
               "  nurtured completion bash > /etc/bash_completion.d/nurtured\n"
               "  nurtured completion fish > ~/.config/fish/completions/nurtured.fish");
  command->callback([&app, &call, shell] {
    call.action = [&app, &call, shell] {
      const auto commands = completion_commands(app);
      call.console.out << (*shell == "bash"  ? bash_completion(commands)
                           : *shell == "zsh" ? zsh_completion(commands)
                                             : fish_completion(commands));
      return done;
    };
  });
}

}  // namespace nurtured::daemon::cli
