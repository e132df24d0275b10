// nurtured simulate, as it is typed.
#include <filesystem>

#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/shell.h"

using namespace nurtured;
using tests::Arguments;
using tests::count;
using tests::Shell;

namespace {

std::string event_line(const std::string& user, const std::string& event, const std::string& time) {
  return cel::to_json(cel::Map{{"type", "track"},
                               {"userId", user},
                               {"event", event},
                               {"timestamp", time},
                               {"properties", cel::Map{}}}) +
         "\n";
}

std::string person_line(const std::string& user, const std::string& time) {
  return cel::to_json(cel::Map{{"type", "identify"},
                               {"userId", user},
                               {"timestamp", time},
                               {"traits", cel::Map{{"email", user + "@example.org"}}}}) +
         "\n";
}

}  // namespace

TEST_CASE("simulate prints what would happen, in order, and the same each time") {
  Shell shell;
  const std::string events = event_line("u1", "hello", "2026-03-02T08:30:00Z") +
                             person_line("u1", "2026-03-01T08:00:00Z") + "\n";
  const Arguments arguments = {"simulate", "--events", "-",        "--until", "2026-03-31",
                               "--seed",   "7",        "--format", "jsonl"};
  const auto ran = shell.run(arguments, events);
  CHECK(ran.status == daemon::cli::done);
  CHECK(ran.err.empty());
  CHECK(count(ran.out, "\"do\":\"send\"") == 2);
  CHECK(ran.out.find(R"("at":"2026-03-04T08:30:00Z","contact":"u1","playbook":"p1")") !=
        std::string::npos);
  CHECK(ran.out.find(R"("to":"u1@example.org","subject":"m2")") != std::string::npos);
  CHECK(shell.run(arguments, events).out == ran.out);
  CHECK_FALSE(std::filesystem::exists(shell.folder() / "nurtured.db"));
}

TEST_CASE("a simulation of which nothing comes says so, and why that may be") {
  Shell shell;
  shell.folder().write("events.yaml", "events: {hello: {}}\n");
  const auto [events, told] = GENERATE(table<std::string, const char*>({
      {"", "nurtured: nothing happened: there are no events\n"},
      {event_line("u1", "hello", "2027-03-02T08:30:00Z"),
       "nurtured: nothing happened: the first event is at 2027-03-02T08:30:00Z, after --until\n"},
      {event_line("u1", "helo", "2026-03-02T08:30:00Z"),
       "nurtured: nothing happened: events.yaml does not list helo\n"},
      {person_line("u1", "2026-03-02T08:30:00Z"), "nurtured: nothing happened\n"},
  }));
  const auto ran = shell.run({"simulate", "--events", "-", "--until", "2026-03-31"}, events);
  CHECK(ran.status == daemon::cli::done);
  CHECK(ran.out.empty());
  CHECK(ran.err == told);
}

TEST_CASE("simulate remembers a messageId as long as the daemon does, by whole days") {
  Shell shell;
  shell.folder().write("playbooks/p1.yaml",
                       "start: {when: hello}\nagain: always\nsteps: [tag: x]\n");
  const auto hello = [](const std::string& at) {
    return R"({"type":"track","userId":"u1","event":"hello","messageId":"m","timestamp":")" + at +
           "\"}\n";
  };
  const auto [second, starts] =
      GENERATE(table<const char*, std::size_t>({{"2026-03-02T12:00:00Z", 1},
                                                {"2026-03-08T23:59:59Z", 1},
                                                {"2026-03-10T00:00:00Z", 2},
                                                {"2026-03-20T00:00:00Z", 2}}));
  INFO(second);
  const auto ran = shell.run({"simulate", "--events", "-", "--until", "2026-03-31"},
                             hello("2026-03-01T08:00:00Z") + hello(second));
  CHECK(count(ran.out, "\"do\":\"start\"") == starts);
}

TEST_CASE("simulate makes people, and prints, writes and gives the same each time") {
  Shell shell;
  shell.folder().write("habits.yaml", "events: {hello: {every: 5d}}\n");
  const std::string report = shell.folder() / "people.html";
  const Arguments arguments = {
      "simulate", "--people", "60", "--days", "30", "--habits", shell.folder() / "habits.yaml",
      "--report", report};
  const auto text = shell.run(arguments);
  CHECK(text.status == daemon::cli::done);
  CHECK(text.err.empty());
  CHECK(text.out.find("60 people got ") != std::string::npos);
  CHECK(text.out.find("Playbook p1: ") != std::string::npos);
  CHECK(std::filesystem::file_size(report) > 5000);
  Arguments json = arguments;
  json.insert(json.end(), {"--format", "json"});
  const auto first = shell.run(json);
  CHECK(first.out == shell.run(json).out);
  const auto figures = cel::from_json(first.out);
  REQUIRE(figures);
  CHECK(figures->find("people")->as_int() == 60);
  CHECK_FALSE(figures->find("summary")->as_list().empty());
  CHECK_FALSE(std::filesystem::exists(shell.folder() / "nurtured.db"));
}

TEST_CASE("a seed that is below zero is wrong usage") {
  Shell shell;
  const auto ran = shell.run({"simulate", "--people", "5", "--days", "3", "--seed", "-1"});
  CHECK(ran.status == 2);
  CHECK(ran.err.find("--seed") != std::string::npos);
}

TEST_CASE("habits and reports that cannot be used are told of") {
  Shell shell;
  const auto run = [&](const std::string& option, const std::string& path) {
    return shell.run({"simulate", "--people", "5", "--days", "3", option, path});
  };
  shell.folder().write("bad.yaml", "people: {timezones: {Mars/Base: 1}}\n");
  const auto bad = run("--habits", shell.folder() / "bad.yaml");
  CHECK(bad.status == daemon::cli::found_problem);
  CHECK(bad.err.find("bad.yaml:1:") != std::string::npos);
  CHECK(bad.out.empty());
  CHECK(run("--habits", shell.folder() / "nowhere.yaml").status == daemon::cli::found_problem);
  CHECK(run("--habits", shell.folder().path()).status == daemon::cli::found_problem);
  CHECK(run("--report", shell.folder() / "nowhere/people.html").status ==
        daemon::cli::found_problem);
  shell.folder().write("long.yaml", std::string((1U << 20) + 1, '#'));
  CHECK(run("--habits", shell.folder() / "long.yaml").status == daemon::cli::found_problem);
}

TEST_CASE("a shadow is written as a page, and the same as text") {
  Shell shell;
  REQUIRE(shell.run({"contact", "add", "anna", "--address", "email=anna@example.org"}).status ==
          daemon::cli::done);
  REQUIRE(shell.run({"event", "add", "anna", "hello"}).status == daemon::cli::done);
  const std::string report = shell.folder() / "shadow.html";
  const Arguments arguments = {"simulate", "--shadow", "--days", "3", "--report"};
  const auto run = [&](const std::string& path) {
    Arguments its = arguments;
    its.push_back(path);
    return shell.run(its);
  };
  const auto ran = run(report);
  CHECK(ran.err.empty());
  CHECK(ran.status == daemon::cli::done);
  CHECK(ran.out.find("Messages sent from ") == 0);
  CHECK(std::filesystem::file_size(report) > 2000);
  CHECK(run(shell.folder() / "nowhere/shadow.html").status == daemon::cli::found_problem);
}

TEST_CASE("a shadow needs a store") {
  Shell shell;
  const auto ran = shell.run({"simulate", "--shadow"});
  CHECK(ran.status == daemon::cli::found_problem);
  CHECK(ran.err.find("the daemon makes the store") != std::string::npos);
}

TEST_CASE("simulate stops its clock where it is told") {
  Shell shell;
  const std::string events =
      person_line("u1", "2026-03-01T08:00:00Z") + event_line("u1", "hello", "2026-03-02T08:30:00Z");
  const auto ran =
      shell.run({"simulate", "--events", "-", "--until", "2026-03-04T08:29:59Z"}, events);
  CHECK(count(ran.out, "\"do\":\"send\"") == 1);
}

TEST_CASE("what occurred before --from arrives then, late") {
  Shell shell;
  const std::string events = person_line("u1", "2026-02-01T08:00:00Z") +
                             event_line("u1", "hello", "2026-02-02T08:30:00Z") +
                             event_line("u2", "hello", "2026-03-02T08:30:00Z");
  const auto ran = shell.run(
      {"simulate", "--events", "-", "--from", "2026-03-01", "--until", "2026-03-31"}, events);
  CHECK(ran.status == daemon::cli::done);
  CHECK(ran.out.find("2026-02") == std::string::npos);
  // Past `late_within`, a late event starts nothing.
  CHECK(count(ran.out, R"("contact":"u1")") == 0);
  CHECK(count(ran.out, R"("do":"start")") == 1);
}

TEST_CASE("bad lines of a simulation are named by number and the others are taken") {
  Shell shell;
  const std::string good =
      person_line("u1", "2026-03-01T08:00:00Z") + event_line("u1", "hello", "2026-03-02T08:30:00Z");
  const std::string bad = GENERATE(
      "nonsense", "[]", "{}", "{\"type\": \"track\"}", "{\"type\": \"fly\", \"userId\": \"u1\"}",
      "{\"type\": \"track\", \"event\": \"x\", \"timestamp\": \"2026-03-01T00:00:00Z\"}",
      "{\"type\": \"track\", \"userId\": \"u1\", \"event\": \"x\"}",
      "{\"type\": \"track\", \"userId\": \"u1\", \"event\": \"x\", \"timestamp\": \"never\"}",
      "{\"type\": \"track\", \"userId\": 5.5e300, \"event\": {}, \"timestamp\": 1}",
      "\xff\xfe\x00garbage", "{\"type\": \"track\", \"userId\": \"u1\"");
  const auto ran =
      shell.run({"simulate", "--events", "-", "--until", "2026-03-31"}, bad + "\n" + good);
  INFO(bad);
  CHECK(ran.status == daemon::cli::found_problem);
  CHECK(ran.err.find("stdin:1") == 0);
  CHECK(ran.err.find("lines not taken: 1") != std::string::npos);
  CHECK(count(ran.out, "\"do\":\"send\"") == 2);
}

TEST_CASE("a simulation for people reads like a log") {
  Shell shell;
  const std::string events =
      person_line("u1", "2026-03-01T08:00:00Z") + event_line("u1", "hello", "2026-03-02T08:30:00Z");
  const auto ran =
      shell.run({"simulate", "--events", "-", "--until", "2026-03-31", "--format", "text"}, events);
  CHECK(ran.out.find("2026-03-02T08:30:00Z  u1  send m1 by email to u1@example.org \"m1\" (p1, ") !=
        std::string::npos);
}
