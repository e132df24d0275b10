// What a right playbook becomes: every key of CONTRACT section 2, steps flattened and linked, ids,
// versions.
#include "rules/playbook.h"

#include "config/compile.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

using namespace std::chrono_literals;
using rules::no_step;
using rules::Playbook;
using rules::Step;
using rules::StepIndex;

std::shared_ptr<const Playbook> playbook(const std::string& text) {
  const Compiled compiled = compile_with("playbooks/p.yaml", text);
  for (const Problem& problem : compiled.problems) {
    INFO(line_of(problem));
    REQUIRE(problem.severity != Severity::error);
  }
  REQUIRE(compiled.config != nullptr);
  REQUIRE(compiled.config->book->current().size() == 1);
  return compiled.config->book->current().front();
}

// Each step as "id>next", with the targets inside it; "." is the end.
std::string shape(const Playbook& playbook) {
  const auto name = [&](StepIndex index) {
    return index == no_step ? std::string(".") : playbook.steps.at(index).id;
  };
  std::string out;
  for (const Step& step : playbook.steps) {
    out += step.id;
    if (const auto* send = std::get_if<rules::Send>(&step.action)) {
      if (send->otherwise != no_step) out += "(otherwise " + name(send->otherwise) + ")";
    } else if (const auto* wait = std::get_if<rules::WaitFor>(&step.action)) {
      out += "(then " + name(wait->then) + ", otherwise " + name(wait->otherwise) + ")";
    } else if (const auto* until = std::get_if<rules::WaitUntil>(&step.action)) {
      out += "(skip to " + name(until->after_skip) + ")";
    } else if (const auto* choose = std::get_if<rules::Choose>(&step.action)) {
      out += "(";
      for (const auto& branch : choose->branches) out += " " + name(branch.target);
      out += ")";
    }
    out += " > " + name(step.next) + "\n";
  }
  return out;
}

TEST_CASE("the head of a playbook is read in full") {
  const auto p = playbook(R"(playbook: full
title: All of it
stage: consideration
priority: 70
via: {all: [telegram, email]}
start:
  - when: page.viewed
    if: event.path == "/a"
  - screen.viewed
again: after 90d
meanwhile: restart
per: event.order_id
goal: {when: link.clicked, if: event.link == "webinar", within: 30d}
stop:
  - when: message.replied
  - if: '"customer" in contact.tags'
  - message.unsubscribed
late: skip
steps: [{send: hello}]
)");
  CHECK(p->id == "full");
  CHECK(p->title == "All of it");
  CHECK(p->stage == "consideration");
  CHECK(p->priority == 70);
  CHECK(p->via == std::vector<std::string>{"telegram", "email"});
  CHECK(p->via_all);
  REQUIRE(p->starts.size() == 2);
  CHECK(p->starts[0].event == "page.viewed");
  CHECK(p->starts[0].condition->source == "event.path == \"/a\"");
  CHECK(p->starts[0].condition->place == base::Place{"playbooks/p.yaml", 8, 9, 18});
  CHECK_FALSE(p->starts[1].condition.has_value());
  CHECK(p->again.mode == rules::AgainMode::after);
  CHECK(p->again.after == rules::Span{.days = 90});
  CHECK(p->meanwhile == rules::Meanwhile::restart);
  CHECK(p->per.has_value());
  CHECK(p->goal->event == "link.clicked");
  CHECK(p->goal->within == rules::Span{.days = 30});
  REQUIRE(p->stops.size() == 3);
  CHECK(p->stops[0].event == "message.replied");
  CHECK(p->stops[1].event.empty());
  CHECK(p->stops[2].event == "message.unsubscribed");
  CHECK(p->late == rules::Late::skip);
  CHECK(p->source.find("title: All of it") != std::string::npos);
}

TEST_CASE("what is left out has the contract's defaults") {
  const auto p =
      playbook("start: {when: page.viewed}\ngoal: link.clicked\nsteps: [{send: hello}]\n");
  CHECK(p->id == "p");
  CHECK(p->priority == 50);
  CHECK(p->via.empty());
  CHECK_FALSE(p->via_all);
  CHECK(p->again.mode == rules::AgainMode::never);
  CHECK(p->meanwhile == rules::Meanwhile::ignore);
  CHECK_FALSE(p->late.has_value());
  CHECK(p->goal->event == "link.clicked");
  const auto& send = std::get<rules::Send>(p->steps[0].action);
  CHECK(send.hold == rules::Span{.days = 30});
  CHECK_FALSE(send.go_on_while_held);
  CHECK(send.via.empty());
}

TEST_CASE("a hold that says only when the message expires has the usual length") {
  const auto p = playbook("start: page.viewed\nsteps: [{send: hello, hold: {expires: now}}]\n");
  const auto& send = std::get<rules::Send>(p->steps[0].action);
  CHECK(send.hold == rules::Span{.days = 30});
  CHECK(send.expires.has_value());
}

TEST_CASE("a way of a split without steps goes on behind it, written out or not") {
  const std::string none = GENERATE("{weight: 1, steps: []}", "{weight: 1}", "{steps: []}");
  CAPTURE(none);
  const auto p = playbook("start: hello\nsteps:\n  - split:\n      control: " + none +
                          "\n      offered: {weight: 1, steps: [{send: deal}]}\n  - tag: x\n");
  const auto& split = std::get<rules::Split>(p->steps.at(0).action);
  REQUIRE(split.ways.size() == 2);
  CHECK(split.ways[0].target == 2);
  CHECK(split.ways[1].target == 1);
}

TEST_CASE("steps that are no list are refused in a way of a split") {
  const std::string steps =
      GENERATE("~", "5", "{}", "''", "{send: deal}", "[5]", "[[]]", "no", "[{}]", "\"[]\"");
  const auto compiled = compile_with("playbooks/p.yaml",
                                     "start: hello\nsteps:\n  - split:\n      a: {steps: " + steps +
                                         "}\n      b: {steps: [{send: deal}]}\n");
  CAPTURE(steps);
  CHECK(compiled.config == nullptr);
}

TEST_CASE("nested steps become one list in which every step names the next") {
  const auto p = playbook(R"(start: page.viewed
steps:
  - send: hello
    hold:
      for: 14d
      expires: now
      otherwise:
        - notify: held
        - tag: held
  - wait: 2d
    at: "10:00"
    days: [mon, tue]
  - wait_until: event.at
    if_past: skip
  - choose:
      - if: contact.score >= 50
        then:
          - wait_for: link.clicked
            within: 1d
            otherwise:
              - wait: 1h
              - end: true
      - else:
          - series: [hello, bye, hello]
            every: 2d
  - wait: 1d
  - any: [link.clicked, page.viewed]
    if: event.at > now
    save: answer
    then:
      - score: {set: 3}
)");
  CHECK(shape(*p) ==
        "send:hello(otherwise notify) > wait\n"
        "notify > tag:held\n"
        "tag:held > wait\n"
        "wait > wait_until\n"
        "wait_until(skip to wait#5) > choose\n"
        "choose( wait_for:link.clicked send:hello#2) > wait#5\n"
        "wait_for:link.clicked(then wait#5, otherwise wait#2) > wait#5\n"
        "wait#2 > end\n"
        "end > wait#5\n"
        "send:hello#2 > wait#3\n"
        "wait#3 > send:bye\n"
        "send:bye > wait#4\n"
        "wait#4 > send:hello#3\n"
        "send:hello#3 > wait#5\n"
        "wait#5 > wait_for:link.clicked,page.viewed\n"
        "wait_for:link.clicked,page.viewed(then score, otherwise .) > .\n"
        "score > .\n");
  const auto& wait = std::get<rules::Wait>(p->steps[3].action);
  CHECK(wait.at == rules::ClockTime{600});
  CHECK(wait.days == rules::Weekdays{0b11});
  const auto& expected = std::get<rules::WaitFor>(p->steps[p->steps.size() - 2].action);
  CHECK(expected.save == "answer");
  CHECK_FALSE(expected.within.has_value());
}

TEST_CASE("the other steps carry what they say") {
  const auto p = playbook(R"(start: page.viewed
steps:
  - set: {plan: gold, seats: 3, share: 0.5, paid: true, code: "0777", octal: 0777, none: null,
      name: "{{ contact.first_name }}", later: "=now", list: [1, two]}
  - tag: [a, b]
  - untag: c
  - move_to: decision
  - score: -2.5
  - emit: my.event
  - emit: {event: my.other, properties: {n: 1}}
  - send: hello
    via: [email]
    while_held: go_on
    expires: event.at
    hold: 1d12h
  - send: hello
    via: all
  - end: true
)");
  const auto& set = std::get<rules::Set>(p->steps[0].action).attributes;
  REQUIRE(set.size() == 10);
  CHECK(std::get<cel::Value>(set[0].second) == cel::Value("gold"));
  CHECK(std::get<cel::Value>(set[1].second).is_int());
  CHECK(std::get<cel::Value>(set[2].second).is_double());
  CHECK(std::get<cel::Value>(set[3].second).is_bool());
  CHECK(std::get<cel::Value>(set[4].second) == cel::Value("0777"));
  CHECK(std::get<cel::Value>(set[5].second) == cel::Value("0777"));
  CHECK(std::get<cel::Value>(set[6].second).is_null());
  const auto text = std::get<std::shared_ptr<const rules::Text>>(set[7].second);
  CHECK(text->render(cel::Map{{"contact", cel::Map{{"first_name", "Anna"}}}}) == "Anna");
  CHECK(std::get<rules::Expression>(set[8].second).program.type().name().find("imestamp") !=
        std::string::npos);
  CHECK(std::get<cel::Value>(set[9].second).as_list().size() == 2);
  CHECK(std::get<rules::Tag>(p->steps[1].action).tags == std::vector<std::string>{"a", "b"});
  CHECK(std::get<rules::Tag>(p->steps[2].action).remove);
  CHECK(p->steps[1].id == "tag:a,b");
  CHECK(std::get<rules::MoveTo>(p->steps[3].action).stage == "decision");
  CHECK(std::get<rules::Score>(p->steps[4].action).amount == -2.5);
  CHECK(std::get<rules::Emit>(p->steps[6].action).properties.size() == 1);
  const auto& send = std::get<rules::Send>(p->steps[7].action);
  CHECK(send.via == std::vector<std::string>{"email"});
  CHECK(send.go_on_while_held);
  CHECK(send.expires.has_value());
  CHECK(send.hold == rules::Span{.days = 1, .exact = 12h});
  const auto& all = std::get<rules::Send>(p->steps[8].action);
  CHECK(all.via_all);
  CHECK(all.via.size() == 2);
}

TEST_CASE("a made id keeps out of the way of a given one") {
  const auto p = playbook(
      "start: page.viewed\nsteps:\n  - wait: 1d\n  - {id: wait, wait: 2d}\n  - wait: 3d\n"
      "  - {id: intro, series: [hello, bye, hello], every: 1d}\n");
  CHECK(shape(*p) ==
        "wait#2 > wait\nwait > wait#3\nwait#3 > intro\nintro > intro:wait\n"
        "intro:wait > intro:bye\nintro:bye > intro:wait#2\nintro:wait#2 > intro:hello\n"
        "intro:hello > .\n");
}

TEST_CASE("a version is what a playbook means") {
  const std::string text =
      "start: {when: page.viewed, if: event.n == 1}\nsteps:\n  - send: hello\n  - wait: 2d\n";
  const std::string version = playbook(text)->version;
  CHECK(version.size() == 16);
  // Stored with every enrollment: a change here strands people on versions that nobody finds.
  CHECK(version == "6b018f0a2f509989");
  CHECK(playbook("# why\n" + text + "\n\n")->version == version);
  CHECK(playbook("steps: [ {send: \"hello\"}, {wait: '2d'} ]\nstart:\n  if: event.n == 1\n"
                 "  when: page.viewed # so\n")
            ->version == version);
  CHECK(playbook("start: {when: page.viewed, if: event.n == 2}\nsteps:\n  - send: hello\n"
                 "  - wait: 2d\n")
            ->version != version);
  CHECK(playbook("start: page.viewed\nsteps: [{set: {n: 3}}]\n")->version !=
        playbook("start: page.viewed\nsteps: [{set: {n: \"3\"}}]\n")->version);
}

TEST_CASE("a former version compiles from its source, whatever has gone since") {
  const std::string text =
      "start: page.viewed\nvia: sms\nsteps:\n  - send: vanished\n    expires: event.ends\n"
      "  - choose:\n      - if: did(\"gone.event\", \"900d\")\n        then: [{send: hello}]\n";
  const Compiled live = compile(small_workspace(), test_options());
  REQUIRE(live.config != nullptr);
  const auto former = compile_playbook(text, "playbooks/p.yaml", *live.config);
  REQUIRE(former.playbook != nullptr);
  CHECK(lines_of(former.problems) ==
        std::vector<std::string>{
            "playbooks/p.yaml:4:11: warning: the message `vanished` is gone; people under way are "
            "still to get it [gone-message]"});
  CHECK(former.playbook->steps.size() == 3);
  const auto again = compile_playbook(text, "stored", *live.config);
  CHECK(again.playbook->version == former.playbook->version);
  CHECK(compile_playbook("steps: [", "stored", *live.config).playbook == nullptr);
}

TEST_CASE("the text of a step is told the contact's clock and language") {
  const auto p = playbook(
      "start: page.viewed\nsteps:\n  - notify: \"{{ 'now' | date: '%H:%M' }} {{ contact.id }}\"\n");
  const auto& notify = std::get<rules::Notify>(p->steps[0].action);
  const auto noon = base::parse_instant("2026-03-01T12:00:00Z");
  REQUIRE(noon.has_value());
  const cel::Map data{
      {"now", *noon}, {"zone", "Europe/Moscow"}, {"contact", cel::Map{{"id", "u1"}}}};
  CHECK(notify.text->render(data) == "15:00 u1");
}

}  // namespace
}  // namespace nurtured::config
