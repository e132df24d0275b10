// Every way to start, every step and segments (CONTRACT section 2) as stories.
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/daemon/story.h"

using namespace nurtured;
using namespace nurtured::tests;

namespace {

Story with_segments(Story story, const std::string& segments) {
  story.files["segments.yaml"] = segments;
  return story;
}

Lines with_last(Lines lines, std::string last) {
  lines.push_back(std::move(last));
  return lines;
}

const std::vector<Story> step_stories = {
    {.name = "a loop runs its steps as often as it says, each send a message of its own",
     .playbook = "start: a\nsteps:\n  - repeat:\n      times: 3\n      steps:\n"
                 "        - send: v1\n        - wait: 1d\n  - tag: over\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 wait until 03 10:00", "03 10:00 u1 send v1",
                  "03 10:00 u1 wait until 04 10:00", "04 10:00 u1 send v1",
                  "04 10:00 u1 wait until 05 10:00", "05 10:00 u1 tag over"}},
    {.name = "a loop ends when its condition no longer holds",
     .playbook = "start: a\nsteps:\n  - repeat:\n      while: contact.score < 20\n      steps:\n"
                 "        - score: 10\n        - wait: 1h\n  - tag: over\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 score 10", "02 10:00 u1 wait until 02 11:00", "02 11:00 u1 score 20",
                  "02 11:00 u1 wait until 02 12:00", "02 12:00 u1 tag over"}},
    {.name = "a loop in a loop counts for itself each time",
     .playbook = "start: a\nsteps:\n  - repeat:\n      times: 2\n      steps:\n        - tag: out\n"
                 "        - repeat: {times: 2, steps: [{score: 1}, {wait: 1h}]}\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 tag out", "02 10:00 u1 score 1", "02 10:00 u1 wait until 02 11:00",
                  "02 11:00 u1 score 2", "02 11:00 u1 wait until 02 12:00", "02 12:00 u1 tag out",
                  "02 12:00 u1 score 3", "02 12:00 u1 wait until 02 13:00", "02 13:00 u1 score 4",
                  "02 13:00 u1 wait until 02 14:00"}},
    {.name = "a loop whose condition cannot be judged fails for this contact alone",
     .playbook = "start: a\nsteps:\n  - repeat:\n      while: contact.missing > 3\n"
                 "      steps: [{wait: 1h}]\n  - tag: over\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 fail failed"}},
    {.name = "a split that gives all its weight to one way goes there, and an empty way goes on",
     .playbook = "start: a\nsteps:\n  - split:\n      none: {weight: 0, steps: [{tag: none}]}\n"
                 "      all: {weight: 5, steps: [{tag: all}]}\n"
                 "  - split: {control: {weight: 1}, other: {weight: 0, steps: [{tag: other}]}}\n"
                 "  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 tag all", "02 10:00 u1 tag after"}},
    {.name = "who was split once keeps to that way",
     .playbook = "start: a\nagain: always\nsteps:\n  - split: {left: {steps: [{tag: left}]}, "
                 "right: {steps: [{tag: right}]}}\n  - end: true\n",
     .events = {"02 10:00 u1 a", "03 10:00 u1 a", "04 10:00 u1 a", "05 10:00 u1 a"},
     .expected = {"02 10:00 u1 tag left", "03 10:00 u1 tag left", "04 10:00 u1 tag left",
                  "05 10:00 u1 tag left"}},
    {.name = "a connector does what it is asked, by night too, and what it gives is kept",
     .playbook = "start: a\nsteps:\n  - do: outbox.write\n    with: {who: \"{{ contact.id }}\"}\n"
                 "    save: paper\n  - choose:\n      - if: enrollment.paper.file == null\n"
                 "        then: [{tag: nothing}]\n  - wait: 1h\n  - do: outbox.write\n",
     .events = {"02 23:00 u1 a"},
     .expected = {"02 23:00 u1 do outbox.write", "02 23:00 u1 tag nothing",
                  "02 23:00 u1 wait until 03 00:00", "03 00:00 u1 do outbox.write"},
     .settings = ""},
    {.name = "another playbook begins with our event, after the step that asked for it",
     .playbook = "start: a\nsteps:\n  - enroll: q\n  - tag: first\n",
     .events = {"02 10:00 u1 a {\"city\":\"Riga\"}"},
     .expected = {"02 10:00 u1 set city = Riga", "02 10:00 u1 tag first"},
     .files = {{"playbooks/q.yaml",
                "start: {manual: true}\nsteps:\n  - set: {city: =event.city}\n"}}},
    {.name = "another playbook begins with properties that are given to it, and only once",
     .playbook = "start: a\nagain: always\nsteps:\n"
                 "  - enroll: {playbook: q, properties: {n: =1 + 1}}\n",
     .events = {"02 10:00 u1 a", "03 10:00 u1 a"},
     .expected = {"02 10:00 u1 set n = 2"},
     .files = {{"playbooks/q.yaml", "start: {manual: true}\nsteps:\n  - set: {n: =event.n}\n"}}},
    {.name =
         "playbooks that start one another by what they send come to an end, and begin anew later",
     .playbook = "playbook: p\nstart: a\nagain: always\nsteps:\n  - send: r\n  - enroll: q\n",
     .events = {"02 10:00 u1 a", "03 10:00 u2 a"},
     .expected = {"02 10:00 u1 send r", "02 10:00 u1 send r", "02 10:00 u1 send r",
                  "02 10:00 u1 send r", "02 10:00 u1 send r", "02 10:00 u1 send r",
                  "02 10:00 u1 send r", "02 10:00 u1 send r", "02 10:00 u1 send r",
                  "03 10:00 u2 send r", "03 10:00 u2 send r", "03 10:00 u2 send r",
                  "03 10:00 u2 send r", "03 10:00 u2 send r", "03 10:00 u2 send r",
                  "03 10:00 u2 send r", "03 10:00 u2 send r", "03 10:00 u2 send r"},
     .files = {{"content/r.md", "---\nkind: receipt\nsubject: s\n---\nHello.\n"},
               {"playbooks/q.yaml",
                "start: {manual: true}\nagain: always\nsteps:\n  - send: r\n  - enroll: p\n"}}},
    {.name = "templates know a first name in both spellings",
     .playbook =
         "start: a\nsteps:\n  - set: {n: \"{{ contact.firstName }} {{ contact.first_name }}\"}\n",
     .events = {"02 09:00 u1 identify {\"firstName\": \"Anna\"}", "02 10:00 u1 a"},
     .expected = {"02 10:00 u1 set n = Anna Anna"}},
    {.name = "a loop whose wait lies in the past is parked, though each of its messages leaves",
     .playbook = "start: a\nsteps:\n  - repeat:\n      while: \"true\"\n      steps:\n"
                 "        - {wait_until: \"timestamp('2026-01-01T00:00:00Z')\", if_past: go_on}\n"
                 "        - {send: r}\n",
     .events = {"02 10:00 u1 a"},
     .expected = with_last(Lines(44, "02 10:00 u1 send r"), "02 10:00 u1 fail failed"),
     .files = {{"content/r.md", "---\nkind: receipt\nsubject: s\n---\nHello.\n"}}},
    {.name = "two playbooks that enroll in one another come to an end",
     .playbook = "start: a\nagain: always\nsteps:\n  - enroll: q\n",
     .events = {"02 10:00 u1 a"},
     .expected = {},
     .files = {{"playbooks/q.yaml",
                "start: {manual: true}\nagain: always\nsteps:\n  - enroll: p\n"}}},
    {.name = "leaving another playbook withdraws what it held",
     .playbook = "start: a\nsteps:\n  - leave: q\n  - tag: after\n",
     .events = {"02 10:00 u1 b", "03 10:00 u1 a"},
     .expected = {"02 10:00 u1 wait until 12 10:00", "03 10:00 u1 tag after"},
     .files = {{"playbooks/q.yaml", "start: b\nsteps:\n  - wait: 10d\n  - send: v1\n"}}},
    {.name = "leaving the own playbook ends it there",
     .playbook = "playbook: p\nstart: a\nsteps:\n  - leave: p\n  - tag: never\n",
     .events = {"02 10:00 u1 a"},
     .expected = {}},
};

const std::vector<Story> start_stories = {
    with_segments({.name = "entering a segment starts, staying in it does not, coming back does",
                   .playbook = "start: {segment: hot}\nagain: always\nsteps: [{tag: in}]\n",
                   .events = {"02 10:00 u1 a", "02 11:00 u1 a", "02 12:00 u1 b", "02 13:00 u1 a"},
                   .expected = {"02 10:00 u1 tag in", "02 13:00 u1 tag in"}},
                  "segments: {hot: {if: \"times('a') > times('b') * 2\"}}\n"),
    with_segments(
        {.name = "a device turns out to be a person's: they enter and leave what that changes",
         .playbook = "start: {segment: regular}\nagain: always\nsteps: [{tag: regular}]\n",
         .events = {"02 10:00 u1 paid", "03 10:00 +a1 paid", "04 10:00 u1+a1 identify",
                    "05 10:00 +a2 look", "06 10:00 u1+a2 look", "07 10:00 +a3 paid",
                    "08 10:00 u2+a3 look"},
         .expected = {"02 10:00 u1 tag buyer", "04 10:00 u1 tag regular", "08 10:00 u2 tag buyer"},
         .files = {{"playbooks/q.yaml",
                    "start: {leaves: prospect}\nagain: always\nsteps: [{tag: buyer}]\n"}}},
        "segments:\n  regular: {if: \"times('paid') >= 2\"}\n  prospect: {if: \"!did('paid')\"}\n"),
    {.name = "on another clock a day that has not begun begins, at once where its hour is past",
     .playbook = "start: {date: contact.trial, at: \"10:00\"}\nsteps: [{tag: trial}]\n",
     .events = {"02 10:00 u1 identify {\"trial\": \"2026-03-17\", \"birthday\": \"1990-03-17\"}",
                "17 08:00 u1 identify {\"timezone\": \"Asia/Tokyo\"}"},
     .expected = {"17 08:00 u1 tag trial", "17 08:00 u1 tag birthday"},
     .files = {{"playbooks/q.yaml",
                "start: {date: contact.birthday, at: \"10:00\", every: year}\n"
                "steps: [{tag: birthday}]\n"}}},
    {.name = "on another clock a day that has begun begins no second time",
     .playbook =
         "start: {date: contact.trial, at: \"10:00\"}\nagain: always\nsteps: [{tag: trial}]\n",
     .events = {"02 10:00 u1 identify {\"timezone\": \"Asia/Tokyo\", \"trial\": \"2026-03-17\", "
                "\"birthday\": \"1990-03-17\"}",
                "17 09:00 u1 identify {\"timezone\": \"America/New_York\"}"},
     .expected = {"17 01:00 u1 tag trial", "17 01:00 u1 tag birthday"},
     .files = {{"playbooks/q.yaml",
                "start: {date: contact.birthday, at: \"10:00\", every: year}\n"
                "steps: [{tag: birthday}]\n"}}},
    {.name = "on another clock a day to come has that clock's hour",
     .playbook = "start: {date: contact.trial, at: \"10:00\"}\nsteps: [{tag: trial}]\n",
     .events = {"02 10:00 u1 identify {\"trial\": \"2026-03-17\"}",
                "16 08:00 u1 identify {\"timezone\": \"Asia/Tokyo\"}",
                "16 09:00 u1 identify {\"timezone\": \"America/New_York\"}"},
     .expected = {"17 14:00 u1 tag trial"}},
    {.name = "a birthday that came as midnight in UTC is that day on every clock",
     .playbook =
         "start: {date: contact.birthday, every: year, at: \"10:00\"}\nsteps: [{tag: in}]\n",
     .events = {"02 09:00 u1 identify {\"timezone\": \"America/New_York\", "
                "\"birthday\": \"1990-03-17T00:00:00.000Z\"}"},
     .expected = {"17 14:00 u1 tag in"}},
    {.name = "beside a start that comes again by the clock an event starts once",
     .playbook = "start: [{date: contact.birthday, every: year}, {when: a}]\nsteps: [{tag: in}]\n",
     .events = {"02 09:00 u1 identify {\"birthday\": \"1990-03-10\"}", "02 10:00 u1 a",
                "03 10:00 u1 a", "11 10:00 u1 a"},
     .expected = {"02 10:00 u1 tag in", "10 00:00 u1 tag in"}},
    with_segments({.name = "leaving a segment starts",
                   .playbook = "start: {leaves: fresh}\nsteps: [{tag: stale}]\n",
                   .events = {"02 10:00 u1 a", "05 10:00 u1 a"},
                   .expected = {"12 10:00 u1 tag stale"}},
                  "segments: {fresh: {if: \"did('a', '7d')\"}}\n"),
    with_segments({.name = "time alone brings people into a segment, to the millisecond",
                   .playbook = "start: {segment: lost}\nsteps: [{tag: lost}]\n",
                   .events = {"02 10:00 u1 a", "03 10:00 u2 a", "20 10:00 u2 a"},
                   .expected = {"09 10:00 u1 tag lost", "10 10:00 u2 tag lost"}},
                  "segments: {lost: {if: \"did('a') && !did('a', '7d')\"}}\n"),
    with_segments({.name = "moments that are compared with now are kept an eye on",
                   .playbook = "start: {segment: silent}\nsteps: [{tag: silent}]\n",
                   .events = {"02 10:00 u1 a"},
                   .expected = {"04 10:00 u1 tag silent"}},
                  "segments: {silent: {if: \"did('a') && last('a') <= now - duration('48h')\"}}\n"),
    with_segments({.name = "a segment of a segment follows it",
                   .playbook = "start: {segment: both}\nsteps: [{tag: both}]\n",
                   .events = {"02 10:00 u1 a", "03 10:00 u1 b"},
                   .expected = {"03 10:00 u1 tag both"}},
                  "segments:\n  both: {if: \"in_segment('a') && did('b')\"}\n"
                  "  a: {if: \"did('a')\"}\n"),
    with_segments({.name = "conditions ask for a segment, and are right within the same event",
                   .playbook = "start: {when: a, if: \"in_segment('keen')\"}\nagain: always\n"
                               "steps: [{tag: keen}]\n",
                   .events = {"02 10:00 u1 a", "02 11:00 u1 a"},
                   .expected = {"02 11:00 u1 tag keen"}},
                  "segments: {keen: {if: \"times('a') >= 2\"}}\n"),
    with_segments({.name = "a step that changes the contact moves it between segments",
                   .playbook = "start: a\nsteps:\n  - score: 60\n  - wait: 1d\n",
                   .events = {"02 10:00 u1 a"},
                   .expected = {"02 10:00 u1 score 60", "02 10:00 u1 tag hot",
                                "02 10:00 u1 wait until 03 10:00"},
                   .files = {{"playbooks/q.yaml", "start: {segment: hot}\nsteps: [{tag: hot}]\n"}}},
                  "segments: {hot: {if: contact.score >= 50}}\n"),
    with_segments({.name = "an event of that name that others send enters nothing",
                   .playbook = "start: {segment: hot}\nagain: always\nsteps: [{tag: in}]\n",
                   .events = {"02 10:00 u1 segment.entered {\"segment\":\"hot\"}",
                              "02 11:00 u1 segment.entered"},
                   .expected = {}},
                  "segments: {hot: {if: contact.score >= 50}}\n"),
    {.name = "a date starts on the day, at its time, after its offset",
     .playbook = "start: {date: contact.renewal, at: \"09:00\", offset: -3d}\n"
                 "steps: [{tag: soon}]\n",
     .events = {"02 10:00 u1 set-date {\"day\":\"2026-03-20\"}"},
     .expected = {"02 10:00 u1 set renewal = 2026-03-20", "17 09:00 u1 tag soon"},
     .files = {{"playbooks/q.yaml", "start: set-date\nsteps: [{set: {renewal: =event.day}}]\n"}}},
    {.name = "a date may be that of the last event, and moves with the next",
     .playbook = "start: {date: \"last('a')\", offset: 3d}\nsteps: [{tag: after}]\n",
     .events = {"02 10:00 u1 a", "04 10:00 u1 a"},
     .expected = {"07 10:00 u1 tag after"}},
    {.name = "a date that moves moves its start; one that is past starts nothing",
     .playbook = "start: {date: contact.renewal}\nsteps: [{tag: now}]\n",
     .events = {"02 10:00 u1 set-date {\"day\":\"2026-03-05\"}",
                "03 10:00 u1 set-date {\"day\":\"2026-03-07\"}",
                "04 10:00 u2 set-date {\"day\":\"2026-03-04\"}"},
     .expected = {"02 10:00 u1 set renewal = 2026-03-05", "03 10:00 u1 set renewal = 2026-03-07",
                  "04 10:00 u2 set renewal = 2026-03-04", "07 00:00 u1 tag now"},
     .files = {{"playbooks/q.yaml",
                "start: set-date\nagain: always\nsteps: [{set: {renewal: =event.day}}]\n"}}},
    {.name = "a birthday comes every year, without its year as well",
     .playbook = "start: {date: contact.birthday, at: \"10:00\", every: year}\n"
                 "steps: [{tag: birthday}]\n",
     .events = {"02 10:00 u1 set-date {\"day\":\"1990-03-08\"}",
                "02 10:00 u2 set-date {\"day\":\"--03-09\"}"},
     .expected = {"02 10:00 u1 set birthday = 1990-03-08", "02 10:00 u2 set birthday = --03-09",
                  "08 10:00 u1 tag birthday", "09 10:00 u2 tag birthday"},
     .files = {{"playbooks/q.yaml", "start: set-date\nsteps: [{set: {birthday: =event.day}}]\n"}}},
    with_segments(
        {.name = "a schedule starts for who is in the segment at that moment, every time",
         .playbook = "start: {schedule: \"0 10 * * TUE\", segment: readers}\n"
                     "steps: [{tag: news}]\n",
         .events = {"02 12:00 u1 a", "09 12:00 u2 a", "09 13:00 u1 b"},
         .expected = {"03 10:00 u1 tag news", "10 10:00 u2 tag news", "17 10:00 u2 tag news",
                      "24 10:00 u2 tag news", "31 10:00 u2 tag news", "07 10:00 u2 tag news",
                      "14 10:00 u2 tag news"}},
        "segments: {readers: {if: \"did('a') && !did('b')\"}}\n"),
    with_segments({.name = "a newsletter goes once, to whoever is in the segment then",
                   .playbook = "start: {once: \"2026-03-08 10:00\", segment: readers}\n"
                               "steps: [{send: v1}]\n",
                   .events = {"02 12:00 u1 a", "09 12:00 u2 a"},
                   .expected = {"08 10:00 u1 send v1"}},
                  "segments: {readers: {if: \"did('a')\"}}\n"),
    with_segments({.name = "who enters the segment at the very moment of the schedule is there",
                   .playbook = "start: {once: \"2026-03-09 12:00\", segment: quiet}\n"
                               "steps: [{tag: quiet}]\n",
                   .events = {"02 11:59 u1 a", "02 12:01 u2 a"},
                   .expected = {"09 12:00 u1 tag quiet"}},
                  "segments: {quiet: {if: \"did('a') && !did('a', '7d')\"}}\n"),
    with_segments({.name = "who enters it by an event of the schedule's moment is there, and once",
                   .playbook = "start: {once: \"2026-03-09 12:00\", segment: readers}\n"
                               "again: always\nsteps: [{tag: news}]\n",
                   .events = {"09 12:00 u1 a", "09 12:00 u1 a", "09 12:01 u2 a"},
                   .expected = {"09 12:00 u1 tag news"}},
                  "segments: {readers: {if: \"did('a')\"}}\n"),
    with_segments({.name = "who leaves it by an event of the schedule's moment is not there",
                   .playbook = "start: {schedule: \"0 12 9 * *\", segment: readers}\n"
                               "steps: [{tag: news}]\n",
                   .events = {"02 12:00 u1 a", "02 12:00 u2 a", "09 12:00 u1 b"},
                   .expected = {"09 12:00 u2 tag news", "09 12:00 u2 tag news"}},
                  "segments: {readers: {if: \"did('a') && !did('b')\"}}\n"),
    {.name = "a date that an event of that very moment tells is reached",
     .playbook = "start: {date: contact.birthday, at: \"12:00\"}\nsteps: [{tag: today}]\n",
     .events = {R"(09 12:00 u1 set-date {"day":"2026-03-09"})"},
     .expected = {"09 12:00 u1 set birthday = 2026-03-09", "09 12:00 u1 tag today"},
     .files = {{"playbooks/q.yaml", "start: set-date\nsteps: [{set: {birthday: =event.day}}]\n"}}},
    with_segments({.name = "a start of several ways is one start, by whichever comes",
                   .playbook = "start:\n  - when: a\n  - segment: warm\n"
                               "  - {schedule: \"0 0 5 * *\", segment: warm}\n"
                               "again: never\nsteps: [{tag: once}]\n",
                   .events = {"02 10:00 u1 a", "02 10:00 u2 b"},
                   .expected = {"02 10:00 u1 tag once", "02 10:00 u2 tag once"}},
                  "segments: {warm: {if: \"did('a') || did('b')\"}}\n"),
    with_segments({.name = "a condition of a scheduled start is judged at its moment",
                   .playbook = "start: {once: \"2026-03-05 10:00\", segment: all, "
                               "if: contact.score > 5}\nsteps: [{tag: scored}]\n",
                   .events = {"02 10:00 u1 a"},
                   .expected = {"02 10:00 u1 score 10", "05 10:00 u1 tag scored"},
                   .files = {{"playbooks/q.yaml", "start: a\nsteps: [{score: 10}]\n"}}},
                  "segments: {all: {if: \"true\"}}\n"),
};

void check(const std::vector<Story>& stories) {
  for (const auto& story : stories) {
    DYNAMIC_SECTION(story.name) {
      CHECK(told(story) == story.expected);
    }
  }
}

}  // namespace

TEST_CASE("loops, splits and playbooks that start and leave one another") {
  check(step_stories);
}

TEST_CASE("segments, dates, schedules and starts by hand") {
  check(start_stories);
}
