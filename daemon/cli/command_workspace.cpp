// check, init, version: what concerns the files alone.
#include <filesystem>
#include <fstream>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/lint_pages.h"
#include "config/section.h"
#include "config/workspace.h"
#include "daemon/cli/toolbox.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

cel::Value lint_value(const config::LintPage& page, bool is_whole) {
  cel::Map map{{"name", page.name},
               {"title", config::lint_title(page)},
               {"doc", config::lint_doc(page.name).value_or("")}};
  if (is_whole) map.set("text", page.text);
  return map;
}

int check(const Call& call, const std::string& format) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error(), format);
  BookFiles files = (*keeper)->read();
  const auto scenarios = add_scenarios(files);
  const config::PrintOptions options{.prefix = typed_prefix(call), .colour = call.console.colour};
  if (format == "json") {
    call.console.out << config::problems_json(files.problems, options) << '\n';
  } else {
    config::print_problems(
        call.console.out, files.problems,
        [&](std::string_view path) { return files.workspace.source(path); }, options);
  }
  if (config::has_errors(files.problems)) return found_problem;
  if (format != "json") {
    call.console.out << fmt::format("good (playbooks: {}, messages: {}, scenarios: {})\n",
                                    files.config->book->current().size(),
                                    files.config->messages.size(), scenarios.size());
  }
  return done;
}

// `check --explain NAME`
int explain_lint(const Call& call, const std::string& name, const std::string& format) {
  const config::LintPage* page = config::find_lint_page(name);
  if (page == nullptr) {
    return complain(
        call,
        {ErrorKind::not_found,
         fmt::format("`check` warns of nothing called {}", name),
         config::did_you_mean(name, config::lint_names(), "see `nurtured check --list`"),
         {}},
        format);
  }
  if (format == "json") {
    call.console.out << cel::to_json(lint_value(*page, true)) << '\n';
  } else {
    print_text(call.console.out, page->text);
  }
  return done;
}

// `check --list`
int list_lints(const Call& call, const std::string& format) {
  if (format == "json") {
    cel::List all;
    for (const config::LintPage& page : config::lint_pages())
      all.push_back(lint_value(page, false));
    call.console.out << cel::to_json(std::move(all)) << '\n';
    return done;
  }
  for (const config::LintPage& page : config::lint_pages()) {
    print_text(call.console.out, fmt::format("{:20} {}\n", page.name, config::lint_title(page)));
  }
  return done;
}

Result<void> write_new(const std::filesystem::path& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return base::fail(ErrorKind::disk, path.parent_path().string() + ": " + error.message());
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return {};
  return base::fail(ErrorKind::disk, path.string() + " cannot be written");
}

int init(const Call& call, const std::string& folder, const std::string& preset) {
  const auto files = config::preset_workspace(preset);
  for (const auto& file : files) {
    const auto path = std::filesystem::path(folder) / file.path;
    if (!std::filesystem::exists(path)) continue;
    return complain(
        call,
        {ErrorKind::conflict, path.string() + " exists", "name a folder without a workspace", {}});
  }
  for (const auto& file : files) {
    const auto written = write_new(std::filesystem::path(folder) / file.path, file.text);
    if (!written) return complain(call, written.error());
    print_text(call.console.out,
               fmt::format("{}\n", (std::filesystem::path(folder) / file.path).string()));
  }
  print_text(call.console.out, fmt::format("next: nurtured --config {} check\n", folder));
  return done;
}

}  // namespace

void add_workspace_commands(CLI::App& app, Call& call) {
  const auto format = std::make_shared<std::string>("text");
  auto* check_command = app.add_subcommand(
      "check", "load everything and print every problem with its place and what would be right");
  add_format(*check_command, *format);
  const auto explained = std::make_shared<std::string>();
  const auto lists = std::make_shared<bool>(false);
  auto* explain = check_command->add_option(
      "--explain", *explained, "what a warning of this name means, and how to mend or silence it");
  explain->type_name("NAME");
  check_command->add_flag("--list", *lists, "all that is warned of, by name")->excludes(explain);
  add_examples(*check_command,
               "  nurtured --config shop check\n"
               "  nurtured check --explain held-for-ever\n"
               "  nurtured check --format json | jq '.[] | select(.severity == \"error\")'");
  check_command->callback([&call, format, explained, lists] {
    call.action = [&call, format, explained, lists] {
      if (*lists) return list_lints(call, *format);
      return explained->empty() ? check(call, *format) : explain_lint(call, *explained, *format);
    };
  });

  const auto folder = std::make_shared<std::string>();
  auto* init_command = app.add_subcommand("init", "write a first workspace");
  init_command->add_option("FOLDER", *folder,
                           "made where it does not exist; where left out, what --config names, or "
                           "here");
  const auto preset = std::make_shared<std::string>(config::default_preset);
  init_command
      ->add_option("--preset", *preset, "a workspace for your trade instead of the smallest one")
      ->check(CLI::IsMember(config::preset_names()));
  add_examples(*init_command,
               "  nurtured init shop\n"
               "  nurtured init shop --preset retail\n"
               "  mkdir shop && cd shop && nurtured init");
  init_command->callback([&app, &call, folder, preset] {
    if (folder->empty()) {
      *folder = app.count("--config") > 0 ? workspace_folder(call.config) : ".";
    }
    call.action = [&call, folder, preset] { return init(call, *folder, *preset); };
  });

  auto* version_command = app.add_subcommand("version", "the program's version");
  const auto version_format = std::make_shared<std::string>("text");
  add_format(*version_command, *version_format);
  add_examples(*version_command, "  nurtured version\n  nurtured version --format json");
  version_command->callback([&call, version_format] {
    call.action = [&call, version_format] {
      const bool is_json = *version_format == "json";
      call.console.out << (is_json ? R"({"version":")" : "nurtured ") << NURTURED_VERSION
                       << (is_json ? "\"}\n" : "\n");
      return done;
    };
  });
}

}  // namespace nurtured::daemon::cli
