// backup and restore of the store as a whole.
#include <filesystem>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "daemon/backup.h"
#include "daemon/cli/toolbox.h"
#include "daemon/contact_view.h"
#include "daemon/control_client.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

// The copy is made by this process, so that it may lie wherever the operator may write; the daemon
// only marks the moment.
Result<Answer> back_up(const Call& call, const std::string& file) {
  auto marked = ask(call, "backup/mark", cel::Map{});
  if (!marked) return marked;
  const cel::Value* location = marked->result.find("store");
  if (location == nullptr || !location->is_string()) {
    return base::fail(ErrorKind::internal, "the daemon did not say where its store is");
  }
  if (auto copied = store::backup(location->as_string(), file); !copied) {
    return base::fail(copied.error());
  }
  return Answer{.result = cel::Map{{"file", file}},
                .text = "the store was copied to " + file + "\n"};
}

Result<Answer> bring_back(const Call& call, const std::string& file) {
  const auto keeper = make_keeper(call);
  if (!keeper) return base::fail(keeper.error());
  if (daemon_listens(find_control(call, **keeper))) {
    return base::fail(ErrorKind::conflict, "the daemon runs", "stop it first");
  }
  const std::string location = (*keeper)->read().location;
  const auto report = restore(file, location, **keeper, call.world.clock);
  if (!report) return base::fail(report.error());
  Answer answer;
  answer.result = cel::Map{{"file", file},
                           {"store", location},
                           {"taken_at", time_value(report->taken_at)},
                           {"departures", static_cast<std::int64_t>(report->departures)},
                           {"suppressions", static_cast<std::int64_t>(report->suppressions)},
                           {"damaged", static_cast<std::int64_t>(report->damaged)},
                           {"former", report->former},
                           {"paused", true}};
  answer.text = fmt::format(
      "restored {} as {}\nreplayed from the journal: {} departures, {} refusals since {}\n", file,
      store_file(location), report->departures, report->suppressions,
      report->taken_at ? base::to_rfc3339(*report->taken_at) : "its beginning");
  if (report->damaged > 0) {
    answer.text +=
        fmt::format("lines of the journal that could not be read: {}\n", report->damaged);
  }
  if (!report->former.empty()) answer.text += "the former store is " + report->former + "\n";
  answer.text += "everything is paused: look, then `nurtured resume`\n";
  return answer;
}

struct FileOptions {
  std::string file;
  std::string format = "text";
};

using FileAction = Result<Answer> (*)(const Call& call, const std::string& file);

void add_file_command(CLI::App& app, Call& call, const char* name, const char* about,
                      const char* examples, FileAction action) {
  const auto options = std::make_shared<FileOptions>();
  auto* command = app.add_subcommand(name, about);
  command->add_option("FILE", options->file, "the backup")->required();
  add_format(*command, options->format);
  add_examples(*command, examples);
  command->callback([&call, options, action] {
    call.action = [&call, options, action] {
      const std::string file = std::filesystem::absolute(options->file).string();
      return print(call, action(call, file), options->format);
    };
  });
}

}  // namespace

void add_store_commands(CLI::App& app, Call& call) {
  add_file_command(app, call, "backup", "a consistent copy of the store, while the daemon runs",
                   "  nurtured backup /var/backups/nurtured.db\n"
                   "  nurtured backup nurtured-$(date +%F).db",
                   back_up);
  add_file_command(app, call, "restore",
                   "put a backup in the store's place, bring it up to the journal, and pause",
                   "  systemctl stop nurtured && nurtured restore /var/backups/nurtured.db\n"
                   "  nurtured --config shop restore nurtured-2026-03-01.db",
                   bring_back);
}

}  // namespace nurtured::daemon::cli
