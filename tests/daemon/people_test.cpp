// People whom the simulator makes itself, and what is told of them.
#include "config/compile.h"
#include "config/zones.h"
#include "connectors/registry.h"
#include "daemon/people_report.h"
#include "daemon/population.h"
#include "rules/cel/json.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

// The workspace that the program carries inside.
std::shared_ptr<const config::Config> workspace() {
  config::Workspace workspace{.files = config::preset_workspace(config::default_preset)};
  std::erase_if(workspace.files,
                [](const config::File& file) { return file.path.starts_with("schema/"); });
  const auto zones = config::system_zones();
  REQUIRE(zones);
  auto compiled = config::compile(
      workspace, {.connector_types = connectors::connector_types(), .zones = *zones});
  REQUIRE(compiled.config != nullptr);
  return compiled.config;
}

const Instant from = *base::parse_instant("2026-01-05T00:00:00Z");

PeopleFigures figures_of(std::size_t people, std::uint64_t seed) {
  const auto config = workspace();
  auto figures = simulate_people(config, config::default_habits(*config->book),
                                 {.people = people, .days = 90, .from = from, .seed = seed});
  REQUIRE(figures);
  return *std::move(figures);
}

// What one of `people` does of themselves, a line each.
std::string life_of(std::size_t person, std::size_t people) {
  const auto config = workspace();
  std::string life;
  Population population(
      config, config::default_habits(*config->book),
      {.people = people, .from = from, .until = from + std::chrono::days{200}, .seed = 3},
      [&](Instant at, EngineInput input) {
        const auto& event = std::get<EventInput>(input);
        if (event.who.user_id != person_name(person)) return;
        life += base::to_rfc3339(at) + " " + event.event.name + " " +
                cel::to_json(event.event.properties) + "\n";
      });
  population.begin();
  return life;
}

}  // namespace

TEST_CASE("the same seed gives the same report, another one another") {
  const std::string once = people_json(figures_of(300, 7));
  CHECK(people_json(figures_of(300, 7)) == once);
  CHECK(people_json(figures_of(300, 8)) != once);
  CHECK(people_html(figures_of(300, 7)) == people_html(figures_of(300, 7)));
}

TEST_CASE("a person is the same however many there are") {
  const std::string life = life_of(17, 20);
  CHECK(life.find("contact.identified") != std::string::npos);
  CHECK(life.find("checklist.downloaded") != std::string::npos);
  CHECK(life_of(17, 600) == life);
  CHECK(life_of(18, 20) != life);
}

TEST_CASE("every enrollment and every message is counted once") {
  const PeopleFigures figures = figures_of(700, 1);
  std::int64_t by_day = 0;
  std::int64_t by_kind = 0;
  for (const auto& day : figures.days) by_day += sum_of(day);
  for (const auto& kind : figures.kinds) by_kind += kind.sent;
  CHECK(by_day == by_kind);
  CHECK(by_kind > 500);
  CHECK(figures.joined == 700);
  REQUIRE(figures.playbooks.size() == 1);
  const PlaybookFigures& playbook = figures.playbooks[0];
  CHECK(playbook.started > 300);
  CHECK(playbook.started ==
        playbook.goal + playbook.finished + playbook.stopped + playbook.under_way);
  std::int64_t ended = 0;
  for (const auto& step : playbook.steps) {
    CHECK(step.went_on() >= 0);
    ended += step.goal + step.finished + step.stopped + step.there;
  }
  CHECK(ended == playbook.started);
  CHECK(figures.opened > figures.clicked);
  CHECK(figures.clicked > 0);
  CHECK(playbook.goal + playbook.conversions > 0);
}

TEST_CASE("the page loads nothing, runs nothing and shows hostile names as they are") {
  PeopleFigures figures = figures_of(50, 1);
  const std::string hostile = "</title><script>alert('x')</script>";
  figures.playbooks[0].id = hostile;
  figures.playbooks[0].title = hostile;
  figures.playbooks[0].steps[0].id = hostile;
  figures.left_after[hostile] = 3;
  figures.unsubscribed = 3;
  figures.collisions[{hostile, hostile}].times = 2;
  const std::string page = people_html(figures);
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("default-src 'none'") != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("http://") == std::string::npos);
  CHECK(page.find("https://") == std::string::npos);
  CHECK(page.find("&lt;script&gt;") != std::string::npos);
  CHECK(cel::from_json(people_json(figures)));
}

TEST_CASE("what kept offers is told in words") {
  PeopleFigures figures;
  figures.joined = figures.people = 100;
  figures.touches_before_offer = 7;
  auto& offers = figures.kinds[static_cast<std::size_t>(rules::Kind::offer)];
  offers.sent = 1;
  offers.held = 1;
  offers.waited.add(std::chrono::days{12});
  offers.holds[rules::Reason::touches].add(std::chrono::days{9});
  offers.holds[rules::Reason::cap].add(std::chrono::days{3});
  figures.first_offer.add(std::chrono::days{20});
  std::string words;
  for (const auto& sentence : in_words(figures)) words += sentence + "\n";
  CHECK(words.find("Offers that had to wait waited 12.0 days on average, mostly because fewer than "
                   "7 touches had been counted (75% of the waiting).") != std::string::npos);
  CHECK(words.find("99% of the people never got one") != std::string::npos);
}

TEST_CASE("a share of durations is found without a sum of them") {
  Durations durations;
  CHECK(durations.mean() == 0);
  CHECK(durations.quantile(0.5) == 0);
  for (int days = 10; days > 0; --days) durations.add(std::chrono::days{days});
  CHECK(durations.mean() == Approx(5.5));
  CHECK(durations.quantile(0.5) == 5);
  CHECK(durations.quantile(0.9) == 9);
  CHECK(durations.quantile(0) == 1);
  CHECK(durations.quantile(1) == 10);
}

TEST_CASE("who leaves one channel after another, or complains too, is one person") {
  const auto config = workspace();
  PeopleObserver observer(*config->book, 1, 2, from, from + std::chrono::days{7});
  const auto leave = [&](std::size_t person, std::string_view how) {
    SimulatedLine line;
    line.contact = person_name(person);
    line.decision.at = from;
    line.decision.action = "suppress";
    line.decision.detail = how;
    observer.see(line);
  };
  for (int channel = 0; channel < 3; ++channel) leave(1, rules::unsubscribed);
  for (int channel = 0; channel < 2; ++channel) leave(1, rules::complained);
  leave(2, rules::complained);
  const PeopleFigures figures = observer.finish();
  CHECK(figures.unsubscribed == 1);
  CHECK(figures.complained == 2);
  CHECK(figures.left_after == std::map<std::string, std::int64_t>{{"", 2}});
  CHECK(figures.left_after_week_of[0] == 2);
}

TEST_CASE("few messages a week are told as few, and none as none") {
  const auto [messages, words] = GENERATE(table<std::int64_t, std::string>(
      {{0, "0.0 a week"}, {1, "under 0.1 a week"}, {9, "under 0.1 a week"}, {10, "0.1 a week"}}));
  PeopleFigures figures;
  figures.joined = figures.people = 100;
  figures.weeks[0] = 100 - messages;
  figures.weeks[1] = messages;
  CHECK(people_text(figures).find(": " + words + " each on average") != std::string::npos);
}
