#include "daemon/graph.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "rules/step_edges.h"

namespace nurtured::daemon {
namespace {

using rules::Playbook;
using rules::Step;
using rules::StepIndex;

constexpr std::string_view stage_moved = "stage.moved";

const rules::Expression* address_of(const std::optional<rules::Expression>& condition) {
  return condition ? &*condition : nullptr;
}

std::string with_condition(std::string_view text, const rules::Expression* condition,
                           std::string_view link = " if ") {
  return condition == nullptr ? std::string(text)
                              : fmt::format("{}{}{}", text, link, condition->source);
}

std::string title_of(const Playbook& playbook) {
  return playbook.title.empty() ? playbook.id : playbook.title;
}

// What begins a playbook, one text for each way.
struct StartText {
  std::string what;
  const rules::Expression* condition = nullptr;  // none: always
};

std::string text_of(const rules::DateStart& start) {
  std::string out = "date " + start.date.source;
  if (!start.offset.empty()) {
    out += fmt::format(", {} {}", rules::to_string(start.offset),
                       start.is_before ? "before" : "after");
  }
  if (start.at) out += " at " + rules::to_string(*start.at);
  if (start.every_year) out += ", every year";
  return out;
}

std::string text_of(const rules::ScheduleStart& start) {
  return fmt::format("{} {}, segment {}",
                     std::holds_alternative<rules::Cron>(start.times) ? "schedule" : "once",
                     start.written, start.segment);
}

std::vector<StartText> starts_of(const Playbook& playbook) {
  std::vector<StartText> out;
  out.reserve(playbook.starts.size() + playbook.timed_starts.size() + 1);
  for (const auto& start : playbook.starts) {
    out.push_back(
        {start.segment.empty() ? start.event : fmt::format("{}: {}", start.event, start.segment),
         address_of(start.condition)});
  }
  for (const auto& start : playbook.timed_starts) {
    out.push_back({std::visit([](const auto& when) { return text_of(when); }, start.when),
                   address_of(start.condition)});
  }
  if (playbook.by_hand) out.push_back({"by hand", nullptr});
  return out;
}

// Grows a graph; two ways from one box to the same other become one with both names.
class Builder {
 public:
  explicit Builder(std::string title) { graph_.title = std::move(title); }

  std::size_t add(GraphLook look, std::string name, std::string text) {
    graph_.nodes.push_back({look, std::move(name), std::move(text)});
    return graph_.nodes.size() - 1;
  }

  void link(std::size_t from, std::size_t to, std::string_view label = {}, bool is_side = false) {
    const auto [known, is_new] = edges_.try_emplace({from, to}, graph_.edges.size());
    if (is_new) {
      graph_.edges.push_back({from, to, std::string(label), is_side});
      return;
    }
    GraphEdge& edge = graph_.edges[known->second];
    edge.is_side = edge.is_side && is_side;
    if (label.empty() || edge.label == label) return;
    edge.label =
        edge.label.empty() ? std::string(label) : fmt::format("{} / {}", edge.label, label);
  }

  Graph take() { return std::move(graph_); }

 private:
  Graph graph_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> edges_;
};

// ---- one playbook

GraphLook look_of_message(const rules::MessageInfo* message) {
  if (message == nullptr) return GraphLook::service;
  switch (message->kind) {
    case rules::Kind::value:
      return GraphLook::value;
    case rules::Kind::engagement:
      return GraphLook::engagement;
    case rules::Kind::offer:
      return GraphLook::offer;
    case rules::Kind::reply:
    case rules::Kind::reminder:
    case rules::Kind::receipt:
      break;
  }
  return GraphLook::service;
}

GraphNode node_of(const rules::Book& book, const Step& step) {
  GraphNode node{GraphLook::step, step.id, rules::step_label(step)};
  if (const auto* send = rules::send_of(step.action)) {
    const auto* message = book.message(send->message);
    node.look = look_of_message(message);
    node.text += fmt::format(
        " ({})", message == nullptr ? "no such message" : rules::to_string(message->kind));
  } else if (std::holds_alternative<rules::Wait>(step.action) ||
             std::holds_alternative<rules::WaitUntil>(step.action) ||
             std::holds_alternative<rules::WaitFor>(step.action)) {
    node.look = GraphLook::wait;
  } else if (std::holds_alternative<rules::Choose>(step.action) ||
             std::holds_alternative<rules::Split>(step.action) ||
             std::holds_alternative<rules::Repeat>(step.action)) {
    node.look = GraphLook::choice;
  } else if (std::holds_alternative<rules::End>(step.action)) {
    node.look = GraphLook::finish;
  }
  return node;
}

class PlaybookGraph {
 public:
  PlaybookGraph(const rules::Book& book, const Playbook& playbook)
      : book_(book), playbook_(playbook), builder_(title_of(playbook)) {}

  Graph build() {
    // The boxes of the steps come first, so that a step's index is its box.
    for (const Step& step : playbook_.steps) {
      GraphNode node = node_of(book_, step);
      builder_.add(node.look, std::move(node.name), std::move(node.text));
    }
    add_starts();
    for (std::size_t i = 0; i < playbook_.steps.size(); ++i) {
      for (const auto& edge : rules::step_edges(playbook_.steps[i])) {
        builder_.link(i, box_of(edge.target), edge.name);
      }
    }
    add_early_ends();
    return builder_.take();
  }

 private:
  std::size_t box_of(StepIndex target) {
    if (target < playbook_.steps.size()) return target;
    if (!finished_) finished_ = builder_.add(GraphLook::finish, "", "finished");
    return *finished_;
  }

  void add_starts() {
    for (const StartText& start : starts_of(playbook_)) {
      const auto box =
          builder_.add(GraphLook::event, "start", with_condition(start.what, start.condition));
      builder_.link(box, box_of(0));
    }
  }

  // They may come at any step, so they hang on none.
  void add_early_ends() {
    if (playbook_.goal) {
      std::string text =
          with_condition(playbook_.goal->event, address_of(playbook_.goal->condition));
      if (playbook_.goal->within) text += " within " + rules::to_string(*playbook_.goal->within);
      const auto box = builder_.add(GraphLook::event, "goal", std::move(text));
      builder_.link(box, builder_.add(GraphLook::finish, "", "goal reached"), "at any step", true);
    }
    if (playbook_.stops.empty()) return;
    const auto stopped = builder_.add(GraphLook::finish, "", "stopped");
    for (const auto& stop : playbook_.stops) {
      const auto box = builder_.add(GraphLook::event, "stop",
                                    with_condition(stop.event, address_of(stop.condition),
                                                   stop.event.empty() ? "if " : " if "));
      builder_.link(box, stopped, "at any step", true);
    }
  }

  const rules::Book& book_;
  const Playbook& playbook_;
  Builder builder_;
  std::optional<std::size_t> finished_;
};

// ---- all playbooks

// The event that a step makes for others to hear; empty for most.
std::string_view event_made_by(const rules::StepAction& action) {
  if (const auto* emit = std::get_if<rules::Emit>(&action)) return emit->event;
  return std::holds_alternative<rules::MoveTo>(action) ? stage_moved : std::string_view();
}

class BookGraph {
 public:
  explicit BookGraph(const rules::Book& book) : book_(book), builder_("All playbooks") {}

  Graph build() {
    for (const auto& playbook : book_.current()) {
      boxes_.push_back(builder_.add(GraphLook::playbook, playbook->id, title_of(*playbook)));
      for (const Step& step : playbook->steps) {
        const auto event = event_made_by(step.action);
        if (!event.empty()) made_.emplace(event);
      }
    }
    for (std::size_t i = 0; i < boxes_.size(); ++i) add_heard(*book_.current()[i], boxes_[i]);
    for (std::size_t i = 0; i < boxes_.size(); ++i) add_made(*book_.current()[i], boxes_[i]);
    return builder_.take();
  }

 private:
  std::size_t event_box(const std::string& event) {
    const auto [box, is_new] = events_.try_emplace(event, 0);
    if (is_new) box->second = builder_.add(GraphLook::event, "", event);
    return box->second;
  }

  // What other events than starts do is drawn where a playbook makes them: the rest is that
  // playbook's own affair.
  bool is_made(const std::string& event) const { return made_.contains(event); }

  void add_heard(const Playbook& playbook, std::size_t box) {
    const auto hear = [&](const std::string& event, const std::string& label, bool is_side) {
      builder_.link(event_box(event), box, label, is_side);
    };
    for (const StartText& start : starts_of(playbook)) {
      hear(start.what, start.condition == nullptr ? "" : "if " + start.condition->source, false);
    }
    if (playbook.goal && is_made(playbook.goal->event)) hear(playbook.goal->event, "goal", true);
    for (const auto& stop : playbook.stops) {
      if (is_made(stop.event)) hear(stop.event, "stops it", true);
    }
    for (const Step& step : playbook.steps) {
      const auto* wait = std::get_if<rules::WaitFor>(&step.action);
      if (wait == nullptr) continue;
      for (const auto& event : wait->events) {
        if (is_made(event)) hear(event, "awaited", true);
      }
    }
  }

  // A stage moves in most playbooks, and is drawn where one listens.
  void add_made(const Playbook& playbook, std::size_t box) {
    for (const Step& step : playbook.steps) {
      if (const auto* enroll = std::get_if<rules::Enroll>(&step.action)) {
        link_playbook(box, enroll->playbook, "enrolls", false);
      } else if (const auto* leave = std::get_if<rules::Leave>(&step.action)) {
        link_playbook(box, leave->playbook, "ends", true);
      }
      const std::string event(event_made_by(step.action));
      if (event.empty() || (event == stage_moved && !events_.contains(event))) continue;
      builder_.link(box, event_box(event));
    }
  }

  void link_playbook(std::size_t box, const std::string& id, std::string_view label, bool is_side) {
    const auto& all = book_.current();
    const auto other =
        std::ranges::find(all, id, [](const auto& playbook) { return playbook->id; });
    if (other == all.end()) return;
    builder_.link(box, boxes_[static_cast<std::size_t>(other - all.begin())], label, is_side);
  }

  const rules::Book& book_;
  Builder builder_;
  std::vector<std::size_t> boxes_;           // of book_.current()
  std::set<std::string, std::less<>> made_;  // the events that some playbook makes
  std::map<std::string, std::size_t, std::less<>> events_;
};

}  // namespace

Graph graph_of(const rules::Book& book, const rules::Playbook& playbook) {
  return PlaybookGraph(book, playbook).build();
}

Graph graph_of(const rules::Book& book) {
  return BookGraph(book).build();
}

}  // namespace nurtured::daemon
