// run, and what is asked of the running daemon: status, plan, reload, pause, resume; and mail.
#include <istream>
#include <limits>

#include <CLI/CLI.hpp>

#include "base/encoding.h"
#include "connectors/mime_reader.h"
#include "daemon/cli/toolbox.h"
#include "daemon/control_client.h"

namespace nurtured::daemon::cli {
namespace {

void add_run(CLI::App& app, Call& call) {
  const auto level = std::make_shared<std::string>("info");
  auto* command = app.add_subcommand("run", "the daemon, in the foreground");
  command->add_option("--log-level", *level, "how much to log")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->option_text("LEVEL (info)");
  add_examples(*command, "  nurtured --config shop run\n  nurtured run --log-level debug");
  command->callback([&call, level] {
    call.action = [&call, level] { return call.world.run_daemon(call.config, *level); };
  });
}

int reload(const Call& call, const std::string& format) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error());
  const auto answer = ask_daemon(find_control(call, **keeper), "reload", cel::Map{});
  const int status = print(call, answer, format);
  if (answer && answer->problem) {
    call.console.err << "nurtured: refused; the former book runs on\n";
  }
  return status;
}

void add_plan(CLI::App& app, Call& call) {
  struct Options {
    bool apply = false;
    bool migrate = false;
    std::string format = "text";
  };
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "plan", "what the files would change: playbooks, versions, people under way");
  command->add_flag("--apply", options->apply, "change it, all or nothing");
  command->add_flag(
      "--migrate", options->migrate,
      "take everybody along who is under way in a playbook that changed: refused where "
      "somebody's step has no counterpart");
  add_format(*command, options->format);
  add_examples(*command,
               "  nurtured plan\n  nurtured check && nurtured plan --apply\n"
               "  nurtured plan --migrate && nurtured plan --apply --migrate");
  command->callback([&call, options] {
    call.action = [&call, options] {
      const char* operation = options->apply ? "reload" : "plan";
      return print(call, ask(call, operation, cel::Map{{"migrate", options->migrate}}),
                   options->format);
    };
  });
}

void add_reload(CLI::App& app, Call& call) {
  const auto format = std::make_shared<std::string>("text");
  auto* command =
      app.add_subcommand("reload", "plan --apply in the running daemon; waits for the answer");
  add_format(*command, *format);
  add_examples(*command, "  nurtured reload\n  nurtured check && nurtured plan && nurtured reload");
  command->callback(
      [&call, format] { call.action = [&call, format] { return reload(call, *format); }; });
}

void add_status(CLI::App& app, Call& call) {
  const auto format = std::make_shared<std::string>("text");
  auto* command = app.add_subcommand("status", "what runs, what waits, what is paused");
  add_format(*command, *format);
  add_examples(*command, "  nurtured status\n  nurtured status --format json | jq .uncertain");
  command->callback([&call, format] {
    call.action = [&call, format] { return print(call, ask(call, "status", cel::Map{}), *format); };
  });
}

// EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and tries again.
constexpr int try_again_later = 75;

// Standard input to its end, and of it as much as anybody looks at: a mail server that cannot write
// all of the mail takes that for a failure.
std::string read_mail(std::istream& in) {
  std::string mail(connectors::inbound_bytes_max, '\0');
  in.read(mail.data(), static_cast<std::streamsize>(mail.size()));
  mail.resize(static_cast<std::size_t>(in.gcount()));
  in.ignore(std::numeric_limits<std::streamsize>::max());
  return mail;
}

int take_mail(const Call& call) {
  const std::string mail = read_mail(call.console.in);
  const auto keeper = make_keeper(call);
  auto answer = keeper ? ask_daemon(find_control(call, **keeper), "mail/take",
                                    cel::Map{{"mail", base::to_base64(mail)}})
                       : base::Result<Answer>(base::fail(keeper.error()));
  if (answer) return print(call, answer, "text");
  complain(call, answer.error());
  return try_again_later;
}

void add_mail(CLI::App& app, Call& call) {
  auto* command = app.add_subcommand(
      "mail",
      "hand the daemon a mail that came back (bounce, complaint, answer), from standard "
      "input; exits 75 where it cannot take it now");
  add_examples(
      *command,
      "  nurtured mail < bounce.eml\n"
      "  # Postfix, master.cf:\n"
      "  # nurtured unix - n n - 5 pipe flags=DRX user=nurtured argv=/usr/bin/nurtured mail");
  command->callback([&call] { call.action = [&call] { return take_mail(call); }; });
}

void add_pause(CLI::App& app, Call& call, const char* name, const char* about,
               const char* examples) {
  struct Options {
    std::string what = "all";
    std::string format = "text";
  };
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(name, about);
  command->add_option("WHAT", options->what, "all, a playbook or a connector; all where left out");
  add_format(*command, options->format);
  add_examples(*command, examples);
  command->callback([&call, options, name] {
    call.action = [&call, options, name] {
      return print(call, ask(call, name, cel::Map{{"what", options->what}}), options->format);
    };
  });
}

}  // namespace

void add_daemon_commands(CLI::App& app, Call& call) {
  add_run(app, call);
  add_status(app, call);
  add_plan(app, call);
  add_reload(app, call);
  add_mail(app, call);
  add_pause(app, call, "pause", "send nothing: at all, for a playbook, or through a connector",
            "  nurtured pause\n  nurtured pause winter-sale\n  nurtured pause telegram");
  add_pause(app, call, "resume", "let go on what was paused; resuming all lifts every pause",
            "  nurtured resume\n  nurtured resume winter-sale");
}

}  // namespace nurtured::daemon::cli
