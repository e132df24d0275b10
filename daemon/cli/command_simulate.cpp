// simulate: the daemon's engine over a file of events, on a virtual clock.
#include <filesystem>
#include <fstream>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "daemon/cli/lines.h"
#include "daemon/cli/toolbox.h"
#include "daemon/ingest.h"
#include "daemon/simulation.h"
#include "store/memory_store.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

// A message of the ingest is far smaller; this bounds what is read before that is known.
constexpr std::size_t event_line_bytes_max = std::size_t{1} << 20;
constexpr std::size_t events_max = 10'000'000;
constexpr std::size_t complaints_max = 100;

struct SimulateOptions {
  std::string events;
  std::string until;
  std::string from;
  std::uint64_t seed = 0;  // checked; no rule of this version draws by lot
  std::string format = "jsonl";
};

// Reads every line; complains of each bad one with its number.
class EventFile {
 public:
  EventFile(const Call& call, const config::Config& config, std::string name)
      : call_(call), config_(config), name_(std::move(name)) {}

  Result<std::vector<EventInput>> read() {
    if (name_ == "-") return read_lines(call_.console.in);
    // A folder opens like a file, and reading it throws.
    std::error_code unknown;
    if (std::filesystem::is_directory(name_, unknown)) {
      return base::fail(ErrorKind::not_found, name_ + " is a folder", "name a file of events");
    }
    std::ifstream file(name_, std::ios::binary);
    if (!file) return base::fail(ErrorKind::not_found, name_ + " cannot be read");
    return read_lines(file);
  }

  std::size_t bad_lines() const { return bad_lines_; }

 private:
  Result<std::vector<EventInput>> read_lines(std::istream& in) {
    const auto typed = [this](std::string_view event, cel::Value properties) {
      return rules::typed_properties(config_.book->settings().events, event, std::move(properties));
    };
    std::vector<EventInput> events;
    LineReader lines(in, event_line_bytes_max);
    for (;;) {
      const auto line = lines.next();
      if (line == LineReader::Line::end) return events;
      if (line == LineReader::Line::too_long) {
        bad(lines.number(),
            {.message = fmt::format("the line is longer than {} bytes", event_line_bytes_max)});
        continue;
      }
      if (lines.text().find_first_not_of(" \t") == std::string::npos) continue;
      auto event = parse_ingest_line(lines.text(), std::nullopt, typed);
      if (!event) {
        bad(lines.number(), event.error());
        continue;
      }
      if (events.size() >= events_max) {
        return base::fail(ErrorKind::too_large, fmt::format("more than {} events", events_max),
                          "split the file by contacts");
      }
      events.push_back(*std::move(event));
    }
  }

  void bad(std::size_t number, base::Error error) {
    if (++bad_lines_ == complaints_max + 1) {
      call_.console.err << "nurtured: further bad lines are only counted\n";
    }
    if (bad_lines_ > complaints_max) return;
    const int column = error.place.line <= 1 ? error.place.column : 0;
    error.place = {name_ == "-" ? "stdin" : name_, static_cast<int>(number), column, 1};
    complain(call_, error);
  }

  const Call& call_;
  const config::Config& config_;
  std::string name_;
  std::size_t bad_lines_ = 0;
};

// A person's view of a line: "2026-03-04T10:00:00Z  u1  send webinar-invite by email …".
std::string to_text_line(const SimulatedLine& line) {
  const rules::Decision& decision = line.decision;
  std::string text =
      fmt::format("{}  {}  {}", base::to_rfc3339(decision.at), line.contact, decision.action);
  const auto add = [&](std::string_view before, std::string_view part) {
    if (!part.empty()) text += fmt::format(" {}{}", before, part);
  };
  add("", decision.message);
  add("by ", decision.to.channel);
  add("to ", decision.to.value);
  add("", decision.outcome);
  add("", rules::to_string(decision.reason));
  add("", decision.detail);
  if (decision.until) add("until ", base::to_rfc3339(*decision.until));
  if (!line.subject.empty()) add("", "\"" + line.subject + "\"");
  if (!decision.playbook.empty()) {
    add("", fmt::format("({}{})", decision.playbook,
                        decision.step.empty() ? "" : ", " + decision.step));
  }
  return text + "\n";
}

Result<base::Instant> parse_time(const std::string& option, const std::string& text) {
  // A day alone means its first moment.
  const bool is_day = text.size() == std::string_view("2026-04-01").size();
  auto at = base::parse_instant(is_day ? text + "T00:00:00Z" : text);
  if (at) return at;
  return base::fail(option + ": " + text + " is no time",
                    "write 2026-04-01T00:00:00Z, or 2026-04-01");
}

int simulate(const Call& call, const SimulateOptions& options, base::Instant until,
             std::optional<base::Instant> from) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error());
  const auto config = load_config(call, **keeper);
  if (config == nullptr) return found_problem;
  EventFile file(call, *config, options.events);
  auto events = file.read();
  if (!events) return complain(call, events.error());
  store::MemoryStore store(config->dedup.nominal());
  const auto print_line = [&](const SimulatedLine& line) {
    const std::string json = to_json_line(line);
    if (json.empty()) return;
    if (options.format == "text") {
      print_text(call.console.out, to_text_line(line));
    } else {
      call.console.out << json << '\n';
    }
  };
  Simulation simulation(config, store, print_line, {.from = from});
  const auto run = simulation.run(*std::move(events), until);
  if (!run) return complain(call, run.error());
  if (file.bad_lines() == 0) return done;
  call.console.err << fmt::format("nurtured: lines not taken: {}\n", file.bad_lines());
  return found_problem;
}

}  // namespace

void add_simulate(CLI::App& app, Call& call) {
  const auto options = std::make_shared<SimulateOptions>();
  auto* command = app.add_subcommand(
      "simulate",
      "the same engine on a virtual clock and a store in memory; nothing leaves the machine");
  command
      ->add_option("--events", options->events,
                   "events as the ingest takes them, one JSON object a line, each with a "
                   "timestamp; - reads stdin")
      ->required()
      ->option_text("FILE");
  command->add_option("--until", options->until, "where the clock stops")
      ->required()
      ->option_text("TIME");
  command
      ->add_option("--from", options->from,
                   "where the clock begins; earlier events arrive then, late. The first event's "
                   "time where left out")
      ->option_text("TIME");
  command
      ->add_option("--seed", options->seed,
                   "for what is drawn by lot, which is nothing yet: the same input prints the same "
                   "bytes")
      ->option_text("N (0)");
  command->add_option("--format", options->format, "jsonl, or text for people")
      ->check(CLI::IsMember({"jsonl", "text"}))
      ->option_text("FORMAT (jsonl)");
  add_examples(*command,
               "  nurtured simulate --events march.jsonl --until 2026-04-01T00:00:00Z\n"
               "  echo '{\"type\": \"track\", \"userId\": \"u1\", \"event\": "
               "\"checklist.downloaded\", \"timestamp\": \"2026-03-02T08:30:00Z\"}' |\n"
               "    nurtured simulate --events - --until 2026-03-31 --format text");
  command->callback([&call, options] {
    const auto until = parse_time("--until", options->until);
    if (!until) throw CLI::ValidationError(base::to_string(until.error()));
    std::optional<base::Instant> from;
    if (!options->from.empty()) {
      const auto start = parse_time("--from", options->from);
      if (!start) throw CLI::ValidationError(base::to_string(start.error()));
      from = *start;
    }
    call.action = [&call, options, until = *until, from] {
      return simulate(call, *options, until, from);
    };
  });
}

}  // namespace nurtured::daemon::cli
