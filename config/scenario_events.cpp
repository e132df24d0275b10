#include "config/scenario_events.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/literal.h"
#include "rules/traits.h"

namespace nurtured::config {
namespace {

class EventReader {
 public:
  EventReader(const Node& node, const ScenarioContext& context)
      : node_(node), context_(context), section_(node, "", context.problems()) {}

  std::optional<ScenarioEvent> read() {
    if (!node_.is_map()) return std::nullopt;
    const Kind* kind = kind_of();
    contact_ = context_.contact_of(section_);
    const auto at = read_time();
    std::optional<Happening> what;
    if (kind != nullptr) what = (this->*kind->read)();
    // Of what is none of ours no key is known.
    if (kind != nullptr) section_.finish();
    if (!at || !what) return std::nullopt;
    if (auto* happens = std::get_if<EventHappens>(&*what)) happens->event.occurred_at = *at;
    return ScenarioEvent{*at, contact_, *std::move(what), section_.node(kind->key)->place};
  }

 private:
  using Read = std::optional<Happening> (EventReader::*)();
  struct Kind {
    std::string_view key;
    Read read;
  };
  static constexpr std::size_t kinds_count = 11;
  static const std::array<Kind, kinds_count>& kinds();

  const Kind* kind_of() {
    std::array<std::string_view, kinds_count> names;
    std::ranges::transform(kinds(), names.begin(), &Kind::key);
    const auto kind = find_kind(node_, names,
                                {.one = "one thing happens at a time",
                                 .none = "nothing happens here",
                                 .all = "what may happen is"},
                                context_.problems());
    return kind ? &kinds()[*kind] : nullptr;
  }

  std::optional<Instant> read_time() {
    const auto at = context_.moment(section_, "at", contact_);
    const auto after = context_.moment(section_, "after", contact_);
    if (section_.node("at") != nullptr && section_.node("after") != nullptr) {
      section_.error("after", "`at` and `after` both say when", "keep one of them");
      return std::nullopt;
    }
    if (section_.node("at") == nullptr && section_.node("after") == nullptr) {
      section_.error("", "nothing says when this happens",
                     "write at: \"2026-03-02 11:30\", or after: 2d");
      return std::nullopt;
    }
    if (after && !after->is_relative) {
      section_.error("after", "`after` takes a duration since the start",
                     "write after: 2d, or at: with a time");
      return std::nullopt;
    }
    if (at) return at->window.from;
    if (after) return after->window.from;
    return std::nullopt;
  }

  // ---- what happens

  std::optional<Happening> read_event() {
    const auto name = section_.text("event");
    const Node* properties = section_.node("properties");
    const bool is_history = section_.boolean("history").value_or(false);
    if (!name) return std::nullopt;
    context_.check_event(*name, section_.node("event")->place);
    return EventHappens{{.name = *name,
                         .properties = context_.properties(properties, *name, contact_),
                         .occurred_at = {},
                         .received_at = {},
                         .change = {},
                         .is_history = is_history}};
  }

  std::optional<Happening> read_traits() {
    const Node& node = *section_.node("traits");
    const Section checked(node, "traits", context_.problems());
    rules::Event event{.name = "contact.identified",
                       .properties = literal(node),
                       .occurred_at = {},
                       .received_at = {},
                       .change = {}};
    std::vector<std::string> problems;
    rules::apply_traits(event.properties, event.change, problems);
    for (const std::string& problem : problems) {
      context_.problems().error(node.place, problem, "write it as `identify` takes it");
    }
    if (!event.properties.is_map()) event.properties = cel::Map{};
    return EventHappens{std::move(event)};
  }

  std::optional<Happening> read_start() {
    auto playbook = section_.text("starts");
    const Node* properties = section_.node("properties");
    if (!playbook) return std::nullopt;
    const base::Place& place = section_.node("starts")->place;
    context_.check_playbook(*playbook, place);
    const auto* book = context_.book();
    const auto* known = book == nullptr ? nullptr : book->playbook(*playbook);
    if (known != nullptr && !known->by_hand) {
      context_.problems().error(place, fmt::format("`{}` is not started by hand", *playbook),
                                "write start: {manual: true} in it, or let its event happen");
    }
    return PlaybookStarted{*std::move(playbook), context_.properties(properties, {}, contact_)};
  }

  std::optional<Happening> read_click() {
    auto link = section_.text("clicks");
    std::string message = message_under("message");
    if (!link) return std::nullopt;
    context_.check_link(*link, section_.node("clicks")->place);
    return LinkClicked{*std::move(link), std::move(message)};
  }

  std::optional<Happening> read_open() { return MessageOpened{message_under("opens")}; }
  std::optional<Happening> read_complaint() { return ComplaintMade{message_under("complains")}; }
  std::optional<Happening> read_bounce() { return MessageBounced{message_under("bounces")}; }

  std::optional<Happening> read_reply() {
    auto text = section_.text("replies");
    auto channel = channel_under("channel");
    if (!text) return std::nullopt;
    return ReplySent{*std::move(text), std::move(channel)};
  }

  std::optional<Happening> read_unsubscribe() {
    return Unsubscribed{channel_under("unsubscribes")};
  }

  std::optional<Happening> read_touch() {
    auto kind = section_.text("touch");
    const auto place = section_.choice("place", {"offline", "online"});
    if (!kind) return std::nullopt;
    return EventHappens{
        {.name = "touch.logged",
         .properties = cel::Map{{"kind", *std::move(kind)}, {"place", place.value_or("offline")}},
         .occurred_at = {},
         .received_at = {},
         .change = {}}};
  }

  std::optional<Happening> read_hand_back() {
    is_true("hand_back");
    return HandedBack{};
  }

  // ---- parts

  // `true` says that there is nothing more to say: the latest, or the only one.
  bool is_true(std::string_view key) {
    const Node* node = section_.node(key);
    if (node == nullptr) return false;
    if (node->is_scalar() && !node->is_quoted() && node->text == "true") return true;
    if (key == "hand_back") section_.error(key, "`hand_back` is true", "write hand_back: true");
    return false;
  }

  // Empty: the latest.
  std::string message_under(std::string_view key) {
    const auto name = is_true(key) ? std::nullopt : section_.text(key);
    if (name) context_.check_message(*name, section_.node(key)->place);
    return name.value_or("");
  }

  std::string channel_under(std::string_view key) {
    const auto name = is_true(key) ? std::nullopt : section_.text(key);
    if (name) context_.check_channel(*name, section_.node(key)->place);
    return name.value_or("");
  }

  const Node& node_;
  const ScenarioContext& context_;
  Section section_;
  std::size_t contact_ = 0;
};

const std::array<EventReader::Kind, EventReader::kinds_count>& EventReader::kinds() {
  static constexpr std::array<Kind, kinds_count> all{{
      {"event", &EventReader::read_event},
      {"traits", &EventReader::read_traits},
      {"starts", &EventReader::read_start},
      {"clicks", &EventReader::read_click},
      {"opens", &EventReader::read_open},
      {"replies", &EventReader::read_reply},
      {"unsubscribes", &EventReader::read_unsubscribe},
      {"complains", &EventReader::read_complaint},
      {"bounces", &EventReader::read_bounce},
      {"touch", &EventReader::read_touch},
      {"hand_back", &EventReader::read_hand_back},
  }};
  return all;
}

}  // namespace

std::optional<ScenarioEvent> read_scenario_event(const Node& node, const ScenarioContext& context) {
  return EventReader(node, context).read();
}

}  // namespace nurtured::config
