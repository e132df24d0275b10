#include "config/scenario_expect.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/catalogue.h"
#include "config/literal.h"
#include "rules/scope.h"

namespace nurtured::config {
namespace {

std::vector<std::string_view> reasons() {
  std::vector<std::string_view> names;
  // The first number that is no reason has no name.
  for (int number = 1;; ++number) {
    const auto name = rules::to_string(static_cast<rules::Reason>(number));
    if (name.empty()) return names;
    names.push_back(name);
  }
}

class ExpectationReader {
 public:
  ExpectationReader(const Node& node, const ScenarioContext& context)
      : node_(node), context_(context), section_(node, "", context.problems()) {}

  std::optional<Expectation> read() {
    if (!node_.is_map()) return std::nullopt;
    if (const Node* inner = node_.find("never")) return read_never(*inner);
    return read_one();
  }

 private:
  using What = std::variant<LineExpected, StateExpected>;
  using Read = std::optional<What> (ExpectationReader::*)(std::string_view key);
  struct Kind {
    std::string_view key;
    Read read;
  };
  static constexpr std::size_t kinds_count = 18;
  static const std::array<Kind, kinds_count>& kinds();

  std::optional<Expectation> read_never(const Node& inner) {
    section_.allow({"never"});
    section_.finish();
    if (inner.find("never") != nullptr) {
      context_.problems().error(inner.place, "`never` stands within `never`", "remove both");
      return std::nullopt;
    }
    if (!inner.is_map()) {
      section_.error("never", "`never` takes what must not happen", "write {never: {send: NAME}}");
      return std::nullopt;
    }
    auto out = ExpectationReader(inner, context_).read_one();
    if (!out) return std::nullopt;
    out->never = true;
    out->text = "never " + out->text;
    return out;
  }

  std::optional<Expectation> read_one() {
    const Kind* kind = kind_of();
    if (kind == nullptr) return std::nullopt;
    const std::size_t contact = context_.contact_of(section_);
    Expectation out{.what = {},
                    .text = {},
                    .contact = contact,
                    .window = {},
                    .when = {},
                    .never = false,
                    .place = section_.node(kind->key)->place};
    read_window(out);
    auto what = (this->*kind->read)(kind->key);
    section_.finish();
    if (!what) return std::nullopt;
    out.what = *std::move(what);
    out.text = text_;
    return out;
  }

  const Kind* kind_of() {
    // `never` is told of with the others, and read before them.
    std::array<std::string_view, kinds_count + 1> names{};
    std::ranges::transform(kinds(), names.begin(), &Kind::key);
    names.back() = "never";
    const auto kind = find_kind(node_, names,
                                {.one = "an expectation is of one thing",
                                 .none = "nothing is expected here",
                                 .all = "what may be expected is"},
                                context_.problems());
    return kind ? &kinds()[*kind] : nullptr;
  }

  // ---- when

  void read_window(Expectation& out) {
    Window window{base::instant_min, base::instant_max};
    const auto say = [&](std::string_view word, const Node& node) {
      out.when += fmt::format("{}{} {}", out.when.empty() ? "" : " ", word, node.text);
    };
    if (const Node* at = section_.node("at"); at != nullptr && at->is_list()) {
      read_range(*at, window, out.when);
    } else if (at != nullptr) {
      if (const auto moment = context_.moment(*at, out.contact)) window = moment->window;
      say("at", *at);
    }
    if (const auto after = context_.moment(section_, "after", out.contact)) {
      // So long after the start, or later; after that minute or day.
      const Instant first =
          after->is_relative ? after->window.from : after->window.to + base::Milliseconds{1};
      window.from = std::max(window.from, first);
      say("after", *section_.node("after"));
    }
    if (const auto before = context_.moment(section_, "before", out.contact)) {
      window.to = std::min(window.to, before->window.from - base::Milliseconds{1});
      say("before", *section_.node("before"));
    }
    if (const auto by = context_.moment(section_, "by", out.contact)) {
      window.to = std::min(window.to, by->window.to);
      say("by", *section_.node("by"));
    }
    if (out.when.empty()) return;
    if (window.from > window.to) {
      context_.problems().error(node_.place, "no time is left between its bounds",
                                "put the earlier one first");
    }
    out.window = window;
  }

  void read_range(const Node& at, Window& window, std::string& when) {
    if (at.items.size() != 2) {
      context_.problems().error(at.place, "a range of times has two ends",
                                "write at: [\"2026-03-02 10:00\", \"2026-03-02 12:00\"]");
      return;
    }
    const auto from = context_.moment(at.items.front(), context_.contact_of(section_));
    const auto to = context_.moment(at.items.back(), context_.contact_of(section_));
    if (from && to) window = {from->window.from, to->window.to};
    when = fmt::format("from {} to {}", at.items.front().text, at.items.back().text);
  }

  // ---- lines

  std::optional<What> read_message_line(std::string_view key) {
    LineExpected line{.action = std::string(key), .message = name(key)};
    if (line.message.empty()) return std::nullopt;
    context_.check_message(line.message, section_.node(key)->place);
    say(key, line.message);
    read_origin(line);
    if (key == "send" || key == "ask") {
      line.channel = name("channel");
      if (!line.channel.empty()) context_.check_channel(line.channel, place_of("channel"));
      line.kind = section_.choice("kind", kinds_of_messages()).value_or("");
    } else {
      line.reason = section_.choice("reason", reasons()).value_or("");
    }
    if (key == "send") line.subject = section_.text("subject").value_or("");
    say("by", line.channel);
    say("as", line.kind);
    say("for", line.reason);
    if (!line.subject.empty()) text_ += " \"" + line.subject + "\"";
    return line;
  }

  static std::span<const std::string_view> kinds_of_messages() { return config::kinds; }

  std::optional<What> read_playbook_line(std::string_view key) {
    const std::string_view action = key == "started" ? "start" : key == "ended" ? "end" : "fail";
    LineExpected line{.action = std::string(action), .playbook = name(key)};
    if (line.playbook.empty()) return std::nullopt;
    context_.check_playbook(line.playbook, section_.node(key)->place);
    say(key, line.playbook);
    if (key == "ended") {
      line.outcome = section_.choice("outcome", {"finished", "goal", "stopped"}).value_or("");
      say("as", line.outcome);
    }
    if (key == "fails") read_step(line);
    return line;
  }

  // Of which the whole text, or a part, is named.
  std::optional<What> read_text_line(std::string_view key) {
    LineExpected line{.action = std::string(key)};
    auto text = section_.text(key);
    if (!text) return std::nullopt;
    say(key, "\"" + *text + "\"");
    if (key == "do") context_.check_call(*text, place_of(key));
    if (key == "emit" || key == "split" || key == "do") {
      line.detail = *std::move(text);
    } else {
      line.detail_part = *std::move(text);
    }
    read_origin(line);
    return line;
  }

  void read_origin(LineExpected& line) {
    line.playbook = name("playbook");
    if (!line.playbook.empty()) context_.check_playbook(line.playbook, place_of("playbook"));
    say("of", line.playbook);
    read_step(line);
  }

  void read_step(LineExpected& line) {
    line.step = name("step");
    if (line.step.empty()) return;
    context_.check_step(line.playbook, line.step, place_of("step"));
    say("at", line.step);
  }

  // ---- what the contact is

  std::optional<What> read_stage(std::string_view key) {
    auto stage = section_.choice(key, stages);
    if (!stage) return std::nullopt;
    say(key, *stage);
    return StateExpected(StageIs{*std::move(stage)});
  }

  std::optional<What> read_tag(std::string_view key) {
    auto tag = section_.text(key);
    if (!tag) return std::nullopt;
    say(key, *tag);
    return StateExpected(TagIs{*std::move(tag), key == "untag"});
  }

  std::optional<What> read_score(std::string_view key) {
    const auto score = section_.number(key, {.min = -1e9});
    if (!score) return std::nullopt;
    say(key, section_.node(key)->text);
    return StateExpected(ScoreIs{*score});
  }

  std::optional<What> read_segment(std::string_view key) {
    auto segment = section_.text(key);
    if (!segment) return std::nullopt;
    context_.check_segment(*segment, place_of(key));
    say(key, *segment);
    return StateExpected(SegmentIs{*std::move(segment)});
  }

  std::optional<What> read_attributes(std::string_view key) {
    const Node& node = *section_.node(key);
    const Section checked(node, "attribute", context_.problems());
    AttributesAre are;
    for (const Entry& entry : node.entries) {
      are.values.emplace_back(rules::attribute_name(entry.key), literal(entry.value));
      say(are.values.size() == 1 ? key : ",", entry.key + ": " + shown(entry.value));
    }
    if (are.values.empty()) {
      section_.error(key, "no attribute is named", "write {attribute: {city: Moscow}}");
      return std::nullopt;
    }
    return StateExpected(std::move(are));
  }

  static std::string shown(const Node& node) {
    return node.is_scalar() ? node.text : node.is_null() ? "(none)" : "(as written)";
  }

  // ---- parts

  // Empty where it is left out, or refused.
  std::string name(std::string_view key) { return section_.text(key).value_or(""); }
  base::Place place_of(std::string_view key) { return section_.node(key)->place; }
  void say(std::string_view word, std::string_view what) {
    if (what.empty()) return;
    if (!text_.empty() && word != ",") text_ += ' ';
    (text_ += word) += ' ';
    text_ += what;
  }

  const Node& node_;
  const ScenarioContext& context_;
  Section section_;
  std::string text_;
};

const std::array<ExpectationReader::Kind, ExpectationReader::kinds_count>&
ExpectationReader::kinds() {
  static constexpr std::array<Kind, kinds_count> all{{
      {"send", &ExpectationReader::read_message_line},
      {"ask", &ExpectationReader::read_message_line},
      {"hold", &ExpectationReader::read_message_line},
      {"skip", &ExpectationReader::read_message_line},
      {"started", &ExpectationReader::read_playbook_line},
      {"ended", &ExpectationReader::read_playbook_line},
      {"fails", &ExpectationReader::read_playbook_line},
      {"notify", &ExpectationReader::read_text_line},
      {"handoff", &ExpectationReader::read_text_line},
      {"emit", &ExpectationReader::read_text_line},
      {"split", &ExpectationReader::read_text_line},
      {"do", &ExpectationReader::read_text_line},
      {"stage", &ExpectationReader::read_stage},
      {"tag", &ExpectationReader::read_tag},
      {"untag", &ExpectationReader::read_tag},
      {"score", &ExpectationReader::read_score},
      {"segment", &ExpectationReader::read_segment},
      {"attribute", &ExpectationReader::read_attributes},
  }};
  return all;
}

}  // namespace

std::optional<Expectation> read_expectation(const Node& node, const ScenarioContext& context) {
  return ExpectationReader(node, context).read();
}

}  // namespace nurtured::config
