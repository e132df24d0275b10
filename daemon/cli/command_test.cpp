// test: the workspace's scenarios, played by the daemon's engine on a virtual clock.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "config/scenario_reader.h"
#include "daemon/cli/toolbox.h"
#include "daemon/scenario_report.h"
#include "daemon/scenario_run.h"

namespace nurtured::daemon::cli {
namespace {

using base::Result;
using config::Scenario;

struct TestOptions {
  std::vector<std::string> names;
  std::string only;
  std::string format = "text";
  std::string junit;
  bool coverage = false;
  int coverage_min = 0;
};

// `*` stands for anything; what has none may stand anywhere in the text.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.find('*') == std::string_view::npos) {
    return text.find(pattern) != std::string_view::npos;
  }
  std::size_t at = 0;    // in the text
  std::size_t star = 0;  // in the pattern: after the latest star
  std::size_t tried = 0;
  std::size_t in = 0;
  bool has_star = false;
  while (at < text.size()) {
    if (in < pattern.size() && pattern[in] == '*') {
      has_star = true;
      star = ++in;
      tried = at;
    } else if (in < pattern.size() && pattern[in] == text[at]) {
      ++in;
      ++at;
    } else if (has_star) {
      in = star;
      at = ++tried;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in) == std::string_view::npos;
}

// A scenario goes by its title, by its name for all of its cases, and by its file for all in it.
bool is_named(const Scenario& scenario, const std::string& name) {
  return name == scenario.title() || name == scenario.name || name == scenario.path;
}

// Those that are asked for; what names none is wrong usage, unless it may stand in a file that
// could not be read and is told of.
Result<std::vector<const Scenario*>> choose(const std::vector<Scenario>& all, bool has_broken,
                                            const TestOptions& options) {
  std::vector<std::string> titles;
  titles.reserve(all.size());
  for (const Scenario& scenario : all) titles.push_back(scenario.title());
  for (const std::string& name : options.names) {
    const auto is_it = [&](const Scenario& scenario) { return is_named(scenario, name); };
    if (has_broken || std::ranges::any_of(all, is_it)) continue;
    return base::fail(base::ErrorKind::not_found, fmt::format("there is no scenario \"{}\"", name),
                      config::did_you_mean(name, titles, "name one, its file, or use --only"));
  }
  const std::string pattern = base::fold_case(options.only);
  std::vector<const Scenario*> chosen;
  for (const Scenario& scenario : all) {
    const bool by_name =
        options.names.empty() || std::ranges::any_of(options.names, [&](const auto& name) {
          return is_named(scenario, name);
        });
    const bool by_pattern = pattern.empty() || matches(pattern, base::fold_case(scenario.title()));
    if (by_name && by_pattern) chosen.push_back(&scenario);
  }
  if (chosen.empty() && !all.empty() && !has_broken) {
    return base::fail(base::ErrorKind::not_found,
                      fmt::format("no scenario matches \"{}\"", options.only),
                      "leave --only out to see their names");
  }
  return chosen;
}

// ---- for people

class TextReport {
 public:
  TextReport(const Call& call, const ScenarioReport& report, const config::Workspace& workspace)
      : out_(call.console.out),
        colour_(call.console.colour),
        report_(report),
        workspace_(workspace) {}

  void print() {
    for (const BrokenFile& file : report_.broken) print_problems(file.problems);
    for (const ScenarioResult& result : report_.results) print(result);
    if (report_.coverage) print_coverage();
    print_text(out_,
               fmt::format("scenarios: {}, failed: {}", report_.results.size(), report_.failed()));
    if (!report_.broken.empty()) out_ << ", broken files: " << report_.broken.size();
    if (report_.coverage) out_ << ", coverage: " << report_.coverage->percent << '%';
    if (!report_.covers_enough()) out_ << " (asked for: " << report_.coverage_min << "%)";
    out_ << '\n';
  }

 private:
  void paint(std::string_view code, std::string_view text) {
    if (colour_) out_ << code;
    print_text(out_, text);
    if (colour_) out_ << "\x1b[0m";
  }

  void print_problems(const std::vector<config::Problem>& problems) {
    config::print_problems(out_, problems,
                           [this](std::string_view path) { return workspace_.source(path); },
                           {.prefix = report_.prefix, .colour = colour_});
  }

  void print(const ScenarioResult& result) {
    const Scenario& scenario = *result.scenario;
    if (result.passed()) {
      paint("\x1b[32m", "ok   ");
    } else {
      paint("\x1b[1;31m", "FAIL ");
    }
    print_text(out_, fmt::format(" {}: {}\n", scenario.path, scenario.title()));
    for (const Unmet& unmet : result.unmet) {
      print_problems({{config::Severity::error, unmet.place, {}, unmet.expected, unmet.actual}});
      if (unmet.near.empty()) continue;
      print_text(out_, fmt::format("  what happened to {}:\n", unmet.contact));
      for (const NearLine& line : unmet.near) {
        if (line.is_related) {
          paint("\x1b[33m", fmt::format("  > {}\n", line.text));
        } else {
          print_text(out_, fmt::format("    {}\n", line.text));
        }
      }
    }
  }

  void print_coverage() {
    std::size_t width = std::string_view("playbook").size();
    for (const auto& its : report_.coverage->playbooks) {
      width = std::max(width, base::code_points(its.playbook));
    }
    out_ << '\n';
    const auto row = [&](const std::string& name, const std::string& steps,
                         const std::string& branches) {
      const std::string blanks(width - base::code_points(name), ' ');
      print_text(out_, fmt::format("{}{}  {:<18}  {}\n", name, blanks, steps, branches));
    };
    row("playbook", "steps", "branches");
    for (const auto& its : report_.coverage->playbooks) {
      row(its.playbook, to_text(its.steps), to_text(its.branches));
    }
    for (const auto& its : report_.coverage->playbooks) {
      for (const Missed& missed : its.missed) {
        base::Place place = missed.place;
        if (!report_.prefix.empty()) place.path = report_.prefix + "/" + place.path;
        print_text(out_,
                   fmt::format("{}: not reached: {}\n", base::to_string(place), to_text(missed)));
      }
    }
    out_ << '\n';
  }

  std::ostream& out_;
  bool colour_;
  const ScenarioReport& report_;
  const config::Workspace& workspace_;
};

// ---- the run

// The errors by file; what is no error is told on stderr.
std::vector<BrokenFile> broken_files(const Call& call, const config::Workspace& workspace,
                                     std::vector<config::Problem> problems,
                                     const std::string& prefix) {
  std::vector<BrokenFile> broken;
  std::vector<config::Problem> lesser;
  for (auto& problem : problems) {
    if (problem.severity != config::Severity::error) {
      lesser.push_back(std::move(problem));
      continue;
    }
    if (broken.empty() || broken.back().path != problem.place.path) {
      broken.push_back({problem.place.path, {}});
    }
    broken.back().problems.push_back(std::move(problem));
  }
  config::print_problems(call.console.err, lesser,
                         [&](std::string_view path) { return workspace.source(path); },
                         {.prefix = prefix});
  return broken;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return {};
  return base::fail(base::ErrorKind::disk, path + " cannot be written",
                    "name a file in a folder that is there");
}

int print_report(const Call& call, const ScenarioReport& report, const TestOptions& options,
                 const config::Workspace& workspace) {
  if (options.format == "tap") {
    call.console.out << to_tap(report);
  } else if (options.format == "json") {
    call.console.out << to_json(report);
  } else {
    TextReport(call, report, workspace).print();
  }
  if (!options.junit.empty()) {
    const auto written = write_file(options.junit, to_junit(report));
    if (!written) return complain(call, written.error());
  }
  return report.passed() ? done : found_problem;
}

int test(const Call& call, const TestOptions& options) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error(), options.format);
  const BookFiles files = load_files(call, **keeper, options.format);
  if (files.config == nullptr) {
    if (options.format == "tap") call.console.out << "Bail out! the workspace has errors\n";
    return found_problem;
  }
  config::Problems problems;
  const auto scenarios = config::read_scenarios(files.workspace, files.config.get(), problems);
  ScenarioReport report{.coverage_min = options.coverage_min, .prefix = typed_prefix(call)};
  report.broken = broken_files(call, files.workspace, problems.take(), report.prefix);
  if (scenarios.empty() && report.broken.empty()) {
    return complain(call,
                    {base::ErrorKind::not_found,
                     "there are no scenarios in tests/*.yaml",
                     "write one: `nurtured init` shows how",
                     {}},
                    options.format);
  }
  const auto chosen = choose(scenarios, !report.broken.empty(), options);
  if (!chosen) {
    complain(call, chosen.error(), options.format);
    return wrong_usage;
  }
  Coverage coverage;
  std::function<void(const rules::Passage&)> passed;
  if (options.coverage) passed = [&](const rules::Passage& passage) { coverage.add(passage); };
  for (const Scenario* scenario : *chosen) {
    const auto played = play(files.config, *scenario, passed);
    if (!played) return complain(call, played.error(), options.format);
    report.results.push_back({scenario, judge(*scenario, *played)});
  }
  if (options.coverage) report.coverage = coverage.report(*files.config->book);
  return print_report(call, report, options, files.workspace);
}

}  // namespace

void add_test(CLI::App& app, Call& call) {
  const auto options = std::make_shared<TestOptions>();
  auto* command = app.add_subcommand(
      "test", "run the scenarios of tests/*.yaml on a virtual clock; nothing leaves the machine");
  command->add_option("NAME", options->names,
                      "scenarios by their names, or files of them; all where left out");
  command
      ->add_option("--only", options->only,
                   "scenarios whose names have this in them; * stands for anything")
      ->option_text("PATTERN");
  command
      ->add_option("--format", options->format, "text, tap (TAP version 14), or json for programs")
      ->check(CLI::IsMember({"text", "tap", "json"}))
      ->option_text("FORMAT (text)");
  command
      ->add_option("--junit", options->junit,
                   "write the results there as well, as the XML that CI systems read")
      ->option_text("FILE");
  command->add_flag("--coverage", options->coverage,
                    "print which steps and branches of the playbooks no scenario reached");
  command
      ->add_option("--coverage-min", options->coverage_min,
                   "fail where less of them is reached; asks for --coverage")
      ->check(CLI::Range(0, 100))
      ->option_text("PERCENT");
  add_examples(*command,
               "  nurtured --config shop test\n"
               "  nurtured test --only webinar --coverage\n"
               "  nurtured test \"no offer before seven touches\"\n"
               "  nurtured test --format tap --junit results.xml --coverage-min 80");
  command->callback([&call, options, command] {
    if (command->count("--coverage-min") > 0) options->coverage = true;
    call.action = [&call, options] { return test(call, *options); };
  });
}

}  // namespace nurtured::daemon::cli
