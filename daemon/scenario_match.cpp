#include "daemon/scenario_match.h"

#include <algorithm>

#include <fmt/format.h>

#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

using config::LineExpected;
using config::StateExpected;

bool has_tag(const PlayedState& state, const std::string& tag) {
  return std::ranges::find(state.tags, tag) != state.tags.end();
}

bool is_same(const cel::Value& expected, const cel::Value& actual) {
  if (expected == actual) return true;
  // A time has no literal of its own in YAML.
  return actual.instant() && expected.is_string() &&
         expected.as_string() == cel::to_plain_text(actual);
}

cel::Value attribute(const PlayedState& state, const std::string& name) {
  const auto found = state.attributes.find(name);
  return found == state.attributes.end() ? cel::Value() : found->second;
}

std::string score_text(double score) {
  return cel::to_plain_text(cel::Value(score));
}

class Holds {
 public:
  Holds(const std::vector<PlayedState>& states, std::size_t index)
      : states_(states), index_(index) {}

  bool operator()(const config::StageIs& its) const { return now().stage == its.stage; }
  bool operator()(const config::ScoreIs& its) const { return now().score == its.score; }
  bool operator()(const config::SegmentIs& its) const {
    return std::ranges::find(now().segments, its.segment) != now().segments.end();
  }
  bool operator()(const config::TagIs& its) const {
    if (!its.removed) return has_tag(now(), its.tag);
    if (has_tag(now(), its.tag)) return false;
    return std::any_of(states_.begin(), states_.begin() + static_cast<std::ptrdiff_t>(index_),
                       [&](const PlayedState& before) { return has_tag(before, its.tag); });
  }
  bool operator()(const config::AttributesAre& are) const {
    return std::ranges::all_of(are.values, [this](const auto& its) {
      return is_same(its.second, attribute(now(), its.first));
    });
  }

 private:
  const PlayedState& now() const { return states_[index_]; }

  const std::vector<PlayedState>& states_;
  std::size_t index_;
};

struct Makes {
  const rules::Decision& its;

  bool operator()(const config::StageIs& is) const {
    return its.action == "move_to" && its.detail == is.stage;
  }
  bool operator()(const config::TagIs& is) const {
    return its.action == (is.removed ? "untag" : "tag") && its.detail == is.tag;
  }
  bool operator()(const config::ScoreIs& is) const {
    return its.action == "score" && its.detail == score_text(is.score);
  }
  bool operator()(const config::SegmentIs&) const { return false; }  // no step does
  // Its line has the value as people read it, which is not enough to tell a text from a number.
  bool operator()(const config::AttributesAre&) const { return false; }
};

struct StateText {
  const PlayedState& state;

  std::string operator()(const config::StageIs&) const {
    return state.stage.empty() ? "there is no stage yet" : "the stage is " + state.stage;
  }
  std::string operator()(const config::ScoreIs&) const {
    return "the score is " + score_text(state.score);
  }
  std::string operator()(const config::TagIs&) const {
    if (state.tags.empty()) return "there are no tags";
    return fmt::format("the tags are {}", fmt::join(state.tags, ", "));
  }
  std::string operator()(const config::SegmentIs&) const {
    if (state.segments.empty()) return "they are in no segment";
    return fmt::format("they are in {}", fmt::join(state.segments, ", "));
  }
  std::string operator()(const config::AttributesAre& are) const {
    std::string text;
    for (const auto& [name, expected] : are.values) {
      const cel::Value actual = attribute(state, name);
      if (is_same(expected, actual)) continue;
      text += text.empty() ? "" : ", ";
      text += actual.is_null() ? "there is no " + name
                               : fmt::format("{} is {}", name, cel::to_json(actual));
    }
    return text;
  }
};

}  // namespace

std::string difference(const LineExpected& expected, const PlayedLine& line) {
  const rules::Decision& its = line.decision;
  struct Part {
    std::string_view name;
    std::string_view expected;
    std::string_view actual;
  };
  const std::string_view kind = its.kind ? rules::to_string(*its.kind) : std::string_view();
  const Part parts[] = {{"action", expected.action, its.action},
                        {"message", expected.message, its.message},
                        {"playbook", expected.playbook, its.playbook},
                        {"step", expected.step, its.step},
                        {"channel", expected.channel, its.to.channel},
                        {"kind", expected.kind, kind},
                        {"subject", expected.subject, line.subject},
                        {"reason", expected.reason, rules::to_string(its.reason)},
                        {"outcome", expected.outcome, its.outcome},
                        {"text", expected.detail, its.detail}};
  for (const Part& part : parts) {
    if (part.expected.empty() || part.expected == part.actual) continue;
    return fmt::format("its {} is {}", part.name,
                       part.actual.empty() ? "empty" : fmt::format("\"{}\"", part.actual));
  }
  if (its.detail.find(expected.detail_part) == std::string::npos) {
    return fmt::format("its text is \"{}\"", its.detail);
  }
  return {};
}

bool says(const LineExpected& expected, const PlayedLine& line) {
  // The dearest part only where all else fits.
  return line.decision.action == expected.action && difference(expected, line).empty();
}

bool is_about(const LineExpected& expected, const PlayedLine& line) {
  const rules::Decision& its = line.decision;
  if (!expected.message.empty()) return its.message == expected.message;
  if (!expected.detail.empty() || !expected.detail_part.empty()) {
    return its.action == expected.action;
  }
  return its.playbook == expected.playbook;
}

bool overlaps(const config::Window& window, const PlayedLine& line) {
  if (line.until == line.at) return line.at >= window.from && line.at <= window.to;
  return line.at <= window.to && line.until > window.from;
}

bool holds(const StateExpected& expected, const std::vector<PlayedState>& states,
           std::size_t index) {
  return std::visit(Holds(states, index), expected);
}

bool makes(const StateExpected& expected, const PlayedLine& line) {
  return std::visit(Makes{line.decision}, expected);
}

std::string state_text(const StateExpected& expected, const PlayedState& state) {
  return std::visit(StateText{state}, expected);
}

}  // namespace nurtured::daemon
