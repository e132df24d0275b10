// Who follows links: a person, or a program that looks at a message before one does.
#include <algorithm>

#include "rules/advance.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace std::chrono_literals;

namespace {

const Instant departed = *base::parse_instant("2026-03-02T12:00:00Z");

Delivery delivery_on(const std::string& channel, const std::string& key = "1.1.0.0.email") {
  return {.key = key,
          .contact = {1},
          .playbook = "news",
          .message = "issue-1",
          .kind = Kind::value,
          .to = {channel, "x"},
          .change = DeliveryChange::departed,
          .at = departed};
}

struct Moment {
  base::Milliseconds after;  // since the departure
  std::string link;          // empty: only time passes; "open": the picture is loaded
  std::string machine = {};
};

// The events that followed, in order: "link.clicked a", "link.scanned b: why".
std::vector<std::string> after(const std::vector<Moment>& steps,
                               const Delivery& delivery = delivery_on("email")) {
  const Book book(BookParts{});
  Snapshot snapshot;
  snapshot.contact.id = {1};
  std::vector<std::string> told;
  for (const Moment& step : steps) {
    const Instant at = departed + step.after;
    Input input = Wake{};
    if (!step.link.empty()) {
      const bool is_open = step.link == "open";
      input = Visit{.kind = is_open ? VisitKind::open : VisitKind::click,
                    .delivery = delivery.key,
                    .link = is_open ? "" : step.link,
                    .url = is_open ? "" : "https://example.org/" + step.link,
                    .machine = step.machine,
                    .message = delivery};
    }
    auto done = advance(book, {}, std::move(snapshot), input, at);
    for (const Event& event : done.emitted) {
      std::string line = event.name;
      if (const auto* link = event.properties.find("link")) line += " " + link->as_string();
      if (const auto* why = event.properties.find("reason")) line += ": " + why->as_string();
      told.push_back(line);
      CHECK(event.properties.find("message")->as_string() == "issue-1");
      CHECK(event.properties.find("playbook")->as_string() == "news");
    }
    snapshot = std::move(done.next);
  }
  return told;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a click by itself is a person's, a few seconds later") {
  CHECK(after({{1h, "a"}}).empty());
  CHECK(after({{1h, "a"}, {1h + 2999ms, ""}}).empty());
  CHECK(after({{1h, "a"}, {1h + 3s, ""}}) == Lines{"link.clicked a", "message.clicked"});
}

TEST_CASE("a click counts at the moment at which it came") {
  const Book book(BookParts{});
  Snapshot snapshot;
  snapshot.contact.id = {1};
  const Visit visit{.delivery = "1.1.0.0.email", .link = "a", .message = delivery_on("email")};
  auto waiting = advance(book, {}, std::move(snapshot), visit, departed + 1h);
  CHECK(waiting.wake == departed + 1h + 3s);
  auto done = advance(book, {}, std::move(waiting.next), Wake{}, departed + 2h);
  REQUIRE(done.emitted.size() == 2);
  CHECK(done.emitted[0].occurred_at == departed + 1h);
  CHECK(done.next.contact.history.at("link.clicked").last == departed + 1h);
  CHECK(done.next.contact.clicks.empty());
  CHECK_FALSE(done.wake);
}

TEST_CASE("what is told of a visit depends on the company it keeps") {
  struct Case {
    const char* name;
    std::vector<Moment> steps;
    Lines told;
  };
  const std::string burst = ": several links of the message at once";
  const std::string early = ": within 5 seconds of the departure";
  const Case cases[] = {
      {"a double click is one",
       {{1h, "a"}, {1h + 200ms, "a"}, {2h, ""}},
       {"link.clicked a", "message.clicked"}},
      {"two links one after the other are a reader's",
       {{1h, "a"}, {1h + 30s, "b"}, {2h, ""}},
       {"link.clicked a", "message.clicked", "link.clicked b", "message.clicked"}},
      {"two links at once are a scanner's, the first as well",
       {{1h, "a"}, {1h + 1s, "b"}, {2h, ""}},
       {"link.scanned a" + burst, "link.scanned b" + burst}},
      {"the third of a burst comes too late to be looked at with the first",
       {{1h, "a"}, {1h + 1s, "b"}, {1h + 8s, "c"}, {2h, ""}},
       {"link.scanned a" + burst, "link.scanned b" + burst, "link.scanned c" + burst}},
      {"a reader comes after the scanner",
       {{1h, "a"}, {1h + 1s, "b"}, {1h + 20s, "a"}, {2h, ""}},
       {"link.scanned a" + burst, "link.scanned b" + burst, "link.clicked a", "message.clicked"}},
      {"nobody has read a mail five seconds after it left",
       {{4s, "a"}, {1min, ""}},
       {"link.scanned a" + early}},
      {"an early scanner does not speak for those that come later",
       {{1s, "a"}, {1min, "a"}, {2h, ""}},
       {"link.scanned a" + early, "link.clicked a", "message.clicked"}},
      {"a program's own words take those before it along",
       {{1h, "a"}, {1h + 1s, "a", "a prefetch"}, {2h, ""}},
       {"link.scanned a: a prefetch", "link.scanned a: a prefetch"}},
      {"an opening is told at once", {{1h, "open"}}, {"message.opened"}},
      {"an opening as the mail arrives is a program's",
       {{2s, "open"}},
       {"message.scanned" + early}},
      {"a proxy that loads all pictures opens nothing",
       {{1h, "open", "a privacy proxy"}},
       {"message.scanned: a privacy proxy"}},
      {"an opening does not make a click suspicious",
       {{1h, "open"}, {1h + 1s, "a"}, {2h, ""}},
       {"message.opened", "link.clicked a", "message.clicked"}},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(after(c.steps) == c.told);
  }
}

TEST_CASE("a messenger's reader may be quick") {
  CHECK(after({{2s, "a"}, {1min, ""}}, delivery_on("telegram", "1.1.0.0.telegram")) ==
        Lines{"link.clicked a", "message.clicked"});
}

TEST_CASE("a visit to a message that is not known does nothing") {
  const Book book(BookParts{});
  Snapshot snapshot;
  snapshot.contact.id = {1};
  const auto done =
      advance(book, {}, snapshot, Visit{.delivery = "1.9.9.9.email", .link = "a"}, departed + 1h);
  CHECK(done.next == snapshot);
  CHECK(done.emitted.empty());
}

TEST_CASE("whoever follows a hundred links at once is no person, and costs no memory") {
  std::vector<Moment> steps;
  for (int i = 0; i < 100; ++i) steps.push_back({1h, "l" + std::to_string(i)});
  steps.push_back({2h, ""});
  const auto told = after(steps);
  CHECK(told.size() == 100);
  CHECK(
      std::ranges::all_of(told, [](const auto& line) { return line.starts_with("link.scanned"); }));
}
