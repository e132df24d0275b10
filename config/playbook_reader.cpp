#include "config/playbook_reader.h"

#include <utility>

#include <fmt/format.h>

#include "config/section.h"
#include "config/start_reader.h"
#include "config/step_reader.h"
#include "config/version.h"
#include "config/via.h"
#include "config/wait_reader.h"

namespace nurtured::config {
namespace {

using rules::Playbook;

class PlaybookReader {
 public:
  PlaybookReader(const Reading& reading, const std::shared_ptr<const content::Library>& library)
      : reading_(reading), library_(library), problems_(reading.problems) {}

  std::shared_ptr<const Playbook> read() {
    const std::size_t errors_before = problems_.errors();
    const Node& node = reading_.document.root;
    Section section(node, "", problems_);
    Playbook out;
    out.version = version_of(node);
    out.source = std::string(reading_.document.text);
    read_names(section, out);
    take_starts(section, out);
    read_repetition(section, out);
    read_goal(section, out);
    read_stops(section, out);
    const Via via = read_via(section, reading_.catalogue);
    out.via = via.channels;
    out.via_all = via.all;
    if (section.require("steps", "say what is to happen: `- send: NAME`")) {
      const StepContext context{reading_, library_, {start_shape_, enrollment_}, out.via};
      out.steps = read_steps(*section.node("steps"), context);
    }
    section.finish();
    if (problems_.errors() != errors_before) return nullptr;
    return std::make_shared<const Playbook>(std::move(out));
  }

 private:
  void read_names(Section& section, Playbook& out) {
    const auto id = section.text("playbook");
    out.id = id.value_or(playbook_id_of(reading_.document.path));
    const Node* node = section.node("playbook");
    check_name(out.id, "playbook", ".", node == nullptr ? section.place() : node->place, problems_);
    out.title = section.text("title").value_or("");
    out.stage = section.choice("stage", stages).value_or("");
    out.priority = static_cast<int>(
        section.integer("priority", {.min = 0, .max = 100}).value_or(out.priority));
    if (const auto late = section.choice("late", {"send", "skip"})) {
      out.late = *late == "skip" ? rules::Late::skip : rules::Late::send;
    }
  }

  // ---- starts

  void take_starts(Section& section, Playbook& out) {
    Starts starts = read_starts(section, reading_);
    out.starts = std::move(starts.events);
    out.timed_starts = std::move(starts.timed);
    out.by_hand = starts.by_hand;
    recurs_ = starts.recurs;
    start_shape_ = std::move(starts.event);
    enrollment_.event = start_shape_;
    enrollment_.open = reading_.catalogue.is_former;
    if (const Node* steps = section.node("steps"); steps != nullptr) {
      enrollment_.saved = saved_in(*steps, reading_.catalogue);
    }
  }

  // ---- again, meanwhile, per

  void read_repetition(Section& section, Playbook& out) {
    out.again = read_again(section);
    if (section.choice("meanwhile", {"ignore", "restart"}).value_or("ignore") == "restart") {
      out.meanwhile = rules::Meanwhile::restart;
    }
    if (const Node* per = section.node("per"); per != nullptr) {
      out.per = read_expression(*per, Wanted::key, {start_shape_, std::nullopt}, reading_);
    }
  }

  rules::Again read_again(Section& section) const {
    rules::Again again;
    const auto text = section.text("again");
    if (!text && recurs_) again.mode = rules::AgainMode::by_clock;
    if (!text || *text == "never") return again;
    constexpr std::string_view after = "after ";
    if (*text == "always") {
      again.mode = rules::AgainMode::always;
    } else if (text->starts_with(after)) {
      auto span = rules::parse_span(std::string_view(*text).substr(after.size()));
      if (!span) {
        section.error("again", fmt::format("`again`: {}", span.error().message),
                      span.error().remedy);
      }
      again.mode = rules::AgainMode::after;
      again.after = span.value_or(rules::Span{});
    } else {
      const std::vector<std::string> words{"never", "always", "after"};
      section.error("again", fmt::format("`again` cannot be \"{}\"", *text),
                    did_you_mean(*text, words, "write never, always or after 90d"));
    }
    return again;
  }

  // ---- goal and stop

  void read_goal(Section& section, Playbook& out) {
    const Node* node = section.node("goal");
    if (node == nullptr) return;
    rules::Goal goal;
    if (node->is_scalar()) {
      if (!use_event(*node, reading_)) return;
      goal.event = node->text;
    } else {
      Section inner(*node, "goal", problems_);
      inner.require("when", "name the event that is the goal");
      goal.event = read_event(inner, reading_);
      goal.condition =
          read_condition(inner, {shape_of(reading_.catalogue, {goal.event}), enrollment_});
      goal.within = inner.span("within");
      inner.finish();
    }
    out.goal = std::move(goal);
  }

  void read_stops(Section& section, Playbook& out) {
    const Node* node = section.node("stop");
    if (node == nullptr) return;
    if (node->is_null() || (node->is_list() && node->items.empty())) {
      section.error("stop", "`stop` is empty", "write `- when: EVENT` or `- if: EXPR`");
    } else if (!node->is_list()) {
      read_stop(*node, out);
    } else {
      for (const Node& item : node->items) read_stop(item, out);
    }
  }

  void read_stop(const Node& node, Playbook& out) {
    rules::Stop stop;
    if (node.is_scalar()) {
      if (!use_event(node, reading_)) return;
      stop.event = node.text;
    } else {
      Section section(node, "stop", problems_);
      stop.event = read_event(section, reading_);
      stop.condition = read_condition(
          section, {stop.event.empty() ? start_shape_ : shape_of(reading_.catalogue, {stop.event}),
                    enrollment_});
      if (section.node("when") == nullptr && section.node("if") == nullptr) {
        section.error("", "this stops at nothing", "write `when: EVENT` or `if: EXPR`");
      }
      section.finish();
    }
    out.stops.push_back(std::move(stop));
  }

  // ---- parts

  std::optional<rules::Expression> read_condition(Section& section, const Scene& scene) {
    const Node* node = section.node("if");
    if (node == nullptr) return std::nullopt;
    return read_expression(*node, Wanted::condition, scene, reading_);
  }

  const Reading& reading_;
  const std::shared_ptr<const content::Library>& library_;
  Problems& problems_;
  rules::EventShape start_shape_;
  bool recurs_ = false;
  rules::EnrollmentShape enrollment_;
};

}  // namespace

std::string playbook_id_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? name : name.substr(0, dot);
}

std::shared_ptr<const Playbook> read_playbook(
    const Reading& reading, const std::shared_ptr<const content::Library>& library) {
  return PlaybookReader(reading, library).read();
}

}  // namespace nurtured::config
