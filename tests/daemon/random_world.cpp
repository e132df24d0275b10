#include "tests/daemon/random_world.h"

#include <algorithm>

#include "config/zones.h"
#include "rules/scope.h"

namespace nurtured::tests {
namespace {

using namespace nurtured::rules;

// What a question shows, whoever reads it.
class PlainText final : public Text {
 public:
  explicit PlainText(std::string text) : text_(std::move(text)) {}
  base::Result<std::string> render(const cel::Value&) const override { return text_; }
  std::string_view source() const override { return text_; }

 private:
  std::string text_;
};

daemon::EventInput event_of(const std::string& contact, const std::string& name, base::Instant at) {
  daemon::EventInput input;
  input.who.user_id = contact;
  input.event = {.name = name, .properties = cel::Map{}, .occurred_at = at, .received_at = at};
  return input;
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  RandomWorld make() {
    RandomWorld world;
    Settings settings = make_settings();
    auto messages = make_messages();
    if (chance(2)) {
      settings.fill = Fill{"evergreen", {.days = static_cast<std::int32_t>(random_.below(3))}};
      for (int i = 0; i < 6; ++i) {
        messages.push_back({.name = "fill" + std::to_string(i),
                            .kind = i % 3 == 2 ? Kind::engagement : Kind::value});
        settings.series["evergreen"].push_back(messages.back().name);
      }
    }
    std::vector<Touchpoint> touchpoints = {
        {.event = "e0", .count_every = {.days = 1}},
        {.event = "e1", .count_every = {.exact = std::chrono::hours{1}}},
    };
    std::vector<std::shared_ptr<const Playbook>> playbooks;
    for (int i = 0; i < 7; ++i) playbooks.push_back(make_playbook(i));
    auto config = std::make_shared<config::Config>();
    config->book = std::make_shared<const Book>(rules::BookParts{.settings = settings,
                                                                 .zones = *config::system_zones(),
                                                                 .messages = messages,
                                                                 .touchpoints = touchpoints,
                                                                 .segments = make_segments(),
                                                                 .current = playbooks});
    world.config = config;
    add_people(world, random_);
    add_history(world, random_);
    return world;
  }

 private:
  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

  Settings make_settings() {
    Settings settings;
    settings.mix.offer = static_cast<int>(random_.below(4)) * 10;
    settings.mix.engagement = static_cast<int>(random_.below(4)) * 10;
    settings.mix.value = 100 - settings.mix.offer - settings.mix.engagement;
    settings.mix.window = 2 + random_.below(12);
    settings.touches_before_offer = static_cast<int>(random_.below(8));
    settings.limits.per_day = 1 + static_cast<int>(random_.below(3));
    settings.limits.per_week = 1 + static_cast<int>(random_.below(10));
    settings.limits.min_gap = {.exact = std::chrono::hours{random_.below(14)}};
    if (chance(3)) settings.limits.quiet = {{}, {}};
    if (chance(2)) settings.handoff_on_message = Span{.exact = std::chrono::hours{36}};
    settings.channels = {{"email", {"smtp", true}}, {"telegram", {"bot", true}}};
    settings.default_via = {"email", "telegram"};
    return settings;
  }

  std::vector<MessageInfo> make_messages() {
    std::vector<MessageInfo> messages;
    for (int i = 0; i < 12; ++i) {
      const auto drawn = random_.below(12);
      const Kind kind = drawn < 4   ? Kind::value
                        : drawn < 6 ? Kind::engagement
                        : drawn < 9 ? Kind::offer
                                    : static_cast<Kind>(drawn - 6);
      messages.push_back({.name = "m" + std::to_string(i), .kind = kind});
    }
    return messages;
  }

  // A loop of one step: the step after it leads back.
  std::optional<Step> make_loop(StepIndex index, StepIndex last) {
    if (index + 1 > last) return std::nullopt;
    return Step{.id = "s" + std::to_string(index),
                .action = Repeat{.times = 1 + static_cast<std::uint32_t>(random_.below(3)),
                                 .condition = {},
                                 .body = index + 1},
                .next = index + 2 <= last ? index + 2 : no_step};
  }

  Step make_step(StepIndex index, StepIndex last, StepIndex next) {
    Step step{.id = "s" + std::to_string(index), .next = next};
    switch (random_.below(12)) {
      case 0:
        step.action = Wait{.span = {.days = static_cast<std::int32_t>(random_.below(4)),
                                    .exact = std::chrono::minutes{random_.below(600)}}};
        break;
      case 1:
        step.action =
            WaitFor{.events = {event_name()},
                    .within = Span{.days = 1 + static_cast<std::int32_t>(random_.below(3))},
                    .then = next,
                    .otherwise = next};
        break;
      case 2:
        step.action = Tag{{"t" + std::to_string(random_.below(3))}, chance(3)};
        break;
      case 3: {
        Ask ask{.send = {.message = "m" + std::to_string(random_.below(12))},
                .within = Span{.days = 1 + static_cast<std::int32_t>(random_.below(3))},
                .otherwise = next,
                .save = "answer",
                .again = std::make_shared<PlainText>("Again, please.")};
        if (chance(2)) {
          for (const char* id : {"0", "1"}) {
            ask.choices.push_back({id, std::make_shared<PlainText>(id)});
          }
        }
        step.action = std::move(ask);
        break;
      }
      case 5:
        step.action = Split{{{"left", 1 + static_cast<std::uint32_t>(random_.below(3)), next},
                             {"right", 1, last == index ? next : last}}};
        break;
      case 6:
        step.action = Enroll{.playbook = "p" + std::to_string(random_.below(7))};
        break;
      case 7:
        step.action = Leave{"p" + std::to_string(random_.below(7))};
        break;
      case 4: {
        HandOff handoff;
        if (!chance(4)) handoff.pause = Span{.days = static_cast<std::int32_t>(random_.below(4))};
        step.action = std::move(handoff);
        break;
      }
      default: {
        Send send{.message = "m" + std::to_string(random_.below(12))};
        if (chance(3)) send.via = {"telegram", "email"};
        if (chance(6)) {
          send.via = {"telegram", "email"};
          send.via_all = true;
        }
        if (chance(4)) send.hold = {.days = 1 + static_cast<std::int32_t>(random_.below(9))};
        send.go_on_while_held = chance(3);
        step.action = std::move(send);
      }
    }
    return step;
  }

  static Expression expression(const std::string& source, bool watches_clock = false) {
    return {*cel::compile(source, condition_environment({}, {}, {.watches_clock = watches_clock})),
            source,
            {}};
  }

  std::string segment_name() { return "g" + std::to_string(random_.below(5)); }

  static std::vector<Segment> make_segments() {
    std::vector<Segment> segments;
    for (const char* condition :
         {"times('e0', '3d') >= 2", "did('e1') && !did('e1', '5d')",
          "did('e2') && last('e2') < now - duration('60h')",
          "touches('2d') > 2 || in_segment('g0')", "'t0' in contact.tags"}) {
      segments.push_back({"g" + std::to_string(segments.size()), expression(condition, true)});
    }
    return segments;
  }

  std::string event_name() { return "e" + std::to_string(random_.below(5)); }

  std::shared_ptr<const Playbook> make_playbook(int number) {
    auto playbook = std::make_shared<Playbook>();
    playbook->id = "p" + std::to_string(number);
    playbook->version = "v1";
    playbook->priority = static_cast<int>(random_.below(101));
    playbook->starts.push_back({.event = event_name()});
    if (chance(2)) playbook->starts.push_back({.event = event_name()});
    playbook->again.mode = chance(3) ? AgainMode::never : AgainMode::always;
    playbook->meanwhile = chance(3) ? Meanwhile::restart : Meanwhile::ignore;
    if (chance(3)) playbook->goal = Goal{.event = event_name(), .within = Span{.days = 20}};
    if (chance(4)) playbook->stops.push_back({.event = event_name()});
    const auto last = static_cast<StepIndex>(1 + random_.below(7));
    if (chance(3)) {
      playbook->starts.push_back({.event = chance(3) ? "segment.left" : "segment.entered",
                                  .condition = {},
                                  .segment = segment_name()});
    }
    if (chance(4)) {
      playbook->timed_starts.push_back(
          {.when =
               ScheduleStart{
                   segment_name(), *parse_cron(chance(2) ? "0 10 * * TUE" : "30 2 */5 * *"), {}},
           .condition = {}});
    }
    if (chance(5)) {
      playbook->timed_starts.push_back(
          {.when = DateStart{.date = expression("contact.birthday"),
                             .offset = {.days = static_cast<std::int32_t>(random_.below(3))},
                             .is_before = chance(2),
                             .at = {},
                             .every_year = true},
           .condition = {}});
    }
    std::optional<StepIndex> loop;
    for (StepIndex i = 0; i <= last; ++i) {
      const StepIndex next = loop ? *loop : i + 1 <= last ? i + 1 : no_step;
      auto made = !loop && chance(8) ? make_loop(i, last) : std::nullopt;
      loop = made ? std::optional(i) : std::nullopt;
      playbook->steps.push_back(made ? *std::move(made) : make_step(i, last, next));
    }
    return playbook;
  }

  base::Random random_;
};

}  // namespace

void add_people(RandomWorld& world, base::Random& random) {
  const std::vector<std::string> zones = {"Europe/Moscow", "Australia/Lord_Howe",
                                          "America/New_York", "UTC"};
  const base::Instant start = *base::parse_instant("2026-03-01T00:00:00Z");
  const std::string shared_zone = zones[random.below(zones.size())];
  for (int i = 0; i < 5; ++i) {
    const std::string name = "u" + std::to_string(i);
    // The first two share a mailbox, and a clock to count its days by.
    world.zones[name] = i < 2 ? shared_zone : zones[random.below(zones.size())];
    auto input = event_of(name, "contact.identified", start);
    input.event.change.timezone = world.zones[name];
    input.event.change.addresses.emplace_back("email", (i < 2 ? "shared" : name) + "@example.org");
    input.event.change.attributes.emplace_back("birthday",
                                               "1990-03-" + std::to_string(10 + random.below(20)));
    if (random.below(2) == 0)
      input.event.change.addresses.emplace_back("telegram", std::to_string(1000 + i));
    world.events.push_back(std::move(input));
  }
}

void add_history(RandomWorld& world, base::Random& random) {
  const base::Instant start = *base::parse_instant("2026-03-01T00:00:00Z");
  world.until = start + std::chrono::hours{24 * 75};
  std::vector<daemon::EventInput> events;
  const std::size_t moments = 40 + random.below(80);
  for (std::size_t i = 0; i < moments; ++i) {
    const base::Instant at = start + std::chrono::minutes{random.below(60 * 24 * 70)};
    for (std::size_t n = 1 + random.below(4); n > 0; --n) {
      const std::string contact = "u" + std::to_string(random.below(5));
      if (random.below(8) == 0) {
        auto said = event_of(contact, "message.replied", at);
        said.event.properties =
            cel::Map{{"channel", "email"}, {"text", std::to_string(random.below(4))}};
        events.push_back(std::move(said));
      } else {
        events.push_back(event_of(contact, "e" + std::to_string(random.below(5)), at));
      }
    }
  }
  std::ranges::stable_sort(events, {}, [](const auto& input) { return input.event.occurred_at; });
  world.events.insert(world.events.end(), events.begin(), events.end());
}

RandomWorld random_world(std::uint64_t seed) {
  return Maker(seed).make();
}

}  // namespace nurtured::tests
