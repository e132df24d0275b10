#include "tests/daemon/story.h"

#include <algorithm>
#include <sstream>

#include "daemon/cli/cli.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

namespace nurtured::tests {
namespace {

std::string moment(const std::string& day, const std::string& hour) {
  return "2026-03-" + day + "T" + hour + ":00Z";
}

std::string identify(const std::string& user) {
  return R"({"type":"identify","userId":")" + user + R"(","timestamp":"2026-03-01T00:00:00Z",)" +
         R"("traits":{"email":"shared@example.org","consent":{"email":true}}})" + "\n";
}

std::string to_ingest(const std::string& line) {
  std::istringstream words(line);
  std::string day;
  std::string hour;
  std::string user;
  std::string event;
  words >> day >> hour >> user >> event >> std::ws;
  std::string properties;
  std::getline(words, properties);
  const std::size_t plus = user.find('+');
  std::string who = plus == 0 ? "" : R"("userId":")" + user.substr(0, plus) + R"(",)";
  if (plus != std::string::npos) who += R"("anonymousId":")" + user.substr(plus + 1) + R"(",)";
  const std::string what = event == "identify"
                               ? R"("type":"identify","traits":)"
                               : R"("type":"track","event":")" + event + R"(","properties":)";
  return "{" + who + R"("timestamp":")" + moment(day, hour) + R"(",)" + what +
         (properties.empty() ? "{}" : properties) + "}\n";
}

std::string text_of(const cel::Value& line, std::string_view key) {
  const cel::Value* value = line.find(key);
  return value == nullptr || value->is_null() ? "" : cel::to_plain_text(*value);
}

// "04 10:30 u1 hold o1 mix until 05 00:00"
std::string to_line(const cel::Value& line) {
  const auto short_time = [](const std::string& at) {
    return at.substr(8, 2) + " " + at.substr(11, 5);
  };
  std::string text = short_time(text_of(line, "at")) + " " + text_of(line, "contact");
  for (const std::string_view key :
       {"do", "message", "tag", "event", "action", "score", "detail", "reason", "outcome"}) {
    // The words of a reason are for people; the reason is what is fixed.
    if (key == "detail" && text_of(line, "do") != "set") continue;
    const std::string value = text_of(line, key);
    if (!value.empty()) text += " " + value;
  }
  const std::string until = text_of(line, "until");
  return until.empty() ? text : text + " until " + short_time(until);
}

}  // namespace

Lines told(const Story& story) {
  tests::TemporaryFolder folder;
  folder.write("nurtured.yaml",
               "store: sqlite:nurtured.db\ntimezone: UTC\n"
               "connectors: {outbox: {type: file, path: outbox}}\nchannels: {email: outbox}\n" +
                   story.settings);
  folder.write("playbooks/p.yaml", story.playbook);
  for (const auto& [kind, letter] :
       {std::pair{"value", "v"}, {"engagement", "e"}, {"offer", "o"}}) {
    for (const char* number : {"1", "2", "3"}) {
      folder.write(std::string("content/") + letter + number + ".md",
                   std::string("---\nkind: ") + kind + "\nsubject: s\n---\nHello.\n");
    }
  }
  for (const auto& [name, text] : story.files) folder.write(name, text);
  std::string events = identify("u1") + identify("u2");
  for (const auto& event : story.events) events += to_ingest(event);

  std::istringstream in(events);
  std::ostringstream out;
  std::ostringstream err;
  base::VirtualClock clock{tests::at("2026-03-01T00:00:00Z")};
  daemon::cli::Console console{.in = in, .out = out, .err = err};
  const daemon::cli::World world{.clock = clock, .surroundings = {}, .run_daemon = {}};
  const int status = daemon::cli::run({"--config", folder.path(), "simulate", "--events", "-",
                                       "--until", "2026-04-15", "--format", "jsonl"},
                                      console, world);
  INFO(err.str());
  REQUIRE(status == daemon::cli::done);
  Lines lines;
  std::istringstream told(out.str());
  for (std::string line; std::getline(told, line);) {
    const auto value = cel::from_json(line);
    REQUIRE(value);
    const std::string action = text_of(*value, "do");
    if (action != "start" && action != "end") lines.push_back(to_line(*value));
  }
  return lines;
}

}  // namespace nurtured::tests
