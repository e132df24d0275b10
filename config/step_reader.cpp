#include "config/step_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/assignments.h"
#include "config/call_reader.h"
#include "config/emit_reader.h"
#include "config/literal.h"
#include "config/loops.h"
#include "config/question_reader.h"
#include "config/send_reader.h"
#include "config/step_list.h"
#include "config/text.h"
#include "config/wait_reader.h"
#include "rules/advance.h"

namespace nurtured::config {
namespace {

using rules::no_step;
using rules::StepIndex;
using Tree = StepTree;
using Head = StepHead;

class StepReader {
 public:
  explicit StepReader(const StepContext& context)
      : context_(context), problems_(context.reading.problems) {}

  std::vector<rules::Step> read(const Node& list) {
    const std::size_t errors_before = problems_.errors();
    const std::vector<Tree> trees = read_list(list);
    // Broken steps have no links to follow.
    if (problems_.errors() != errors_before) return {};
    return steps_.finish(trees);
  }

 private:
  using Read = Tree (StepReader::*)(Section& section, const Head& head);
  struct Kind {
    std::string_view key;
    Read read;
  };
  static const std::vector<Kind>& step_kinds();

  // ---- lists

  std::vector<Tree> read_list(const Node& list) {
    std::vector<Tree> trees;
    if (!list.is_list() || list.items.empty()) {
      problems_.error(
          list.place,
          list.is_list() || list.is_null() ? "there are no steps here" : "this is no list of steps",
          "write a list: `- send: NAME`");
      return trees;
    }
    for (const Node& item : list.items) {
      if (steps_.size() >= steps_max) {
        problems_.error(item.place, fmt::format("a playbook has at most {} steps", steps_max),
                        "split it in two");
        break;
      }
      if (auto tree = read_step(item)) trees.push_back(std::move(*tree));
    }
    if (!trees.empty()) check_skip(trees.back());
    return trees;
  }

  void check_skip(const Tree& last) {
    const auto* until = std::get_if<rules::WaitUntil>(&steps_[last.first].action);
    if (until == nullptr || !until->skip_if_past) return;
    problems_.error(steps_[last.first].place, "`if_past: skip` has no next step to skip",
                    "add one to this list, or remove `if_past`");
  }

  std::vector<Tree> read_branch(Section& section, std::string_view key) {
    const Node* list = section.node(key);
    return list == nullptr ? std::vector<Tree>() : read_list(*list);
  }

  std::optional<Tree> read_step(const Node& node) {
    if (!node.is_map()) {
      problems_.error(node.place, "this is no step", "write one as `- send: NAME`");
      return std::nullopt;
    }
    const Kind* kind = kind_of(node);
    if (kind == nullptr) return std::nullopt;
    Section section(node, "", problems_);
    const Head head{section.text("id").value_or(""), section.node(kind->key)->place};
    if (!head.id.empty()) check_id(head.id, section.node("id")->place);
    Tree tree = (this->*kind->read)(section, head);
    section.finish();
    return tree;
  }

  // What a map is a step of; nullptr, and reported, when it is none.
  const Kind* kind_of(const Node& node) {
    const Kind* found = nullptr;
    for (const Entry& entry : node.entries) {
      const auto& kinds_known = step_kinds();
      const auto kind = std::find_if(kinds_known.begin(), kinds_known.end(),
                                     [&](const Kind& k) { return k.key == entry.key; });
      if (kind == kinds_known.end()) continue;
      if (found != nullptr) {
        problems_.error(
            entry.place,
            fmt::format("a step does one thing: `{}` stands beside `{}`", entry.key, found->key),
            "begin another step with `-`");
        return nullptr;
      }
      found = &*kind;
    }
    if (found == nullptr) report_unknown(node);
    return found;
  }

  void report_unknown(const Node& node) {
    std::vector<std::string> names;
    for (const Kind& kind : step_kinds()) names.emplace_back(kind.key);
    for (const Entry& entry : node.entries) {
      const std::string hint = did_you_mean(entry.key, names);
      if (hint.empty()) continue;
      problems_.error(entry.place, fmt::format("there is no step `{}`", entry.key), hint);
      return;
    }
    const base::Place& place = node.entries.empty() ? node.place : node.entries.front().place;
    problems_.error(place, "this is no step", fmt::format("steps are {}", fmt::join(names, ", ")));
  }

  void check_id(const std::string& id, const base::Place& place) {
    if (!check_name(id, "step", ".:", place, problems_)) return;
    if (!steps_.claim_id(id)) {
      problems_.error(place, fmt::format("two steps have the id `{}`", id), "rename one of them");
    }
  }

  Tree single(const Head& head, std::string base, rules::StepAction action) {
    const StepIndex index = steps_.add(head, std::move(base), std::move(action));
    return {index, index, {}};
  }

  // ---- sends

  Tree read_send(Section& section, const Head& head) {
    const std::string message = section.text("send").value_or("");
    Tree tree = single(head, "send:" + message, rules::Send{});
    Gates gates = read_gates(section, context_);
    gates.send.go_on_while_held = read_go_on_while_held(section);
    if (!message.empty()) check_message(message, head.place, gates.send, context_);
    gates.send.message = message;
    if (gates.otherwise != nullptr) tree.branches.push_back(read_list(*gates.otherwise));
    steps_.set_action(tree.first, std::move(gates.send));
    return tree;
  }

  // Sends with waits between them.
  Tree read_series(Section& section, const Head& head) {
    const Node* list = section.node("series");
    Gates gates = read_gates(section, context_);
    gates.send.go_on_while_held = read_go_on_while_held(section);
    if (gates.otherwise != nullptr) {
      problems_.error(gates.otherwise->place, "a series takes no `otherwise`",
                      "write its sends one by one");
    }
    section.require("every", "say how far apart the messages are");
    const rules::Wait wait = read_wait(section, "every");
    Tree tree{static_cast<StepIndex>(steps_.size()), 0, {}};
    if (!list->is_list() || list->items.empty()) {
      section.error("series", "`series` is no list of messages", "write [first, second]");
    }
    for (const Node& item : list->items) {
      if (steps_.size() >= steps_max) {
        problems_.error(item.place, fmt::format("a playbook has at most {} steps", steps_max),
                        "split it in two");
        break;
      }
      if (!item.is_scalar()) {
        problems_.error(item.place, "this is no message's name", "write one name an item");
        continue;
      }
      check_message(item.text, item.place, gates.send, context_);
      // The first keeps the id that was given; the others are named after it.
      const bool is_first = steps_.size() == tree.first;
      const Head made{is_first ? head.id : "", item.place};
      if (!is_first) steps_.add(made, head.id.empty() ? "wait" : head.id + ":wait", wait);
      rules::Send send = gates.send;
      send.message = item.text;
      steps_.add(made, fmt::format("{}:{}", head.id.empty() ? "send" : head.id, item.text),
                 std::move(send));
    }
    if (steps_.size() == tree.first) return single(head, "series", rules::End{});
    tree.last = static_cast<StepIndex>(steps_.size() - 1);
    return tree;
  }

  // ---- waits

  Tree read_wait_step(Section& section, const Head& head) {
    return single(head, "wait", read_wait(section, "wait"));
  }

  Tree read_wait_until(Section& section, const Head& head) {
    const bool skips = section.choice("if_past", {"go_on", "skip"}).value_or("go_on") == "skip";
    auto moment = read_moment(section, "wait_until", context_);
    if (!moment) return single(head, "wait_until", rules::End{});
    rules::WaitUntil wait{std::move(*moment), skips, no_step};
    return single(head, "wait_until", std::move(wait));
  }

  Tree read_expected(Section& section, const Head& head, std::string_view key) {
    rules::WaitFor wait = read_wait_for(section, key, context_);
    Tree tree =
        single(head, fmt::format("wait_for:{}", fmt::join(wait.events, ",")), rules::WaitFor{});
    tree.branches.push_back(read_branch(section, "then"));
    tree.branches.push_back(read_branch(section, "otherwise"));
    steps_.set_action(tree.first, std::move(wait));
    return tree;
  }
  Tree read_wait_for_step(Section& section, const Head& head) {
    return read_expected(section, head, "wait_for");
  }
  Tree read_any(Section& section, const Head& head) { return read_expected(section, head, "any"); }

  // ---- people

  Tree read_ask_step(Section& section, const Head& head) {
    const std::string message = section.text("ask").value_or("");
    Tree tree = single(head, "ask:" + message, rules::Ask{});
    rules::Ask ask = read_ask(section, head.place, context_);
    tree.branches.push_back(read_branch(section, "otherwise"));
    steps_.set_action(tree.first, std::move(ask));
    return tree;
  }

  Tree read_handoff_step(Section& section, const Head& head) {
    return single(head, "handoff", read_handoff(section, context_));
  }

  // ---- ways and loops

  Tree read_split(Section& section, const Head& head) {
    constexpr std::size_t ways_max = 100;
    constexpr Section::IntegerRange weights{.min = 0, .max = 1'000'000};
    Tree tree = single(head, "split", rules::Split{});
    const Node& node = *section.node("split");
    rules::Split split;
    std::uint64_t total = 0;
    const auto ways = section.section("split");
    for (const Entry& entry : ways ? node.entries : std::vector<Entry>()) {
      check_name(entry.key, "way", ".", entry.place, problems_);
      Section way(entry.value, "split." + entry.key, problems_);
      const auto weight = static_cast<std::uint32_t>(way.integer("weight", weights).value_or(1));
      total += weight;
      split.ways.push_back({entry.key, weight, no_step});
      // A way that does nothing is a control group, written out or not.
      const Node* steps = way.node("steps");
      const bool is_empty = steps != nullptr && steps->is_list() && steps->items.empty();
      tree.branches.push_back(is_empty ? std::vector<Tree>() : read_branch(way, "steps"));
      way.finish();
    }
    if (ways && (split.ways.size() < 2 || split.ways.size() > ways_max)) {
      section.error("split", fmt::format("a split has 2 to {} ways", ways_max),
                    "write {short: {weight: 50, steps: [...]}, long: {weight: 50, steps: [...]}}");
    } else if (ways && total == 0) {
      section.error("split", "nobody goes any of these ways", "give one a `weight` above 0");
    }
    steps_.set_action(tree.first, std::move(split));
    return tree;
  }

  Tree read_repeat(Section& section, const Head& head) {
    constexpr Section::IntegerRange times{.min = 1, .max = 1000};
    Tree tree = single(head, "repeat", rules::Repeat{});
    rules::Repeat repeat;
    auto inner = section.section("repeat");
    if (!inner) return tree;
    repeat.times = static_cast<std::uint32_t>(inner->integer("times", times).value_or(0));
    if (const Node* condition = inner->node("while")) {
      repeat.condition =
          read_expression(*condition, Wanted::condition, context_.scene, context_.reading);
    }
    if ((inner->node("times") == nullptr) == (inner->node("while") == nullptr)) {
      section.error("repeat", "a loop has either `times` or `while`",
                    "write {times: 3, steps: [...]} or {while: EXPR, steps: [...]}");
    }
    if (inner->require("steps", "list the steps that are repeated")) {
      tree.branches.push_back(read_branch(*inner, "steps"));
      if (!tree.branches[0].empty()) check_loop(*inner, repeat, tree);
    }
    inner->finish();
    steps_.set_action(tree.first, std::move(repeat));
    return tree;
  }

  // A loop in which nothing takes time never ends, or does all its rounds at once.
  void check_loop(Section& section, const rules::Repeat& repeat, const Tree& tree) {
    // A version that runs already is not refused any more.
    if (context_.reading.catalogue.is_former) return;
    const auto begin = tree.first + 1;
    for (StepIndex i = begin; i < steps_.size(); ++i) {
      if (keeps_pace(steps_[i].action, context_.reading.catalogue)) return;
    }
    constexpr rules::AdvanceLimits limits;
    std::size_t round = 1;
    for (StepIndex i = begin; i < steps_.size(); ++i) {
      const bool is_message = rules::send_of(steps_[i].action) != nullptr;
      round += is_message ? 1 + limits.unheld_message_steps : 1;
    }
    if (!repeat.condition && repeat.times * round <= limits.steps_max) return;
    section.error("steps", "nothing in this loop waits",
                  "add a wait or a wait_for to its steps, or a send that the caps hold");
  }

  // ---- other playbooks

  std::string read_playbook_name(Section& section, std::string_view key) {
    const std::string name = section.text(key).value_or("");
    if (!name.empty()) context_.reading.uses.playbooks.push_back({name, section.node(key)->place});
    return name;
  }

  Tree read_enroll(Section& section, const Head& head) {
    rules::Enroll enroll;
    if (section.node("enroll")->is_map()) {
      auto inner = section.section("enroll");
      inner->require("playbook", "name the playbook");
      enroll.playbook = read_playbook_name(*inner, "playbook");
      if (inner->node("properties") != nullptr) {
        enroll.properties = read_assignments(*inner, "properties", context_);
      }
      inner->finish();
    } else {
      enroll.playbook = read_playbook_name(section, "enroll");
    }
    std::string base = "enroll:" + enroll.playbook;
    return single(head, std::move(base), std::move(enroll));
  }

  Tree read_leave(Section& section, const Head& head) {
    std::string playbook = read_playbook_name(section, "leave");
    std::string base = "leave:" + playbook;
    return single(head, std::move(base), rules::Leave{std::move(playbook)});
  }

  // ---- choices and changes

  Tree read_choose(Section& section, const Head& head) {
    Tree tree = single(head, "choose", rules::Choose{});
    rules::Choose choose;
    const Node* list = section.node("choose");
    if (!list->is_list() || list->items.empty()) {
      section.error("choose", "`choose` is no list of branches",
                    "write `- if: EXPR` with `then: [steps]`, and `- else: [steps]` last");
      return tree;
    }
    for (const Node& item : list->items) {
      const bool is_last = &item == &list->items.back();
      Section branch(item, "", problems_);
      const bool is_else = branch.node("else") != nullptr;
      if (is_else && !is_last) {
        branch.error("else", "`else` is not the last branch", "move it to the end");
      }
      if (is_else && branch.node("if") != nullptr) {
        branch.error("else", "`else` stands in a branch with `if`",
                     "put `else` in a branch of its own: `- else: [steps]`");
      }
      rules::Branch target;
      if (branch.node("if") != nullptr || !is_else) {
        if (branch.require("if", "write `if: EXPR`, or `else: [steps]`")) {
          target.condition = read_expression(*branch.node("if"), Wanted::condition, context_.scene,
                                             context_.reading);
        }
        branch.require("then", "list the steps of this branch");
      }
      choose.branches.push_back(std::move(target));
      tree.branches.push_back(
          read_branch(branch, branch.node("then") == nullptr ? "else" : "then"));
      branch.finish();
    }
    steps_.set_action(tree.first, std::move(choose));
    return tree;
  }

  Tree read_set(Section& section, const Head& head) {
    return single(head, "set", rules::Set{read_assignments(section, "set", context_)});
  }

  Tree read_tags(Section& section, const Head& head, std::string_view key, bool remove) {
    rules::Tag tag{section.texts(key), remove};
    if (const Node* node = section.node(key); node->is_list() && node->items.empty()) {
      section.error(key, "no tag is named here", "name one");
    }
    for (const auto& [name, place] : section.placed_texts(key)) {
      check_written_out(name, "a tag", place, context_.reading);
      if (name.size() > name_bytes_max) {
        section.error(key, fmt::format("a tag has at most {} bytes", name_bytes_max));
      }
    }
    std::string base = fmt::format("{}:{}", key, fmt::join(tag.tags, ","));
    return single(head, std::move(base), std::move(tag));
  }
  Tree read_tag(Section& section, const Head& head) {
    return read_tags(section, head, "tag", false);
  }
  Tree read_untag(Section& section, const Head& head) {
    return read_tags(section, head, "untag", true);
  }

  Tree read_move_to(Section& section, const Head& head) {
    std::string stage = section.choice("move_to", stages).value_or("");
    std::string base = "move_to:" + stage;
    return single(head, std::move(base), rules::MoveTo{std::move(stage)});
  }

  Tree read_score(Section& section, const Head& head) {
    constexpr Section::NumberRange range{.min = -1e9, .max = 1e9};
    const Node* node = section.node("score");
    rules::Score score;
    if (node->is_map()) {
      auto inner = section.section("score");
      inner->require("set", "write `score: 10` to add, `score: {set: 10}` to set");
      score = {inner->number("set", range).value_or(0), true};
      inner->finish();
    } else {
      score.amount = section.number("score", range).value_or(0);
    }
    return single(head, "score", score);
  }

  Tree read_emit_step(Section& section, const Head& head) {
    rules::Emit emit = read_emit(section, context_);
    std::string base = "emit:" + emit.event;
    return single(head, std::move(base), std::move(emit));
  }

  Tree read_do_step(Section& section, const Head& head) {
    rules::Do call = read_do(section, context_);
    std::string base = fmt::format("do:{}.{}", call.connector, call.action);
    return single(head, std::move(base), std::move(call));
  }

  Tree read_notify(Section& section, const Head& head) {
    const Node& text = *section.node("notify");
    const bool is_silent = text.is_null() || (text.is_scalar() && base::trimmed(text.text).empty());
    if (is_silent && !context_.reading.catalogue.is_former) {
      section.error("notify", "this tells nobody anything", "write what they are to know");
      return single(head, "notify", rules::Notify{});
    }
    return single(
        head, "notify",
        rules::Notify{read_text(text, context_.library, context_.scene, context_.reading)});
  }

  Tree read_end(Section& section, const Head& head) {
    if (const auto ends = section.boolean("end"); ends && !*ends) {
      section.error("end", "`end` is always true", "write `end: true`, or remove the step");
    }
    return single(head, "end", rules::End{});
  }

  const StepContext& context_;
  Problems& problems_;
  StepList steps_;
};

const std::vector<StepReader::Kind>& StepReader::step_kinds() {
  static const std::vector<Kind> kinds_known = {
      {"send", &StepReader::read_send},
      {"ask", &StepReader::read_ask_step},
      {"series", &StepReader::read_series},
      {"wait", &StepReader::read_wait_step},
      {"wait_until", &StepReader::read_wait_until},
      {"wait_for", &StepReader::read_wait_for_step},
      {"any", &StepReader::read_any},
      {"choose", &StepReader::read_choose},
      {"set", &StepReader::read_set},
      {"tag", &StepReader::read_tag},
      {"untag", &StepReader::read_untag},
      {"move_to", &StepReader::read_move_to},
      {"score", &StepReader::read_score},
      {"emit", &StepReader::read_emit_step},
      {"notify", &StepReader::read_notify},
      {"handoff", &StepReader::read_handoff_step},
      {"end", &StepReader::read_end},
      {"split", &StepReader::read_split},
      {"repeat", &StepReader::read_repeat},
      {"enroll", &StepReader::read_enroll},
      {"leave", &StepReader::read_leave},
      {"do", &StepReader::read_do_step},
  };
  return kinds_known;
}

}  // namespace

std::vector<rules::Step> read_steps(const Node& list, const StepContext& context) {
  return StepReader(context).read(list);
}

}  // namespace nurtured::config
