// Questions and their answers, and humans who have a contact (CONTRACT section 2, `ask`, `handoff`;
// M4), as stories.
#include <string>
#include <vector>

#include "rules/question.h"
#include "tests/catch.h"
#include "tests/daemon/story.h"

using namespace nurtured;
using namespace nurtured::tests;

namespace {

std::string said(const std::string& when, const std::string& text) {
  return when + " u1 message.replied {\"channel\":\"email\",\"text\":\"" + text + "\"}";
}
// `place` is STEP.CHOICE of the enrollment in p that began on 2 March at ten.
std::string pressed(const std::string& when, const std::string& place,
                    const std::string& playbook = "p") {
  const rules::Enrollment asking{.playbook = playbook,
                                 .started = *base::parse_instant("2026-03-02T10:00:00Z")};
  return when + " u1 message.replied {\"channel\":\"email\",\"button\":\"" +
         rules::question_mark(asking) + "." + place + "\"}";
}

// Starts by `a`; v1 asks, and what was kept of the answer becomes a tag.
std::string question(const std::string& keys, const std::string& after = "") {
  return "start: {when: a}\nsteps:\n  - ask: v1\n    save: answer\n" + keys +
         "  - set: {kept: \"=enrollment.answer\"}\n" + after;
}

const std::string humans =
    std::string(free_settings) + "notify: {channel: email, to: a@b.example}\n";

const std::vector<Story> stories = {
    {.name = "a typed answer is kept as text",
     .playbook = question(""),
     .events = {"02 10:00 u1 a", said("02 10:05", " Ten, I think ")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1",
                  "02 10:05 u1 set kept = Ten, I think"}},
    {.name = "what comes before the question is no answer",
     .playbook = question("    within: 1d\n"),
     .events = {"02 09:00 u1 b", said("02 09:30", "early"), "02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1 until 03 10:00",
                  "03 10:00 u1 fail failed"}},
    {.name = "a number is read as people write it, and what is none is asked again",
     .playbook = question("    as: float\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "many"), said("02 10:02", "2,5")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 send ask:again",
                  "02 10:02 u1 set kept = 2.5"}},
    {.name = "yes and no are read in three languages",
     .playbook = question("    as: bool\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "ДА")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 set kept = true"}},
    {.name = "a whole number is no decimal one, and `if` judges the answer by its type",
     .playbook = question("    as: int\n    if: event.answer > 17\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "1.5"), said("02 10:02", "17"),
                said("02 10:03", "+18")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 send ask:again",
                  "02 10:02 u1 send ask:again", "02 10:03 u1 set kept = 18"}},
    {.name = "a choice is taken by its id, its text in any case, its number or its button",
     .playbook = question("    choices: {yes: Ja gern, no: Nein}\n",
                          "  - ask: v2\n    choices: [Uno, Dos]\n    save: answer\n"
                          "  - ask: v3\n    choices: [Uno, Dos]\n    save: answer\n"
                          "  - set: {last: \"=enrollment.answer\"}\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "ja GERN"), said("02 10:02", "2"),
                pressed("02 10:03", "3.0")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 set kept = yes",
                  "02 10:01 u1 send v2", "02 10:01 u1 ask v2", "02 10:02 u1 send v3",
                  "02 10:02 u1 ask v3", "02 10:03 u1 set last = Uno"}},
    {.name = "what is seen wins over a number, and a number over a name that nobody sees",
     .playbook = question("    choices: {x: Three, y: Four, z: 17}\n",
                          "  - ask: v2\n    choices: {b: Uno, a: Dos}\n    save: answer\n"
                          "  - set: {second: \"=enrollment.answer\"}\n"
                          "  - ask: v3\n    choices: {2: Uno, 1: Dos}\n    save: answer\n"
                          "  - set: {third: \"=enrollment.answer\"}\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "17"), said("02 10:02", "A"),
                said("02 10:03", "1.")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 set kept = z",
                  "02 10:01 u1 send v2", "02 10:01 u1 ask v2", "02 10:02 u1 set second = a",
                  "02 10:02 u1 send v3", "02 10:02 u1 ask v3", "02 10:03 u1 set third = 2"}},
    {.name = "buttons of another question, another step or no question do nothing",
     .playbook = question("    choices: [Uno, Dos]\n"),
     .events = {"02 10:00 u1 a", pressed("02 10:01", "0.2"), pressed("02 10:02", "1.0"),
                pressed("02 10:03", "0.0", "q"), pressed("02 10:04", "x"),
                pressed("02 10:05", "0.-1"), pressed("02 10:06", "0.1")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:06 u1 set kept = Dos"},
     .settings = humans},
    {.name = "after as many tries as are allowed it goes another way",
     .playbook =
         question("    as: int\n    tries: 2\n    otherwise: [{tag: gave-up}, {end: true}]\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "many"), said("02 10:02", "more"),
                said("02 10:03", "7")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 send ask:again",
                  "02 10:02 u1 tag gave-up"}},
    {.name = "no answer in time goes another way",
     .playbook = question("    within: 2h\n    otherwise: [{tag: silent}, {end: true}]\n"),
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1 until 02 12:00",
                  "02 12:00 u1 tag silent"}},
    {.name = "an answer does not stop the playbook that asked, another reply does",
     .playbook = question("", "  - wait: 1d\n  - tag: late\n") + "stop: {when: message.replied}\n",
     .events = {"02 10:00 u1 a", said("02 10:01", "yes"), said("02 11:00", "stop it")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 set kept = yes",
                  "02 10:01 u1 wait until 03 10:01"}},
    {.name = "who talks to a human answers the human, and no question",
     .playbook = question("    choices: [Uno, Dos]\n", "  - tag: late\n"),
     .events = {"02 10:00 u1 a", "02 10:10 u1 h", said("02 10:20", "Tuesday"),
                pressed("02 10:30", "0.0"), "02 12:00 u1 b", said("02 12:20", "Monday")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:10 u1 handoff until 02 11:10",
                  "02 10:20 u1 handoff until 03 10:20", "02 10:30 u1 set kept = Uno",
                  "02 10:30 u1 tag late", "02 12:20 u1 handoff until 03 12:20",
                  "03 12:20 u1 handoff ended"},
     .settings = humans,
     .files = {{"playbooks/h.yaml", "start: {when: h}\nsteps:\n  - handoff: true\n    for: 1h\n"}}},
    {.name = "a step's own time ends its wait, though the contact still talks to the human",
     .playbook = "start: {when: a}\nsteps:\n  - handoff: true\n    for: 1d\n  - tag: after\n"
                 "  - send: v1\n",
     .events = {"02 10:00 u1 a", said("03 09:00", "One more thing")},
     .expected = {"02 10:00 u1 handoff until 03 10:00", "03 09:00 u1 handoff until 04 09:00",
                  "03 10:00 u1 tag after", "03 10:00 u1 hold v1 handoff until 04 09:00",
                  "04 09:00 u1 handoff ended", "04 09:00 u1 send v1"},
     .settings = humans},
    {.name = "words that no try could take go to a human",
     .playbook = question("    choices: [Uno, Dos]\n    tries: 2\n    otherwise: [{end: true}]\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "How much?"),
                said("02 10:02", "I asked how much")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 send ask:again",
                  "02 10:02 u1 handoff until 03 10:02", "03 10:02 u1 handoff ended"},
     .settings = humans},
    {.name = "yes and no are read in three languages where they are the choices, too",
     .playbook = question("    as: bool\n    choices: {yes: Sure, no: Never}\n"),
     .events = {"02 10:00 u1 a", said("02 10:01", "да")},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 ask v1", "02 10:01 u1 set kept = true"}},
    {.name = "a step gives the contact to a human, who holds all but receipts",
     .playbook = "start: {when: a}\nsteps:\n  - handoff: true\n    for: 1d\n  - send: v1\n",
     .events = {"02 10:00 u1 a", "02 11:00 u1 b"},
     .expected = {"02 10:00 u1 handoff until 03 10:00",
                  "02 11:00 u1 hold v2 handoff until 03 10:00", "02 11:00 u1 send r1",
                  "03 10:00 u1 handoff ended", "03 10:00 u1 send v2", "03 10:00 u1 send v1"},
     .files = {{"playbooks/b.yaml",
                "start: {when: b}\nsteps:\n  - send: v2\n    while_held: go_on\n"
                "  - send: r1\n"},
               {"content/r1.md", "---\nkind: receipt\nsubject: s\n---\nPaid.\n"}}},
    {.name = "a message that no playbook takes gives the contact to a human for a day",
     .playbook = "start: {when: a}\nsteps:\n  - wait: 1h\n  - send: v1\n",
     .events = {"02 10:00 u1 a", said("02 10:30", "How much is it?"), said("02 12:00", "Hello?")},
     .expected = {"02 10:00 u1 wait until 02 11:00", "02 10:30 u1 handoff until 03 10:30",
                  "02 11:00 u1 hold v1 handoff until 03 10:30",
                  "02 12:00 u1 handoff until 03 12:00",
                  "02 12:00 u1 hold v1 handoff until 03 12:00", "03 12:00 u1 handoff ended",
                  "03 12:00 u1 send v1"},
     .settings = humans},
    {.name = "a message that a playbook waits for or begins with is taken",
     .playbook = "start: {when: a}\nsteps:\n  - wait_for: message.replied\n  - tag: heard\n",
     .events = {"02 10:00 u1 a", said("02 10:30", "Hi"), said("02 11:00", "price?")},
     .expected = {"02 10:00 u1 wait", "02 10:30 u1 tag heard", "02 11:00 u1 tag asked"},
     .settings = humans,
     .files = {{"playbooks/b.yaml",
                "start:\n  when: message.replied\n  if: event.text == 'price?'\n"
                "steps:\n  - tag: asked\n"}}},
    {.name = "a message that only ends a playbook still goes to a human",
     .playbook = "start: {when: a}\nstop: {when: message.replied}\nsteps:\n  - wait: 1d\n",
     .events = {"02 10:00 u1 a", said("02 10:30", "Hi")},
     .expected = {"02 10:00 u1 wait until 03 10:00", "02 10:30 u1 handoff until 03 10:30",
                  "03 10:30 u1 handoff ended"},
     .settings = humans},
    {.name =
         "where nobody is told, or `on_message` is never, a message gives the contact to nobody",
     .playbook = "start: {when: a}\nsteps:\n  - wait: 1h\n  - send: v1\n",
     .events = {"02 10:00 u1 a", said("02 10:30", "How much is it?")},
     .expected = {"02 10:00 u1 wait until 02 11:00", "02 11:00 u1 send v1"},
     .settings = humans + "handoff: {on_message: never}\n"},
};

}  // namespace

TEST_CASE("a talk goes as CONTRACT tells it") {
  for (const Story& story : stories) {
    DYNAMIC_SECTION(story.name) {
      CHECK(told(story) == story.expected);
    }
  }
}
