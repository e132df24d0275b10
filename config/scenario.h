// Scenarios: what an expert writes in tests/*.yaml (docs/testing.md) about whom there is, what
// happens and what is expected to follow. daemon/scenario_run.h plays them. Plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "rules/calendar.h"
#include "rules/contact.h"
#include "rules/event.h"

namespace nurtured::config {

using base::Instant;

// Both ends belong to it.
struct Window {
  Instant from;
  Instant to;

  bool operator==(const Window&) const = default;
};

// A person as they are known when the scenario begins.
struct ScenarioContact {
  std::string id;
  rules::ContactChange change;
  std::string stage;
  double score = 0;
  int touches = 0;  // counted ones of the past
  rules::Zone zone;
  std::string zone_name;
};

// ---- what happens

struct EventHappens {
  rules::Event event;  // is_history: of the time before
};
struct PlaybookStarted {  // by hand
  std::string playbook;
  cel::Value properties;
};
struct LinkClicked {
  std::string link;     // a button's id, "link-1", or where it leads
  std::string message;  // empty: the latest one that holds the link
};
struct MessageOpened {
  std::string message;
};
struct ReplySent {
  std::string text;
  std::string channel;  // empty: that of the latest message
};
struct Unsubscribed {
  std::string channel;  // empty: that of the latest message
};
struct ComplaintMade {
  std::string message;
};
struct MessageBounced {
  std::string message;
};
struct HandedBack {};  // by the human who had the contact

using Happening = std::variant<EventHappens, PlaybookStarted, LinkClicked, MessageOpened, ReplySent,
                               Unsubscribed, ComplaintMade, MessageBounced, HandedBack>;

struct ScenarioEvent {
  Instant at;
  std::size_t contact = 0;  // index into Scenario::contacts
  Happening what;
  base::Place place;
};

// ---- what is expected

// A line of the simulation (rules::Decision). What is empty may be anything.
struct LineExpected {
  std::string action;
  std::string message;
  std::string playbook;
  std::string step;
  std::string channel;
  std::string kind;
  std::string subject;
  std::string reason;
  std::string outcome;
  std::string detail;       // the whole
  std::string detail_part;  // somewhere in it
};

// What the contact is, at some time.
struct StageIs {
  std::string stage;
};
struct TagIs {
  std::string tag;
  bool removed = false;  // they had it, and have it no more
};
struct ScoreIs {
  double score = 0;
};
struct SegmentIs {  // one that they are in
  std::string segment;
};
struct AttributesAre {
  std::vector<std::pair<std::string, cel::Value>> values;  // null: there is none
};
using StateExpected = std::variant<StageIs, TagIs, ScoreIs, SegmentIs, AttributesAre>;

struct Expectation {
  std::variant<LineExpected, StateExpected> what;
  std::string text;  // in words: "send webinar-invite"
  std::size_t contact = 0;
  // None: at any time for a line and within `never`, at the end for what the contact is.
  std::optional<Window> window;
  std::string when;  // the window in words: "at 2026-03-04 11:30"; may be empty
  bool never = false;
  base::Place place;
};

struct Scenario {
  std::string path;  // "tests/webinar.yaml"
  std::string name;
  std::string case_name;  // of a table of cases; empty without
  base::Place place;      // of its name
  std::vector<ScenarioContact> contacts;
  std::vector<ScenarioEvent> events;  // by time
  std::vector<Expectation> expectations;
  // What connectors give back for a call, a map, by CONNECTOR.ACTION; nothing where none is named.
  std::vector<std::pair<std::string, cel::Value>> answers;
  Instant start;  // of the first event
  Instant until;

  // The name, with the case's: how people call it. Unique in its file.
  std::string title() const { return case_name.empty() ? name : name + ": " + case_name; }
};

}  // namespace nurtured::config
