// Everything the engine decides by, compiled from a workspace and swapped as one pointer on reload:
// playbooks with their versions, messages, touchpoints, the mix, the caps, the channels. Immutable
// once built; shared by readers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rules/calendar.h"
#include "rules/cel/plain_condition.h"
#include "rules/event_shape.h"
#include "rules/kind.h"
#include "rules/playbook.h"
#include "rules/segment.h"

namespace nurtured::rules {

// What the rules need to know of a message; its wording is content/'s. Live: as at departure, not
// as at enrollment.
struct MessageInfo {
  std::string name;
  Kind kind = Kind::value;
  std::string stage;
  std::string role;
  std::string topic;  // what the preference page offers to leave; may be empty
  std::optional<Expression> expires;
};

struct Touchpoint {
  std::string event;
  std::string channel;
  std::string stage;
  std::string media;  // paid, owned, earned
  std::string place;  // online, offline
  std::string kind;
  std::string role;
  Span count_every{.days = 1};
  double cost = 0;
};

// CONTRACT section 4.
struct Mix {
  int value = 70;
  int engagement = 20;
  int offer = 10;
  std::size_t window = 10;
};
struct Limits {
  int per_day = 1;
  int per_week = 4;
  Span min_gap{.exact = std::chrono::hours{12}};
  QuietHours quiet;
};
struct Fill {
  std::string series;
  Span every{.days = 3};
};
enum class CatchUpAction { spread, send, skip };
struct CatchUp {
  Span older_than{.days = 1};
  CatchUpAction action = CatchUpAction::spread;
  Span over{.exact = std::chrono::hours{4}};
};
struct Mute {
  Expression condition;
  std::vector<Kind> kinds;  // empty: all marketing
};
struct Channel {
  std::string connector;
  bool consent_assumed = false;
};

struct Settings {
  Mix mix;
  int touches_before_offer = 7;
  Limits limits;
  std::optional<Fill> fill;
  std::map<std::string, std::vector<std::string>, std::less<>> series;  // name → messages in order
  CatchUp catch_up;
  std::vector<Mute> mute;
  std::vector<std::string> only_to;
  std::map<std::string, Channel, std::less<>> channels;
  std::vector<std::string>
      default_via;  // when neither step nor playbook names channels: in the file's order
  cel::Value vars;  // a map
  Zone zone;        // of contacts whose own is not known
  std::string zone_name = "UTC";
  Span late_within{.days = 1};
  // How long a person's own message, which no playbook takes, gives the contact to a human; none:
  // it does not.
  std::optional<Span> handoff_on_message;
  EventShapes events;  // events.yaml
};

// One way for an event to concern a playbook, found by the event's name.
struct StartRef {
  std::shared_ptr<const Playbook> playbook;
  std::size_t start = 0;
  std::optional<cel::PlainCondition> plain = {};  // the start's condition, where it is such a one

  // True when the condition is known not to hold, without a look into the playbook.
  bool rules_out(const cel::Scope& scope) const {
    const auto answer = plain ? plain->test(scope) : std::nullopt;
    return answer && !*answer;
  }
};

// A timed start of a playbook that is current.
struct TimedStartRef {
  std::shared_ptr<const Playbook> playbook;
  std::uint32_t start = 0;  // of its timed_starts
};

// What a book is made of.
struct BookParts {
  Settings settings = {};
  ZoneTable zones = {};
  std::vector<MessageInfo> messages = {};
  std::vector<Touchpoint> touchpoints = {};
  std::vector<Segment> segments = {};
  std::vector<std::shared_ptr<const Playbook>> current = {};
  std::vector<std::shared_ptr<const Playbook>> former = {};
};

class Book {
 public:
  explicit Book(BookParts parts);

  const Settings& settings() const { return settings_; }
  const MessageInfo* message(std::string_view name) const;
  std::vector<std::string> topics() const;  // of all messages, sorted, each once
  const Touchpoint* touchpoint(std::string_view event) const;
  // The playbook that new enrollments start on; nullptr when its file is gone.
  const Playbook* playbook(std::string_view id) const;
  // Any version that people are under way on; nullptr when it is not known.
  const Playbook* playbook(std::string_view id, std::string_view version) const;
  // Starts that the event may trigger, by priority (higher first), then id.
  const std::vector<StartRef>& starts(std::string_view event) const;
  const std::vector<std::shared_ptr<const Playbook>>& current() const { return current_; }
  const Segments& segments() const { return segments_; }
  const std::vector<TimedStartRef>& timed_starts() const { return timed_starts_; }
  // A digest of the segments and the timed starts: a contact's memberships and planned starts are
  // of one such set of rules. 0 where there are none.
  std::uint64_t standing_rules() const { return standing_rules_; }
  // The contact's zone, or the workspace's when the contact has none or an unknown one.
  const Zone& zone(std::string_view name) const;
  bool knows_zone(std::string_view name) const { return zones_.contains(name); }
  const ZoneTable& zones() const { return zones_; }
  // The same book that also knows `former` versions: those found in the store.
  std::shared_ptr<const Book> with_former(
      const std::vector<std::shared_ptr<const Playbook>>& former) const;

 private:
  Settings settings_;
  ZoneTable zones_;
  std::map<std::string, MessageInfo, std::less<>> messages_;
  std::map<std::string, Touchpoint, std::less<>> touchpoints_;
  Segments segments_;
  std::vector<TimedStartRef> timed_starts_;
  std::uint64_t standing_rules_ = 0;
  std::vector<std::shared_ptr<const Playbook>> current_;
  std::map<std::string, std::shared_ptr<const Playbook>, std::less<>> by_id_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const Playbook>> by_version_;
  std::map<std::string, std::vector<StartRef>, std::less<>> starts_;
};

}  // namespace nurtured::rules
