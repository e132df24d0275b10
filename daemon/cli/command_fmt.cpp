// fmt: the canonical look of a workspace's files.
#include <filesystem>
#include <fstream>
#include <ostream>

#include <CLI/CLI.hpp>

#include "config/format.h"
#include "config/workspace.h"
#include "daemon/cli/replace_file.h"
#include "daemon/cli/toolbox.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

struct FmtOptions {
  std::vector<std::string> files;
  bool check = false;
};

bool is_known(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".md");
}

Result<config::File> read_named(const std::string& path) {
  if (!is_known(path)) {
    return base::fail(path + " is no file that fmt knows", "name files that end in .yaml or .md");
  }
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return base::fail(ErrorKind::not_found, "there is no file " + path);
  }
  constexpr std::size_t bytes_max = config::WorkspaceLimits{}.file_bytes_max;
  std::ifstream stream(path, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (!stream && !stream.eof())) {
    return base::fail(ErrorKind::disk, path + " cannot be read");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > bytes_max) {
    return base::fail(ErrorKind::too_large,
                      path + " has more than " + std::to_string(bytes_max) + " bytes");
  }
  return config::File{path, std::move(text)};
}

class Formatter {
 public:
  Formatter(const Call& call, bool only_checks) : call_(call), only_checks_(only_checks) {}

  void take(const config::File& file) {
    config::Problems problems;
    const auto text = config::format_file(file, problems);
    if (!text) return complain_of(problems.take(), file.text);
    if (*text == file.text) return;
    if (only_checks_) {
      status_ = found_problem;
    } else if (const auto written = replace_file(file.path, *text); !written) {
      return fail(written.error());
    }
    print_text(call_.console.out, file.path + "\n");
  }

  void fail(const base::Error& error) { status_ = complain(call_, error); }

  void complain_of(const std::vector<config::Problem>& problems, std::string_view source) {
    status_ = found_problem;
    config::print_problems(call_.console.err, problems, [&](std::string_view) { return source; });
  }

  int status() const { return status_; }

 private:
  const Call& call_;
  bool only_checks_;
  int status_ = done;
};

int format_workspace(const Call& call, Formatter& formatter) {
  const std::string folder = workspace_folder(call.config);
  auto workspace = config::read_workspace(folder);
  if (!workspace) return complain(call, workspace.error());
  for (auto& problem : workspace->problems) {
    problem.place.path = (std::filesystem::path(folder) / problem.place.path).string();
  }
  if (!workspace->problems.empty()) formatter.complain_of(workspace->problems, {});
  for (config::File& file : workspace->files) {
    if (!is_known(file.path)) continue;
    file.path = folder == "." ? file.path : (std::filesystem::path(folder) / file.path).string();
    formatter.take(file);
  }
  return formatter.status();
}

int format(const Call& call, const FmtOptions& options) {
  Formatter formatter(call, options.check);
  if (options.files.empty()) return format_workspace(call, formatter);
  for (const std::string& path : options.files) {
    const auto file = read_named(path);
    if (file) {
      formatter.take(*file);
    } else {
      formatter.fail(file.error());
    }
  }
  return formatter.status();
}

}  // namespace

void add_fmt(CLI::App& app, Call& call) {
  const auto options = std::make_shared<FmtOptions>();
  auto* command = app.add_subcommand(
      "fmt", "give the workspace's files their usual look; prints the names of those it changes");
  command->add_option("FILES", options->files,
                      "these alone: YAML, and messages, of which the front matter is formatted");
  command->add_flag("--check", options->check,
                    "change nothing; print the names, and exit 1 where there are any");
  add_examples(*command,
               "  nurtured --config shop fmt\n"
               "  nurtured --config shop fmt --check\n"
               "  nurtured fmt shop/playbooks/welcome.yaml");
  command->callback(
      [&call, options] { call.action = [&call, options] { return format(call, *options); }; });
}

}  // namespace nurtured::daemon::cli
