#include "daemon/cli/completion.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace nurtured::daemon::cli {
namespace {

// CLI11 keeps what CLI::IsMember allows in the option's description alone: "TEXT:{text,json}".
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', std::min(open, type.size()));
  if (close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

CompletionOption read_option(const CLI::Option& option) {
  CompletionOption out;
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  out.help = option.get_description();
  out.takes_value = option.get_items_expected_max() > 0;
  out.values = values_of(option);
  return out;
}

void read_command(const CLI::App& app, const std::string& path,
                  const std::vector<CompletionOption>& of_program,
                  std::vector<CompletionCommand>& out) {
  CompletionCommand command{.path = path, .help = app.get_description(), .options = of_program};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty() && option->get_snames().empty()) {
      const auto values = values_of(*option);
      command.argument_values.insert(command.argument_values.end(), values.begin(), values.end());
    } else if (CompletionOption read = read_option(*option);
               std::ranges::find(of_program, read.names, &CompletionOption::names) ==
               of_program.end()) {
      command.options.push_back(std::move(read));
    }
  }
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : below) command.subcommands.push_back(sub->get_name());
  out.push_back(std::move(command));
  for (const CLI::App* sub : below) {
    read_command(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), of_program,
                 out);
  }
}

// One word to bash and zsh, whatever it holds; to fish as well where backslashes are doubled.
std::string shell_word(std::string_view text, bool for_fish = false) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += for_fish ? "\\'" : "'\\''";
    } else if (c == '\\' && for_fish) {
      out += "\\\\";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

std::string words_of(const CompletionCommand& command) {
  std::string out = fmt::format("{} {}", fmt::join(command.subcommands, " "),
                                fmt::join(command.argument_values, " "));
  for (const auto& option : command.options)
    out += fmt::format(" {}", fmt::join(option.names, " "));
  return out;
}

// `"a" | "b"`: patterns of a shell's `case`.
std::string patterns(const std::string& before, const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += " | ";
    out += fmt::format("\"{} {}\"", before, name);
  }
  return out;
}

// The lines of a `case "$command $word"` that follow the words to the command they name, and of a
// `case "$command $former"` for the values of options; bash and zsh read both alike.
std::string path_cases(const std::vector<CompletionCommand>& commands) {
  std::string out;
  for (const auto& command : commands) {
    if (command.subcommands.empty()) continue;
    out += fmt::format("      {}) command=\"${{command:+$command }}$word\" ;;\n",
                       patterns(command.path, command.subcommands));
  }
  return out;
}

std::string value_cases(const std::vector<CompletionCommand>& commands, std::string_view offer,
                        std::string_view otherwise) {
  std::string out;
  for (const auto& command : commands) {
    for (const auto& option : command.options) {
      if (!option.takes_value) continue;
      const std::string what =
          option.values.empty()
              ? std::string(otherwise)
              : fmt::format(fmt::runtime(offer),
                            shell_word(fmt::format("{}", fmt::join(option.values, " "))));
      out += fmt::format("    {}) {} return ;;\n", patterns(command.path, option.names), what);
    }
  }
  return out;
}

}  // namespace

std::vector<CompletionCommand> completion_commands(const CLI::App& app) {
  std::vector<CompletionOption> of_program;
  for (const CLI::Option* option : app.get_options()) of_program.push_back(read_option(*option));
  std::vector<CompletionCommand> commands;
  read_command(app, "", of_program, commands);
  return commands;
}

std::string bash_completion(const std::vector<CompletionCommand>& commands) {
  std::string words;
  for (const auto& command : commands) {
    words += fmt::format("    {}) words={} ;;\n", shell_word(command.path),
                         shell_word(words_of(command)));
  }
  return fmt::format(
      R"(# bash: source <(nurtured completion bash)
_nurtured() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} former=${{COMP_WORDS[COMP_CWORD - 1]}} command='' words='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$command $word" in
{}    esac
  done
  COMPREPLY=()
  case "$command $former" in
{}  esac
  case "$command" in
{}  esac
  # What is no option and no command is a file's name, which bash completes itself.
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _nurtured nurtured
)",
      path_cases(commands),
      value_cases(commands, R"(mapfile -t COMPREPLY < <(compgen -W {} -- "$current");)", ""),
      words);
}

std::string zsh_completion(const std::vector<CompletionCommand>& commands) {
  std::string words;
  for (const auto& command : commands) {
    words += fmt::format("    {}) offered={} ;;\n", shell_word(command.path),
                         shell_word(words_of(command)));
  }
  return fmt::format(R"(#compdef nurtured
# zsh: source <(nurtured completion zsh)
_nurtured() {{
  local former=${{words[CURRENT - 1]}} command='' offered='' word
  for word in "${{(@)words[2,CURRENT - 1]}}"; do
    case "$command $word" in
{}    esac
  done
  case "$command $former" in
{}  esac
  case "$command" in
{}  esac
  compadd -- ${{=offered}}
  _files
}}
compdef _nurtured nurtured
)",
                     path_cases(commands), value_cases(commands, "compadd -- ${{={}}};", "_files;"),
                     words);
}

std::string fish_completion(const std::vector<CompletionCommand>& commands) {
  std::string paths;
  std::string offers;
  for (const auto& command : commands) {
    const std::string at =
        fmt::format("complete -c nurtured -n {}",
                    shell_word("__nurtured_at " + shell_word(command.path, true), true));
    for (const auto& name : command.subcommands) {
      paths +=
          fmt::format("      case {}\n        set command (string trim -- \"$command $word\")\n",
                      shell_word(command.path + " " + name, true));
      const std::string below = command.path.empty() ? name : command.path + " " + name;
      const auto found = std::ranges::find(commands, below, &CompletionCommand::path);
      offers += fmt::format("{} -f -a {} -d {}\n", at, shell_word(name, true),
                            shell_word(found->help, true));
    }
    for (const auto& value : command.argument_values) {
      offers += fmt::format("{} -f -a {}\n", at, shell_word(value, true));
    }
    for (const auto& option : command.options) {
      offers += at;
      for (const auto& name : option.names) {
        offers += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.values.empty()) {
        offers += " -x -a " + shell_word(fmt::format("{}", fmt::join(option.values, " ")), true);
      } else if (option.takes_value) {
        offers += " -r";
      }
      offers += fmt::format(" -d {}\n", shell_word(option.help, true));
    }
  }
  return fmt::format(R"(# fish: nurtured completion fish | source
function __nurtured_at
  set -l command ''
  for word in (commandline -opc)[2..]
    switch "$command $word"
{}    end
  end
  test "$command" = "$argv[1]"
end
{})",
                     paths, offers);
}

}  // namespace nurtured::daemon::cli
