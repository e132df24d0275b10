#include "config/habits.h"

#include <fstream>
#include <set>
#include <sstream>

#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

// A small workspace with one playbook that waits for events.
std::shared_ptr<const Config> workspace() {
  Workspace workspace = small_workspace();
  put(workspace, "events.yaml",
      "events:\n  form.sent: {properties: {form: string, size: int}}\n"
      "  call.made: {}\n  order.paid: {properties: {order_id: string, at_time: timestamp, rush: "
      "bool}}\n");
  put(workspace, "playbooks/p.yaml",
      "start: {when: form.sent, if: 'event.form == \"start\" && event.size > 10'}\n"
      "goal: {when: order.paid, within: 30d}\nsteps:\n  - send: hello\n"
      "  - wait_for: call.made\n    within: 1d\n");
  auto compiled = compile(workspace, test_options());
  REQUIRE(compiled.config != nullptr);
  return compiled.config;
}

struct Read {
  std::optional<Habits> habits;
  std::vector<std::string> lines;
};
Read read(const std::string& yaml) {
  Problems problems;
  const auto config = workspace();
  Read read;
  read.habits = read_habits(yaml, "habits.yaml", *config->book, problems);
  read.lines = lines_of(problems.take());
  return read;
}

const PropertyHabit* property_of(const Habits& habits, const std::string& event,
                                 const std::string& name) {
  const auto& properties = habits.events.at(event).properties;
  const auto found = std::ranges::find(properties, name, &PropertyHabit::name);
  return found == properties.end() ? nullptr : &*found;
}

constexpr const char* whole = R"(people:
  join_over: 10d
  timezones: {Europe/Moscow: 70, Asia/Shanghai: 30}
  locales: ru
  channels: {email: 90, telegram: 40}
  attributes: {plan: {free: 3, pro: 1}}
  dead_addresses: 2
  asleep: "22:00-08:00"
reactions:
  opens: 50
  clicks: 10
  after: 6h
  variety: 3
  tiring: 2
  kinds: {offer: {unsubscribes: 1}}
  messages: {deal: {clicks: 33}}
events:
  form.sent:
    every: 45d
    properties: {form: {start: 4, other: 1}}
  order.paid:
    follows: [{event: link.clicked, message: deal, percent: 12.5}]
    within: 3d
)";

}  // namespace

TEST_CASE("habits are read whole, and complete each other") {
  const Read its = read(whole);
  CHECK(its.lines == std::vector<std::string>{});
  REQUIRE(its.habits);
  const Habits& habits = *its.habits;
  CHECK(habits.people.join_over == rules::Span{.days = 10});
  CHECK(habits.people.timezones ==
        std::vector<Weighted>{{"Europe/Moscow", 70}, {"Asia/Shanghai", 30}});
  CHECK(habits.people.locales == std::vector<Weighted>{{"ru", 1}});
  CHECK(habits.people.channels.at("telegram") == 40);
  CHECK(habits.people.attributes.at(0).values.size() == 2);
  CHECK(habits.people.asleep.start == rules::ClockTime{22 * 60});
  CHECK(habits.reactions.usual.opens == 50);
  CHECK(habits.reactions.usual.replies == Reactions{}.replies);
  CHECK(habits.reactions.after == std::chrono::hours{6});
  CHECK(habits.reactions.kinds.at(rules::Kind::offer).unsubscribes == 1);
  CHECK(habits.reactions.kinds.at(rules::Kind::offer).clicks == 10);
  // A message's are completed by its kind's.
  CHECK(habits.reactions.messages.at("deal").unsubscribes == 1);
  CHECK(habits.reactions.messages.at("deal").clicks == 33);
  CHECK(habits.events.at("form.sent").every == std::chrono::days{45});
  CHECK(habits.events.at("order.paid").follows.at(0).percent == 12.5);
  // What the file leaves open is what the conditions ask for.
  REQUIRE(property_of(habits, "form.sent", "size") != nullptr);
  CHECK(property_of(habits, "form.sent", "size")->values == std::vector<Weighted>{{"11"}});
}

TEST_CASE("without a file the book's events come as its conditions want them") {
  const auto config = workspace();
  const Habits habits = default_habits(*config->book);
  CHECK(habits.events.at("form.sent").every);
  CHECK(property_of(habits, "form.sent", "form")->values == std::vector<Weighted>{{"start"}});
  CHECK(property_of(habits, "order.paid", "order_id")->values ==
        std::vector<Weighted>{{"order_id-#"}});
  CHECK(property_of(habits, "order.paid", "at_time")->values == std::vector<Weighted>{{"+3d"}});
  CHECK_FALSE(habits.events.at("order.paid").every);
  CHECK(habits.events.at("order.paid").follows.at(0).message == "hello");
  CHECK(habits.events.at("call.made").follows.at(0).event == "form.sent");
}

TEST_CASE("hostile habits are refused with a place and a remedy, and end") {
  std::string many = "events:\n";
  for (int i = 0; i < 1001; ++i) many += "  e" + std::to_string(i) + ": {}\n";
  std::string deep = "people: ";
  for (int i = 0; i < 200; ++i) deep += "{a: ";
  const auto [yaml, part] = GENERATE_COPY(table<std::string, std::string>({
      {"people: 1\n", "people"},
      {"[]\n", "map"},
      {"poeple: {}\n", "people"},
      {"people: {timezones: {Mars/Base: 1}}\n", "Mars/Base"},
      {"people: {timezones: {}}\n", "weight"},
      {"people: {timezones: {UTC: 0}}\n", "weight"},
      {"people: {timezones: {UTC: -1}}\n", "UTC"},
      {"people: {timezones: {UTC: .inf}}\n", "UTC"},
      {"people: {channels: {fax: 10}}\n", "fax"},
      {"people: {channels: {email: 101}}\n", "100"},
      {"people: {join_over: 99999d}\n", "join_over"},
      {"people: {asleep: \"25:00-07:00\"}\n", "23:00-07:00"},
      {"reactions: {opens: nan}\n", "opens"},
      {"reactions: {opens: 1e300}\n", "opens"},
      {"reactions: {after: 0s}\n", "after"},
      {"reactions: {tiring: 0}\n", "tiring"},
      {"reactions: {kinds: {ofer: {}}}\n", "offer"},
      {"reactions: {messages: {nobody: {}}}\n", "nobody"},
      {"events: {form.sent: {every: 1s}}\n", "every"},
      {"events: {form.sent: {every: -1d}}\n", "every"},
      {"events: {form.sent: {follows: link.clicked}}\n", "list"},
      {"events: {form.sent: {follows: [{event: a}]}}\n", "percent"},
      {"events: {form.sent: {follows: [{event: a, message: nobody, percent: 1}]}}\n", "nobody"},
      {"events: {form.sent: {properties: {form: []}}}\n", "form"},
      {"events: {form.sent: {properties: {frm: start}}}\n", "did you mean `form`"},
      {"events: {form.sent: {properties: {size: big}}}\n", "`big` is no int"},
      {"events: {form.sent: {properties: {size: {1: 1, 2.5: 1}}}}\n", "`2.5` is no int"},
      {"events: {form.sent: {properties: {size: \"#\"}}}\n", "is no int"},
      {"events: {order.paid: {properties: {at_time: soon}}}\n", "`soon` is no"},
      {"events: {order.paid: {properties: {at_time: +3x}}}\n", "`+3x` is no"},
      {"events: {order.paid: {properties: {rush: yes please}}}\n", "is no bool"},
      {"events: {a: &x {}, b: *x}\n", "habits.yaml:1"},
      {"events: !!python/object:os.system {}\n", "habits.yaml:1"},
      {"people: {}\npeople: {}\n", "people"},
      {many, "1000"},
      {deep, "habits.yaml"},
      {std::string("people: {locales: \"a\0b\"}\n", 24) + "}", "habits.yaml"},
      {"events: {" + std::string(300, 'x') + ": {}}\n", "long"},
  }));
  INFO(yaml.substr(0, 200));
  const Read its = read(yaml);
  CHECK_FALSE(its.habits);
  std::string all;
  for (const auto& line : its.lines) all += line + "\n";
  INFO(all);
  CHECK(all.find("habits.yaml:") != std::string::npos);
  CHECK(all.find(part) != std::string::npos);
}

TEST_CASE("the sample's habits are good") {
  const auto workspace = read_workspace("config/examples/expert");
  REQUIRE(workspace);
  const auto compiled = compile(*workspace, test_options());
  REQUIRE(compiled.config != nullptr);
  Problems problems;
  CHECK(read_habits(workspace->find("habits.yaml")->text, "habits.yaml", *compiled.config->book,
                    problems));
  CHECK(lines_of(problems.take()) == std::vector<std::string>{});
}

TEST_CASE("an event that nothing takes is warned of") {
  const Read its = read("events: {from.sent: {every: 9d}}\n");
  CHECK(its.habits);
  REQUIRE(its.lines.size() == 1);
  CHECK(its.lines[0].find("did you mean `form.sent`?") != std::string::npos);
}

TEST_CASE("the schema of habits and its reader know the same keys") {
  std::ifstream file("config/schema/habits.schema.json", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const auto schema = cel::from_json(text.str(), {.depth_max = 64});
  REQUIRE(schema);
  const auto keys = [&](std::initializer_list<const char*> path) {
    const cel::Value* at = &*schema;
    for (const char* part : path) {
      at = at->find(part);
      REQUIRE(at != nullptr);
    }
    std::set<std::string> found;
    for (const auto& entry : at->find("properties")->as_map()) {
      found.insert(entry.key.as_string());
    }
    return found;
  };
  const auto known = [](const std::string& yaml) {
    std::set<std::string> found;
    for (const std::string& line : read(yaml).lines) {
      const auto at = line.find("known are ");
      if (at == std::string::npos) continue;
      std::istringstream names(line.substr(at + 10));
      for (std::string name; names >> name;) {
        found.insert(name.ends_with(',') ? name.substr(0, name.size() - 1) : name);
      }
    }
    return found;
  };
  CHECK(known("qqqqqqqqqqqqqqqq: 1\n") == keys({}));
  CHECK(known("people: {qqqqqqqqqqqqqqqq: 1}\n") == keys({"properties", "people"}));
  CHECK(known("reactions: {qqqqqqqqqqqqqqqq: 1}\n") == keys({"properties", "reactions"}));
  CHECK(known("reactions: {kinds: {offer: {qqqqqqqqqqqqqqqq: 1}}}\n") ==
        keys({"definitions", "rates"}));
  CHECK(known("events: {form.sent: {qqqqqqqqqqqqqqqq: 1}}\n") == keys({"definitions", "event"}));
  CHECK(known("events: {form.sent: {follows: [{event: a, percent: 1, qqqqqqqqqqqqqqqq: 1}]}}\n") ==
        keys({"definitions", "cause"}));
}

}  // namespace nurtured::config
