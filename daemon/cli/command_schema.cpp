// schema: JSON Schemas for editors, and a draft of events.yaml.
#include <algorithm>
#include <filesystem>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/event_draft.h"
#include "config/schema.h"
#include "daemon/cli/replace_file.h"
#include "daemon/cli/toolbox.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;

struct SchemaOptions {
  std::string name;
  std::string into;
  bool learns = false;
  std::int64_t days = 30;
  std::string format = "text";
};

// The names of what is there. Where the files have errors that is told, and what could not be read
// stays as general as it is.
struct Found {
  config::WorkspaceNames names;
  int status = done;
};

Found find_names(const Call& call, const BookKeeper& keeper) {
  BookFiles files = keeper.read();
  if (files.config != nullptr) return {std::move(files.names)};
  const auto fault =
      std::ranges::find(files.problems, config::Severity::error, &config::Problem::severity);
  const std::string what = fault == files.problems.end() ? "" : ": " + fault->message;
  print_text(call.console.err,
             fmt::format("nurtured: the workspace has errors{}; what cannot be read is left out, "
                         "see `nurtured check`\n",
                         what));
  return {std::move(files.names), found_problem};
}

int write_schemas(const Call& call, const std::string& folder,
                  const config::WorkspaceNames& names) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return complain(call, {ErrorKind::disk, folder + ": " + error.message(), {}, {}});
  for (const std::string& name : config::schema_names()) {
    const auto path = (std::filesystem::path(folder) / (name + ".schema.json")).string();
    const auto written = replace_file(path, config::schema_text(config::schema_of(name, names)));
    if (!written) return complain(call, written.error());
    print_text(call.console.out, path + "\n");
  }
  return done;
}

// Which there are, or all of them in one object.
void list_schemas(const Call& call, const config::WorkspaceNames& names,
                  const std::string& format) {
  cel::Map all;
  for (const std::string& name : config::schema_names()) {
    cel::Value schema = config::schema_of(name, names);
    if (format == "text") {
      print_text(call.console.out,
                 fmt::format("{:12} {}\n", name, schema.find("description")->as_string()));
    }
    all.set(name, std::move(schema));
  }
  if (format == "json") call.console.out << cel::to_json(std::move(all)) << '\n';
}

int schema(const Call& call, const SchemaOptions& options) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error(), options.format);
  const Found found = find_names(call, **keeper);
  if (!options.into.empty()) {
    return std::max(found.status, write_schemas(call, options.into, found.names));
  }
  if (options.name.empty()) {
    list_schemas(call, found.names, options.format);
  } else {
    call.console.out << config::schema_text(config::schema_of(options.name, found.names));
  }
  return found.status;
}

constexpr std::string_view events_file = "events.yaml";

// What `check` would say of the workspace with the draft, where it said nothing before.
int judge_draft(const Call& call, const BookKeeper& keeper, const std::string& draft) {
  BookFiles files = keeper.read_with({{std::string(events_file), draft}});
  if (files.config != nullptr) return done;
  print_text(call.console.err, "nurtured: with this draft `check` would find:\n");
  std::erase_if(files.problems,
                [](const auto& problem) { return problem.severity != config::Severity::error; });
  config::print_problems(call.console.err, files.problems,
                         [&](std::string_view path) { return files.workspace.source(path); });
  return found_problem;
}

// `schema --learn`
int learn(const Call& call, const SchemaOptions& options) {
  const auto answer = ask(call, "event/learn", cel::Map{{"days", options.days}});
  if (!answer || options.format == "json") return print(call, answer, options.format);
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error());
  const BookFiles files = (*keeper)->read();
  const cel::Value* learned = answer->result.find("learned");
  const auto draft = config::draft_events(
      files.workspace.source(events_file),
      learned == nullptr ? config::LearnedEvents{} : config::learned_from(*learned),
      files.names.unlisted_events);
  if (!draft) return complain(call, draft.error());
  print_text(call.console.out, *draft);
  if (const cel::Value* whole = answer->result.find("whole");
      whole != nullptr && !whole->as_bool()) {
    print_text(call.console.err,
               "nurtured: there are too many events to read all of these days; the newest are "
               "in the draft\n");
  }
  return files.config == nullptr ? done : judge_draft(call, **keeper, *draft);
}

}  // namespace

void add_schema(CLI::App& app, Call& call) {
  const auto options = std::make_shared<SchemaOptions>();
  auto* command =
      app.add_subcommand("schema", "JSON Schemas with the names of this workspace, for editors");
  auto* name = command->add_option("NAME", options->name, "of one file; all are listed without")
                   ->check(CLI::IsMember(config::schema_names()));
  auto* into = command->add_option("--into", options->into, "write all of them into this folder")
                   ->option_text("FOLDER")
                   ->excludes(name);
  auto* learns = command
                     ->add_flag("--learn", options->learns,
                                "print a draft of events.yaml from the events that came in: names "
                                "and types, with what events.yaml says already")
                     ->excludes(name)
                     ->excludes(into);
  command->add_option("--days", options->days, "of --learn: how far back (30)")
      ->check(CLI::Range(1, 3660))
      ->option_text("D")
      ->needs(learns);
  add_format(*command, options->format);
  add_examples(*command,
               "  nurtured --config shop schema --into shop/schema\n"
               "  nurtured --config shop schema playbook > playbook.schema.json\n"
               "  nurtured --config shop schema --learn --days 90 > events.draft.yaml");
  command->callback([&call, options] {
    call.action = [&call, options] {
      return options->learns ? learn(call, *options) : schema(call, *options);
    };
  });
}

}  // namespace nurtured::daemon::cli
