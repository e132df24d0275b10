#include "config/scenario_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/allow.h"
#include "config/literal.h"
#include "config/scenario_cases.h"
#include "config/scenario_contact.h"
#include "config/scenario_context.h"
#include "config/scenario_events.h"
#include "config/scenario_expect.h"

namespace nurtured::config {
namespace {

using std::chrono::days;

// One scenario, its case written in.
class ScenarioReader {
 public:
  ScenarioReader(const Node& node, const Node* common, const Config* config, Problems& problems)
      : section_(node, "", problems), common_(common), context_(config, problems) {}

  // nullopt, and reported, when anything is wrong with it.
  std::optional<Scenario> read() {
    const Problems& problems = section_.problems();
    const std::size_t errors_before = problems.errors();
    section_.require("name", "say in a few words what it shows");
    out_.name = section_.text("name").value_or("");
    out_.place = section_.node("name") == nullptr ? section_.place() : section_.node("name")->place;
    if (out_.name.find('\n') != std::string::npos) {
      section_.error("name", "a name is one line", "shorten it");
    }
    read_contacts();
    context_.set_contacts(out_.contacts);
    read_start();
    read_events();
    read_expectations();
    read_answers();
    read_until();
    section_.allow({"cases"});  // which are written in already
    section_.finish();
    if (problems.errors() != errors_before) return std::nullopt;
    return std::move(out_);
  }

 private:
  void read_contacts() {
    const Node* one = section_.node("contact");
    const Node* several = section_.node("contacts");
    if (one != nullptr && several != nullptr) {
      section_.error("contacts", "`contact` and `contacts` stand side by side",
                     "put all of them into `contacts`");
    }
    if (one == nullptr && several == nullptr) one = common_;
    if (one == nullptr && several == nullptr) {
      section_.error("", "nobody is there",
                     "write contact: {id: u1, email: u1@example.org}, here or once at the top of "
                     "the file");
      return;
    }
    if (one != nullptr) {
      add_contact(*one);
    } else if (is_list("contacts", scenario_contacts_max)) {
      for (const Node& node : several->items) add_contact(node);
    }
  }

  void add_contact(const Node& node) {
    auto contact = read_scenario_contact(node, context_);
    if (!contact) return;
    if (std::ranges::find(out_.contacts, contact->id, &ScenarioContact::id) !=
        out_.contacts.end()) {
      section_.problems().error(node.place,
                                fmt::format("two contacts have the id `{}`", contact->id),
                                "give each one of its own");
    }
    out_.contacts.push_back(*std::move(contact));
  }

  // Durations count from `start`, or from the first event that is none of the past.
  void read_start() {
    std::optional<Instant> start;
    bool is_said = section_.node("start") != nullptr;
    if (const auto moment = context_.moment(section_, "start", 0)) {
      start = moment->window.from;
    } else if (const Node* events = section_.node("events"); events != nullptr) {
      for (const Node& event : events->items) {
        const Node* at = event.find("at");
        if (at == nullptr || event.find("history") != nullptr) continue;
        is_said = true;
        // A fault of it is reported where the event is read.
        const auto first = parse_moment(at->text, context_.zone_of(0), std::nullopt);
        if (first && (!start || first->window.from < *start)) start = first->window.from;
      }
    }
    if (!start && !is_said) {
      section_.error("events", "nothing says when it begins",
                     "give an event a time, at: \"2026-03-02 11:30\", or write start:");
    }
    knows_start_ = start.has_value();
    out_.start = start.value_or(Instant{});
    context_.set_start(start);
    named_until_ = out_.start;
  }

  void read_events() {
    const Node* events = section_.node("events");
    if (events == nullptr || !is_list("events", scenario_events_max)) return;
    for (const Node& node : events->items) {
      auto event = read_scenario_event(node, context_);
      if (!event) continue;
      named_until_ = std::max(named_until_, event->at);
      const auto* told = std::get_if<EventHappens>(&event->what);
      const bool is_past = told != nullptr && told->event.is_history;
      if (event->at < out_.start && !is_past) {
        section_.problems().error(event->place, "this happens before the start",
                                  "add `history: true` to what was before, or change `start`");
      }
      out_.events.push_back(*std::move(event));
    }
    std::ranges::stable_sort(out_.events, {}, &ScenarioEvent::at);
  }

  void read_expectations() {
    section_.require("expect", "say what is to follow: expect: [{send: NAME}]");
    const Node* expected = section_.node("expect");
    if (expected == nullptr || !is_list("expect", scenario_expectations_max)) return;
    for (const Node& node : expected->items) {
      auto expectation = read_expectation(node, context_);
      if (!expectation) continue;
      if (const auto& window = expectation->window) {
        for (const Instant end : {window->from, window->to}) {
          if (end != base::instant_max) named_until_ = std::max(named_until_, end);
        }
      }
      out_.expectations.push_back(*std::move(expectation));
    }
  }

  // As `events` is for contacts, this is for connectors: what comes back.
  void read_answers() {
    const auto answers = section_.section("answers");
    if (!answers) return;
    for (const Entry& entry : section_.node("answers")->entries) {
      context_.check_call(entry.key, entry.place);
      if (entry.value.is_map()) {
        out_.answers.emplace_back(entry.key, literal(entry.value));
      } else {
        section_.problems().error(entry.value.place, "this is no map of what is given back",
                                  "write {NAME: VALUE}");
      }
    }
  }

  void read_until() {
    const auto moment = context_.moment(section_, "until", 0);
    const Instant furthest = out_.start + days{scenario_days_max};
    if (!moment) {
      out_.until = std::min(named_until_ + days{scenario_days_after}, furthest);
    } else {
      out_.until = moment->window.to;
      if (out_.until < named_until_) {
        section_.error("until", "it ends before what happens in it, or is expected of it",
                       "write a later time, or leave it out");
      }
    }
    if (!knows_start_) return;
    const Instant first = out_.events.empty() ? out_.start : out_.events.front().at;
    if (named_until_ > furthest || out_.until - first > 2 * days{scenario_days_max} ||
        (moment && out_.until > furthest)) {
      section_.error("", fmt::format("it goes on for more than {} days", scenario_days_max),
                     "look for a slip in a year");
    }
  }

  bool is_list(std::string_view key, std::size_t most) {
    const Node& node = *section_.node(key);
    if (!node.is_list() || (node.items.empty() && key != "events")) {
      section_.error(key, fmt::format("`{}` is no list", key), "begin each with `-`");
      return false;
    }
    if (node.items.size() <= most) return true;
    section_.error(key, fmt::format("`{}` has more than {} entries", key, most), "split it in two");
    return false;
  }

  Section section_;
  const Node* common_;
  ScenarioContext context_;
  Scenario out_;
  bool knows_start_ = false;
  Instant named_until_;  // the last moment that it names
};

// One file.
class ScenarioFile {
 public:
  ScenarioFile(const File& file, const Config* config, Problems& problems)
      : file_(file), config_(config), problems_(problems) {}

  void read(std::vector<Scenario>& out) {
    const auto root = parse_yaml(file_.text, file_.path, problems_);
    if (!root) return;
    Section section(*root, "", problems_);
    common_ = section.node("contact");
    if (section.require("tests", "write tests: and a list of scenarios below it")) {
      const Node& tests = *section.node("tests");
      if (!tests.is_list()) {
        section.error("tests", "`tests` is no list", "begin each scenario with `- name:`");
      }
      for (const Node& node : tests.items) {
        if (!read_one(node, out)) break;
      }
    }
    section.finish();
  }

 private:
  // False when the workspace has as many as there may be.
  bool read_one(const Node& node, std::vector<Scenario>& out) {
    const std::size_t errors_before = problems_.errors();
    for (const ScenarioCase& its : expand_cases(node, bytes_, problems_)) {
      if (out.size() >= scenarios_max) {
        problems_.error(node.place,
                        fmt::format("a workspace has at most {} scenarios", scenarios_max),
                        "remove some");
        return false;
      }
      auto scenario = ScenarioReader(its.node, common_, config_, problems_).read();
      if (!scenario) continue;
      scenario->path = file_.path;
      scenario->case_name = its.name;
      if (!titles_.insert(scenario->title()).second) {
        problems_.error(scenario->place,
                        fmt::format("two scenarios are called \"{}\"", scenario->title()),
                        "rename one of them");
        continue;
      }
      out.push_back(*std::move(scenario));
    }
    // Whoever made so many faults is served with the first of them.
    return problems_.errors() - errors_before < Problems::kept_max;
  }

  const File& file_;
  const Config* config_;
  Problems& problems_;
  const Node* common_ = nullptr;
  std::size_t bytes_ = 0;
  std::set<std::string> titles_;
};

}  // namespace

std::vector<Scenario> read_scenarios(const Workspace& workspace, const Config* config,
                                     Problems& problems) {
  std::vector<Scenario> out;
  Problems found;
  for (const File& file : workspace.files) {
    if (file.path.starts_with(scenarios_folder)) ScenarioFile(file, config, found).read(out);
  }
  const bool is_complete = config != nullptr && !found.has_errors();
  for (Problem& problem :
       silence_allowed(workspace, AllowedIn::scenarios, found.take(), is_complete)) {
    problems.add(std::move(problem));
  }
  return out;
}

}  // namespace nurtured::config
