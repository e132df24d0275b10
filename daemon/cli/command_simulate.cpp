// simulate: the daemon's engine on a virtual clock, over a file of events, over people whom it
// makes itself, or over what a store recorded.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/catalogue.h"
#include "config/habits.h"
#include "daemon/cli/lines.h"
#include "daemon/cli/replace_file.h"
#include "daemon/cli/toolbox.h"
#include "daemon/ingest.h"
#include "daemon/people_figures.h"
#include "daemon/people_report.h"
#include "daemon/shadow_report.h"
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
constexpr std::size_t people_max = 1'000'000;
constexpr int days_max = 3660;
constexpr int shadow_days_default = 30;
constexpr std::string_view habits_file =
    "habits.yaml";  // of the workspace, where no other is named
// Where people's clock begins: always the same, so that the same seed prints the same bytes.
constexpr std::string_view people_from = "2026-01-05";

struct SimulateOptions {
  std::string events;
  std::string until;
  std::string from;
  std::uint64_t seed = 0;
  std::string format;  // empty: jsonl of events, text of people
  std::size_t people = 0;
  int days = 0;
  std::string habits;
  std::string report;
  bool shadow = false;
  std::string against = "applied";
};

Result<std::ifstream> open_file(const std::string& name) {
  // A folder opens like a file, and reading it throws.
  std::error_code unknown;
  if (std::filesystem::is_directory(name, unknown)) {
    return base::fail(ErrorKind::not_found, name + " is a folder", "name a file");
  }
  std::ifstream file(name, std::ios::binary);
  if (!file) return base::fail(ErrorKind::not_found, name + " cannot be read");
  return file;
}

// Reads every line; complains of each bad one with its number.
class EventFile {
 public:
  EventFile(const Call& call, const config::Config& config, std::string name)
      : call_(call), config_(config), name_(std::move(name)) {}

  Result<std::vector<EventInput>> read() {
    if (name_ == "-") return read_lines(call_.console.in);
    auto file = open_file(name_);
    if (!file) return base::fail(file.error());
    return read_lines(*file);
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

base::Instant time_option(const std::string& option, const std::string& text) {
  const auto at = parse_time(option, text);
  if (!at) throw CLI::ValidationError(base::to_string(at.error()));
  return *at;
}

// What a simulation of which nothing comes may be told of: an end before the beginning, events that
// nobody knows.
std::string why_nothing(const config::Config& config, const std::vector<EventInput>& events,
                        base::Instant until) {
  if (events.empty()) return ": there are no events";
  const auto occurred = [](const EventInput& its) { return its.event.occurred_at; };
  const base::Instant first = occurred(*std::ranges::min_element(events, {}, occurred));
  if (first > until) {
    return fmt::format(": the first event is at {}, after --until", base::to_rfc3339(first));
  }
  const auto& listed = config.book->settings().events;
  if (listed.empty()) return "";
  constexpr std::size_t shown_max = 5;
  std::set<std::string> unlisted;
  for (const EventInput& its : events) {
    const std::string& name = its.event.name;
    const bool is_known = listed.contains(name) || config::built_in_events().contains(name);
    if (!is_known && unlisted.size() < shown_max) unlisted.insert(name);
  }
  if (unlisted.empty()) return "";
  return fmt::format(": events.yaml does not list {}", fmt::join(unlisted, ", "));
}

int simulate_events(const Call& call, const SimulateOptions& options, base::Instant until,
                    std::optional<base::Instant> from) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error());
  const auto config = load_config(call, **keeper);
  if (config == nullptr) return found_problem;
  EventFile file(call, *config, options.events);
  auto events = file.read();
  if (!events) return complain(call, events.error());
  const std::string unlistened = why_nothing(*config, *events, until);
  bool has_printed = false;
  store::MemoryStore store(config->dedup.nominal());
  const auto print_line = [&](const SimulatedLine& line) {
    const std::string json = to_json_line(line);
    if (json.empty()) return;
    has_printed = true;
    if (options.format == "text") {
      print_text(call.console.out, to_text_line(line));
    } else {
      call.console.out << json << '\n';
    }
  };
  Simulation simulation(config, store, print_line, {.from = from});
  const auto run = simulation.run(*std::move(events), until);
  if (!run) return complain(call, run.error());
  if (!has_printed) call.console.err << "nurtured: nothing happened" << unlistened << '\n';
  if (file.bad_lines() == 0) return done;
  call.console.err << fmt::format("nurtured: lines not taken: {}\n", file.bad_lines());
  return found_problem;
}

// The text of --habits, or of the workspace's own; empty where there is neither.
Result<std::string> habits_text(const config::Config& config, const std::string& path) {
  if (path.empty()) {
    const auto own = std::ranges::find(config.files, habits_file, &config::File::path);
    return own == config.files.end() ? std::string() : own->text;
  }
  auto file = open_file(path);
  if (!file) return base::fail(file.error());
  // One byte more than YAML may have, so that a longer file is told of as too long.
  std::string text(config::YamlLimits{}.bytes_max + 1, '\0');
  file->read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file->gcount()));
  return text;
}

// nullopt when they have errors, which are printed.
std::optional<config::Habits> load_habits(const Call& call, const config::Config& config,
                                          const SimulateOptions& options) {
  const auto text = habits_text(config, options.habits);
  if (!text) {
    complain(call, text.error(), options.format);
    return std::nullopt;
  }
  config::Problems problems;
  auto habits =
      config::read_habits(*text, options.habits.empty() ? std::string(habits_file) : options.habits,
                          *config.book, problems);
  const auto found = problems.take();
  config::print_problems(call.console.err, found,
                         [&](std::string_view) { return std::string_view(*text); });
  if (!habits && options.format == "json") {
    call.console.out << R"({"error":"the habits have errors","problems":)"
                     << config::problems_json(found, {}) << "}\n";
  }
  return habits;
}

int simulate_people(const Call& call, const SimulateOptions& options,
                    std::optional<base::Instant> from) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error(), options.format);
  const auto config = load_config(call, **keeper, options.format);
  if (config == nullptr) return found_problem;
  const auto habits = load_habits(call, *config, options);
  if (!habits) return found_problem;
  const auto figures = daemon::simulate_people(
      config, *habits,
      {.people = options.people,
       .days = options.days,
       .from = from ? *from : *base::parse_instant(std::string(people_from) + "T00:00:00Z"),
       .seed = options.seed});
  if (!figures) return complain(call, figures.error(), options.format);
  if (!options.report.empty()) {
    const auto written = replace_file(options.report, people_html(*figures));
    if (!written) return complain(call, written.error(), options.format);
  }
  if (options.format == "json") {
    call.console.out << people_json(*figures) << '\n';
  } else {
    print_text(call.console.out, people_text(*figures));
  }
  return done;
}

// The book to compare the files with.
Result<std::shared_ptr<const config::Config>> shadowed_book(const Call& call, BookKeeper& keeper,
                                                            store::Reader& reader,
                                                            const std::string& against) {
  if (against == "applied") return keeper.adopt(keeper.read(), reader);
  BookKeeperOptions options = keeper.options();
  options.config_path = against;
  const BookKeeper other(std::move(options), call.world.clock);
  auto prepared = other.prepare(reader);
  if (!prepared) return base::fail(prepared.error());
  if (prepared->config == nullptr) {
    return base::fail("the workspace " + against + " has errors",
                      "run `nurtured --config " + against + " check`");
  }
  return prepared->config;
}

int simulate_shadow(const Call& call, const SimulateOptions& options) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error());
  // Its problems are printed here; what is compared has the former versions as well.
  if (load_config(call, **keeper) == nullptr) return found_problem;
  const auto reader = store::open_reader((*keeper)->read().location, call.world.clock);
  if (!reader) {
    base::Error error = reader.error();
    if (error.remedy.empty()) error.remedy = "the daemon makes the store when it first runs";
    return complain(call, error);
  }
  const auto files = (*keeper)->prepare(**reader);
  if (!files) return complain(call, files.error());
  if (files->config == nullptr) {
    return complain(call, {.message = "the files cannot be applied to this store",
                           .remedy = "run `nurtured plan`"});
  }
  const auto live = shadowed_book(call, **keeper, **reader, options.against);
  if (!live) return complain(call, live.error());
  const auto record = read_shadow_record(**reader, *(*live)->book);
  if (!record) return complain(call, record.error());
  const Instant until = call.world.clock.now();
  const Instant from =
      until - std::chrono::days{options.days > 0 ? options.days : shadow_days_default};
  const auto comparison = compare_shadow(*live, files->config, *record, from, until);
  if (!comparison) return complain(call, comparison.error());
  if (!options.report.empty()) {
    const auto written = replace_file(options.report, shadow_html(*comparison, *record));
    if (!written) return complain(call, written.error());
  }
  if (options.format == "jsonl") {
    for (const auto& difference : comparison->differences) {
      call.console.out << to_json_line(difference) << '\n';
    }
    call.console.out << shadow_summary_json(*comparison, *record) << '\n';
  } else {
    print_text(call.console.out, shadow_text(*comparison, *record));
  }
  return done;
}

// Whose doings are simulated: recorded ones, people's that are made up, or what the store recorded.
void add_sources(CLI::App& command, SimulateOptions& options) {
  auto* events = command
                     .add_option("--events", options.events,
                                 "events as the ingest takes them, one JSON object a line, "
                                 "each with a timestamp; - reads stdin")
                     ->option_text("FILE");
  auto* until = command.add_option("--until", options.until, "where the clock stops")
                    ->needs(events)
                    ->option_text("TIME");
  events->needs(until);
  auto* people = command
                     .add_option("--people", options.people,
                                 "make so many people, and report what they go through")
                     ->check(CLI::Range(std::size_t{1}, people_max))
                     ->excludes(events)
                     ->option_text("N");
  auto* days = command
                   .add_option("--days", options.days,
                               "for how long; of --shadow the last 30 where left out")
                   ->check(CLI::Range(1, days_max))
                   ->excludes(events)
                   ->option_text("D");
  people->needs(days);
  auto* shadow = command
                     .add_flag("--shadow", options.shadow,
                               "play what the store recorded of the last days with the applied "
                               "book and with the files, and say what differs")
                     ->excludes(events)
                     ->excludes(people);
  command
      .add_option("--against", options.against,
                  "the book to compare the files with: another workspace, or applied")
      ->needs(shadow)
      ->option_text("PATH (applied)");
  command
      .add_option("--habits", options.habits,
                  "what people are like and do, as YAML; the workspace's habits.yaml where left "
                  "out, and without one assumed")
      ->needs(people)
      ->option_text("FILE");
  command
      .add_option("--report", options.report,
                  "of people and of a shadow: write the report as an HTML page, too")
      ->excludes(events)
      ->option_text("FILE.html");
}

void add_manner(CLI::App& command, SimulateOptions& options) {
  command
      .add_option("--from", options.from,
                  "where the clock begins; earlier events arrive then, late. The first event's "
                  "time where left out, of people " +
                      std::string(people_from))
      ->option_text("TIME");
  command
      .add_option("--seed", options.seed,
                  "of what people do by chance: the same input and seed print the same bytes")
      ->check(CLI::NonNegativeNumber)
      ->option_text("N (0)");
  command
      .add_option("--format", options.format,
                  "of events jsonl, or text for people; of people text, or json; of a shadow "
                  "text, or jsonl")
      ->check(CLI::IsMember({"jsonl", "text", "json"}))
      ->option_text("FORMAT");
}

}  // namespace

void add_simulate(CLI::App& app, Call& call) {
  const auto options = std::make_shared<SimulateOptions>();
  auto* command = app.add_subcommand(
      "simulate",
      "the same engine on a virtual clock and a store in memory; nothing leaves the machine");
  add_sources(*command, *options);
  add_manner(*command, *options);
  add_examples(*command,
               "  nurtured simulate --events march.jsonl --until 2026-04-01T00:00:00Z\n"
               "  echo '{\"type\": \"track\", \"userId\": \"u1\", \"event\": "
               "\"checklist.downloaded\", \"timestamp\": \"2026-03-02T08:30:00Z\"}' |\n"
               "    nurtured simulate --events - --until 2026-03-31 --format text\n"
               "  nurtured simulate --people 1000 --days 90 --report people.html\n"
               "  nurtured simulate --people 1000 --days 90 --habits habits.yaml --format json\n"
               "  nurtured simulate --shadow --days 14 --report shadow.html");
  command->callback([&call, options] {
    std::optional<base::Instant> from;
    if (!options->from.empty()) from = time_option("--from", options->from);
    if (options->people > 0) {
      if (options->format == "jsonl") {
        throw CLI::ValidationError("--format: of people there is text and json");
      }
      call.action = [&call, options, from] { return simulate_people(call, *options, from); };
      return;
    }
    if (options->shadow) {
      if (options->format == "json" || from) {
        throw CLI::ValidationError(from ? "--from: a shadow begins --days ago"
                                        : "--format: of a shadow there is text and jsonl");
      }
      call.action = [&call, options] { return simulate_shadow(call, *options); };
      return;
    }
    if (options->events.empty()) {
      throw CLI::ValidationError("simulate needs --events FILE, --people N or --shadow");
    }
    if (options->format == "json") {
      throw CLI::ValidationError("--format: of events there is jsonl and text");
    }
    call.action = [&call, options, until = time_option("--until", options->until), from] {
      return simulate_events(call, *options, until, from);
    };
  });
}

}  // namespace nurtured::daemon::cli
