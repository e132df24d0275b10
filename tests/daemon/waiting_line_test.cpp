#include "daemon/waiting_line.h"

#include <map>

#include "base/random.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;
using namespace std::chrono_literals;

namespace {

const base::Instant start = base::from_millis(1'795'330'800'000);

base::Milliseconds gap_to(std::string_view to) {
  return to.starts_with('-') ? 3s : 1s;
}

// When each leaves, in milliseconds from the start, if all that may go goes: "KEY@MS …".
std::string departures(WaitingLine& line) {
  std::string out;
  base::VirtualClock clock(start);
  while (!line.empty()) {
    while (line.front(clock.now()) != nullptr) {
      const WaitingDelivery gone = line.pop(clock.now());
      out += gone.key + "@" + std::to_string((clock.now() - start).count()) + " ";
    }
    if (const auto next = line.next()) clock.advance_to(*next);
  }
  return out;
}

void fill(WaitingLine& line, const std::vector<std::string>& addresses) {
  std::map<std::string, int> count;
  for (const auto& to : addresses) {
    const std::string key = to + "." + std::to_string(++count[to]);
    REQUIRE(line.add({.key = key, .contact = {}, .to = to}));
  }
}

}  // namespace

TEST_CASE("whoever was written to a moment ago lets the others pass") {
  const auto [addresses, expected] = GENERATE(table<std::vector<std::string>, std::string>({
      {std::vector<std::string>(), ""},
      {{"1", "2", "3"}, "1.1@0 2.1@0 3.1@0 "},
      {{"1", "1", "2"}, "1.1@0 2.1@0 1.2@1000 "},
      {{"1", "1", "1", "2", "2"}, "1.1@0 2.1@0 1.2@1000 2.2@1000 1.3@2000 "},
      {{"-9", "1", "-9", "1", "-9"}, "-9.1@0 1.1@0 1.2@1000 -9.2@3000 -9.3@6000 "},
  }));
  WaitingLine line;
  line.use(gap_to);
  fill(line, addresses);
  CHECK(departures(line) == expected);
}

TEST_CASE("without a gap all go in the order of their arrival") {
  WaitingLine line;
  fill(line, {"1", "1", "-9", "1", "-9"});
  CHECK(departures(line) == "1.1@0 1.2@0 -9.1@0 1.3@0 -9.2@0 ");
}

TEST_CASE("what waited for its address goes before what came later") {
  WaitingLine line;
  line.use(gap_to);
  fill(line, {"1", "1"});
  line.front(start);
  line.pop(start);
  CHECK(line.front(start + 999ms) == nullptr);
  CHECK(line.next() == start + 1s);
  fill(line, {"2"});
  REQUIRE(line.front(start + 1s) != nullptr);
  CHECK(line.pop(start + 1s).key == "1.2");
  CHECK(line.front(start + 1s)->key == "2.1");
  CHECK(line.next() == std::nullopt);
}

TEST_CASE("a claim that comes back does not hold up its address") {
  WaitingLine line;
  line.use(gap_to);
  fill(line, {"1", "1", "1"});
  line.front(start);
  line.pop(start);
  CHECK(line.front(start) == nullptr);
  line.give_back("1", start);
  REQUIRE(line.front(start) != nullptr);
  CHECK(line.pop(start).key == "1.2");
  SECTION("but one that is long over says nothing about the next") {
    CHECK(line.front(start + 1s) != nullptr);
    line.pop(start + 1s);
    line.give_back("1", start);
    fill(line, {"2"});
    CHECK(line.front(start + 1s)->key == "2.1");
  }
  SECTION("nor does one to an address that nobody knows") {
    line.give_back("7", start);
    CHECK(line.front(start) == nullptr);
  }
}

TEST_CASE("a delivery waits once") {
  WaitingLine line;
  line.use(gap_to);
  CHECK(line.add({.key = "a", .contact = {}, .to = "1"}));
  CHECK_FALSE(line.add({.key = "a", .contact = {}, .to = "1"}));
  CHECK(line.size() == 1);
  line.front(start);
  line.pop(start);
  CHECK(line.empty());
  CHECK(line.add({.key = "a", .contact = {}, .to = "1"}));
}

TEST_CASE("all that waits can be taken out, and the line goes on") {
  WaitingLine line;
  line.use(gap_to);
  fill(line, {"1", "1", "2"});
  line.front(start);
  line.pop(start);
  while (line.front(start) != nullptr && line.front(start)->to != "2") line.pop(start);
  CHECK(line.clear().size() == 2);
  CHECK(line.empty());
  CHECK(line.next() == std::nullopt);
  fill(line, {"1"});
  CHECK(line.front(start)->key == "1.1");
}

TEST_CASE("a clock that was set back makes nobody wait") {
  WaitingLine line;
  line.use(gap_to);
  fill(line, {"1", "1", "2"});
  while (line.front(start) != nullptr) line.pop(start);
  REQUIRE(line.size() == 1);
  REQUIRE(line.front(start - 1h) != nullptr);
  CHECK(line.pop(start - 1h).key == "1.2");
}

TEST_CASE("over any traffic the gaps are kept, nothing is lost, and nobody waits without reason") {
  base::Random random(GENERATE(range<std::uint64_t>(0, 50)));
  WaitingLine line;
  line.use(gap_to);
  std::map<std::string, base::Instant> last;
  base::Instant now = start;
  int added = 0;
  int gone = 0;
  for (int i = 0; i < 400; ++i) {
    now += base::Milliseconds{static_cast<std::int64_t>(random.below(400))};
    for (std::uint64_t n = random.below(4); n > 0; --n) {
      const std::string to = (random.below(3) == 0 ? "-" : "") + std::to_string(random.below(5));
      line.add({.key = std::to_string(added++), .contact = {}, .to = to});
    }
    while (line.front(now) != nullptr && random.below(10) != 0) {
      const WaitingDelivery delivery = line.pop(now);
      const auto before = last.find(delivery.to);
      if (before != last.end()) CHECK(now - before->second >= gap_to(delivery.to));
      last[delivery.to] = now;
      ++gone;
    }
    if (line.front(now) == nullptr && !line.empty()) {
      REQUIRE(line.next().has_value());
      CHECK(*line.next() > now);
      CHECK(*line.next() <= now + 3s);
    }
  }
  CHECK(static_cast<std::size_t>(added - gone) == line.size());
}
