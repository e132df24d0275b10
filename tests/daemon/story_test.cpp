// The rules of CONTRACT sections 2 and 4 as stories.
#include "tests/daemon/story.h"

#include <string>
#include <vector>

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::tests;

namespace {

const std::string tight =
    "limits: {per_day: 1, per_week: 7, min_gap: 0s, quiet: \"00:00-00:00\"}\n"
    "touches_before_offer: 4\nseries: {ever: [v1, e1, v2, v3]}\n"
    "fill: {from: ever, every: 1d}\n";

const std::vector<Story> stories = {
    {.name = "a restart begins anew whatever `again` says",
     .playbook = "start: {when: a}\nmeanwhile: restart\nsteps:\n  - wait: 2d\n  - send: v1\n",
     .events = {"02 10:00 u1 a", "03 10:00 u1 a"},
     .expected = {"02 10:00 u1 wait until 04 10:00", "03 10:00 u1 wait until 05 10:00",
                  "05 10:00 u1 send v1"}},
    {.name = "a step that cannot be judged fails, is told, and nothing after it runs",
     .playbook = "start: {when: a}\nsteps:\n  - tag: before\n  - choose:\n"
                 "      - if: contact.missing > 3\n        then: [tag: more]\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 tag before", "02 10:00 u1 fail failed"}},
    {.name = "a message that cannot be rendered fails the step",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 fail failed"},
     .files = {{"content/v1.md", "---\nkind: value\nsubject: hi\n---\n{{ 1 | divided_by: 0 }}\n"}}},
    {.name = "a start that cannot be judged counts as no, and is recorded only",
     .playbook = "start: {when: a, if: contact.missing > 3}\nsteps: [tag: more]\n",
     .events = {"02 10:00 u1 a"},
     .expected = {}},
    {.name = "a message that may be held for no time goes when it may",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n    hold: 0s\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1"}},
    {.name = "a message that may be held for no time is left out when it may not go",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n    hold: 0s\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 skip v1 quiet", "02 10:00 u1 tag after"},
     .settings = "limits: {quiet: \"09:00-20:00\"}\n"},
    {.name = "what a step emits is judged before the next step",
     .playbook = "start: {when: a}\nsteps:\n  - emit: x\n  - choose:\n      - if: did(\"x\")\n"
                 "        then: [{tag: seen}]\n  - wait_for: x\n    within: 1d\n"
                 "    otherwise: [{tag: none}]\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 emit x", "02 10:00 u1 tag seen", "02 10:00 u1 wait until 03 10:00",
                  "03 10:00 u1 tag none"}},
    {.name = "a stop on a departure comes before the step after it",
     .playbook = "start: {when: a}\nstop: [{when: message.sent, if: event.message == \"v1\"}]\n"
                 "steps:\n  - send: v1\n  - tag: never\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1"}},
    {.name = "a wait_for right after a send hears of its own departure",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n  - wait_for: message.sent\n"
                 "    within: 1d\n    otherwise: [{tag: deaf}]\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 tag after"}},
    {.name = "a stop takes back what a finished run still holds",
     .playbook = "start: {when: a}\nstop: [{when: b}]\nsteps:\n  - send: v1\n"
                 "    while_held: go_on\n",
     .events = {"02 10:00 u1 a", "02 11:00 u1 b"},
     .expected = {"02 10:00 u1 hold v1 quiet until 02 20:00", "02 11:00 u1 skip v1 withdrawn"},
     .settings = "limits: {quiet: \"09:00-20:00\"}\n"},
    {.name = "fill begins as soon as an offer is held, and leaves out what was sent",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n  - send: o1\n    hold: 5d\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 hold o1 touches",
                  "02 10:00 u1 hold e1 cap until 03 00:00", "03 00:00 u1 send e1",
                  "04 00:00 u1 send v2", "05 00:00 u1 send v3",
                  "05 00:00 u1 hold o1 cap until 06 00:00", "06 00:00 u1 send o1"},
     .settings = tight},
    {.name = "fill passes over what the mix of the address does not allow",
     .playbook = "start: {when: a, if: contact.id == \"u1\"}\nsteps:\n  - send: o1\n"
                 "    hold: 20d\n",
     .events = {"02 10:00 u2 b", "03 10:00 u1 a"},
     .expected = {"02 10:00 u2 send e2", "03 10:00 u1 hold o1 touches", "03 10:00 u1 send v1",
                  "04 10:00 u1 send v2", "05 10:00 u1 send v3", "23 10:00 u1 skip o1 touches"},
     .settings = "limits: {per_day: 1, per_week: 7, min_gap: 0s, quiet: \"00:00-00:00\"}\n"
                 "mix: {value: 80, engagement: 10, offer: 10}\ntouches_before_offer: 9\n"
                 "series: {ever: [v1, e1, v2, v3]}\nfill: {from: ever, every: 1d}\n",
     .files = {{"playbooks/q.yaml", "start: {when: b}\nsteps: [{send: e2}]\n"}}},
    {.name = "set changes what the contact is, not only what is written about it",
     .playbook = "start: {when: a}\nsteps:\n  - set: {timezone: Asia/Tokyo, plan: [1, 2.5]}\n"
                 "  - wait: 1d\n    at: \"10:00\"\n  - score: 1.5\n  - score: 0.5\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 set timezone = Asia/Tokyo", "02 10:00 u1 set plan = [1,2.5]",
                  "02 10:00 u1 wait until 04 01:00", "04 01:00 u1 score 1.5",
                  "04 01:00 u1 score 2"}},
    {.name = "what a step emits has the types that events.yaml declares",
     .playbook = "start: {when: a}\nsteps:\n  - emit: {event: b, properties: {at_last: "
                 "\"2026-03-05T10:00:00Z\"}}\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 emit b", "02 10:00 u1 wait until 05 10:00", "05 10:00 u1 tag then"},
     .files = {{"events.yaml", "events:\n  a: {}\n  b: {properties: {at_last: timestamp}}\n"},
               {"playbooks/q.yaml",
                "start: {when: b}\nsteps:\n  - wait_until: event.at_last\n  - tag: then\n"}}},
    {.name = "an unsubscribe keeps marketing and reminders, and lets a receipt go",
     .playbook = "start: {when: a}\nsteps:\n  - send: reminder\n  - send: receipt\n  - send: v1\n"
                 "    hold: 1d\n",
     .events = {R"(02 09:00 u1 message.unsubscribed {"channel":"email"})", "02 10:00 u1 a"},
     .expected = {"02 10:00 u1 hold reminder suppressed", "02 11:00 u1 skip reminder expired",
                  "02 11:00 u1 send receipt", "02 11:00 u1 hold v1 suppressed",
                  "03 11:00 u1 skip v1 suppressed"},
     .files = {{"content/reminder.md",
                "---\nkind: reminder\nsubject: s\nexpires: enrollment.started + "
                "duration(\"1h\")\n---\nSoon.\n"},
               {"content/receipt.md", "---\nkind: receipt\nsubject: s\n---\nPaid.\n"}}},
    {.name = "a mute ends in the short gap between two reasons for it",
     .playbook = "start: a\nsteps: [{send: o1, hold: 30d}]\n",
     .events = {"02 10:00 u1 ticket", "02 11:00 u1 a"},
     .expected = {"02 11:00 u1 hold o1 muted until 05 10:00", "05 10:00 u1 send o1"},
     .settings =
         std::string(free_settings) +
         "mute: [{if: 'did(\"ticket\", \"3d\") || now >= timestamp(\"2026-03-05T10:05:00Z\")', "
         "kinds: [offer]}]\n"},
    {.name = "a mute ends when time has passed",
     .playbook = "start: {when: a}\nsteps:\n  - send: o1\n",
     .events = {"02 10:00 u1 ticket", "02 11:00 u1 a"},
     .expected = {"02 11:00 u1 hold o1 muted until 05 10:00", "05 10:00 u1 send o1"},
     .settings =
         std::string(free_settings) + "mute: [{if: 'did(\"ticket\", \"3d\")', kinds: [offer]}]\n"},
    {.name = "staging holds what is for others",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n    hold: 1d\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 hold v1 only_to", "03 10:00 u1 skip v1 only_to"},
     .settings = std::string(free_settings) + "only_to: [boss@example.org]\n"},
    {.name = "many events of one morning are all counted at noon",
     .playbook = "start: {when: a}\nsteps:\n  - choose:\n"
                 "      - if: times(\"b\", \"2h\") == 100 && times(\"b\", \"30d\") == 100\n"
                 "        then: [{tag: hundred}]\n",
     .events =
         [] {
           Lines events(100, "02 09:30 u1 b");
           events.emplace_back("02 11:00 u1 a");
           return events;
         }(),
     .expected = {"02 11:00 u1 tag hundred"}},
    {.name = "a burst that comes late is one touch",
     .playbook = "start: {when: a}\nsteps:\n  - choose:\n      - if: touches() == 2\n"
                 "        then: [{tag: two}]\n",
     .events = {"20 10:00 u1 b", "10 10:00 u1 b", "10 10:05 u1 b", "10 11:00 u1 b",
                "20 12:00 u1 a"},
     .expected = {"20 12:00 u1 tag two"},
     .files = {{"touchpoints.yaml", "touchpoints:\n  b: {channel: site, kind: value}\n"}}},
};

}  // namespace

TEST_CASE("a story goes as CONTRACT tells it") {
  for (const Story& story : stories) {
    DYNAMIC_SECTION(story.name) {
      CHECK(told(story) == story.expected);
    }
  }
}
