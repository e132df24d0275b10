#include "daemon/population.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/digest.h"
#include "daemon/rendering.h"

namespace nurtured::daemon {
namespace {

using base::Milliseconds;
using config::Weighted;

constexpr std::string_view name_prefix = "person-";
constexpr std::string_view domain = "@people.example";  // reserved: RFC 2606
constexpr std::size_t first_account = 1'000'000'000;    // addresses on all other channels
// Of one person and one event. Nobody does more; a slip of the habits must not fill the memory.
constexpr std::size_t events_each_max = 10'000;
// Events that follow one from another, so that a circle of them ends.
constexpr std::size_t depth_max = 8;
// Nobody reacts before the message is there and read: what is faster counts as a program's.
constexpr Milliseconds reaction_min = std::chrono::minutes{1};
// What would happen in the night happens in the hours after it.
constexpr Milliseconds morning = std::chrono::hours{3};
constexpr Milliseconds week = std::chrono::days{7};
constexpr std::size_t untiring = 3;  // messages in a week
// However lively: nobody does anything about every message.
constexpr double chance_max = 0.95;

bool draws(base::Random& random, double percent) {
  return random.unit() * 100 < percent;
}

// With that mean; exponential, so that nothing is known of the next by the last.
Milliseconds drawn_gap(base::Random& random, Milliseconds mean) {
  const double factor = -std::log(1 - random.unit());
  return Milliseconds{static_cast<std::int64_t>(factor * static_cast<double>(mean.count()))};
}

Milliseconds drawn_within(base::Random& random, Milliseconds span) {
  return Milliseconds{static_cast<std::int64_t>(random.unit() * static_cast<double>(span.count()))};
}

const std::string& drawn_of(const std::vector<Weighted>& choices, base::Random& random) {
  double total = 0;
  for (const Weighted& choice : choices) total += choice.weight;
  double rest = random.unit() * total;
  for (const Weighted& choice : choices) {
    rest -= choice.weight;
    if (rest < 0) return choice.value;
  }
  return choices.back().value;
}

// The mean is 1, and one in six is above `variety` times the median.
double drawn_liveliness(base::Random& random, double variety) {
  double normal = -6;  // the sum of twelve has the variance 1
  for (int i = 0; i < 12; ++i) normal += random.unit();
  const double spread = std::log(variety);
  return std::exp(normal * spread - spread * spread / 2);
}

// The question that the message puts; nullptr where it puts none.
const rules::Ask* question_of(const rules::Book& book, const rules::Delivery& delivery) {
  const rules::Playbook* playbook = book.playbook(delivery.playbook, delivery.version);
  const rules::StepIndex step =
      playbook == nullptr ? rules::no_step : playbook->find_step(delivery.step);
  if (step == rules::no_step) return nullptr;
  return std::get_if<rules::Ask>(&playbook->steps[step].action);
}

std::string answer_text(const rules::Ask* question) {
  const bool is_number = question != nullptr && (question->type == rules::AnswerType::integer ||
                                                 question->type == rules::AnswerType::decimal);
  return is_number ? "10" : "Yes";
}

class NotedLinks final : public content::Links {
 public:
  std::string rewrite(std::string_view link_id, std::string_view url) const override {
    noted.emplace_back(link_id, url);
    return std::string(url);
  }
  mutable std::vector<std::pair<std::string, std::string>> noted;
};

}  // namespace

std::string person_name(std::size_t person) {
  return std::string(name_prefix) + std::to_string(person);
}

std::size_t person_number(std::string_view name) {
  if (!name.starts_with(name_prefix)) return 0;
  name.remove_prefix(name_prefix.size());
  std::size_t number = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
  return fault == std::errc() && end == name.data() + name.size() ? number : 0;
}

Population::Population(std::shared_ptr<const config::Config> config, config::Habits habits,
                       PopulationOptions options, Later later)
    : config_(std::move(config)),
      habits_(std::move(habits)),
      options_(options),
      later_(std::move(later)),
      seed_(std::to_string(options.seed)),
      people_(options.people) {}

base::Random Population::random_for(std::size_t person, std::string_view what,
                                    std::uint64_t nth) const {
  std::string text = seed_;
  ((text += '/') += std::to_string(person)) += '/';
  ((text += what) += '/') += std::to_string(nth);
  const base::Sha256 digest = base::sha256(text);
  std::uint64_t seed = 0;
  for (std::size_t i = 0; i < sizeof seed; ++i) seed = seed << 8U | digest[i];
  return base::Random(seed);
}

void Population::begin() {
  for (std::size_t i = 0; i < options_.people; ++i) come_in(options_.first + i);
}

void Population::come_in(std::size_t person) {
  base::Random random = random_for(person, "who");
  const config::PeopleHabits& habits = habits_.people;
  const rules::Book& book = *config_->book;
  Person& self = at(person);
  self.liveliness = drawn_liveliness(random, habits_.reactions.variety);
  EventInput input{.who = {.user_id = person_name(person)},
                   .event = {.name = "contact.identified", .properties = cel::Map{}},
                   .message_id = {}};
  rules::ContactChange& change = input.event.change;
  if (!habits.timezones.empty()) change.timezone = drawn_of(habits.timezones, random);
  if (!habits.locales.empty()) change.locale = drawn_of(habits.locales, random);
  self.zone = book.zone(change.timezone.value_or(""));
  Instant joined = options_.from + drawn_within(random, habits.join_over.nominal());
  joined = when_awake(person, joined, random);
  for (const auto& [channel, settings] : book.settings().channels) {
    const auto share = habits.channels.find(channel);
    const bool has =
        draws(random, share == habits.channels.end() ? habits.channel_percent : share->second);
    const bool is_dead = draws(random, habits.dead_addresses);
    if (!has) continue;
    const rules::Address address{channel, channel == "email"
                                              ? person_name(person) + std::string(domain)
                                              : std::to_string(first_account + person)};
    if (is_dead) dead_.insert(rules::to_key(address));
    change.addresses.emplace_back(address.channel, address.value);
    change.consents.push_back({.channel = channel, .given = true, .source = "form"});
  }
  for (const auto& attribute : habits.attributes) {
    change.attributes.emplace_back(attribute.name,
                                   value_of(attribute, nullptr, person, joined, random));
  }
  input.event.occurred_at = joined;
  if (joined <= options_.until) later_(joined, std::move(input));
  live(person, joined);
}

void Population::live(std::size_t person, Instant since) {
  for (const auto& [event, habit] : habits_.events) {
    if (!habit.every) continue;
    base::Random random = random_for(person, event);
    const auto mean =
        std::chrono::duration_cast<Milliseconds>(std::chrono::duration<double, std::milli>(
            static_cast<double>(habit.every->count()) / at(person).liveliness));
    Instant moment = since;
    for (std::size_t n = 0; n < events_each_max; ++n) {
      moment += drawn_gap(random, mean);
      if (moment > options_.until) break;
      happen(person, event, when_awake(person, moment, random), random, 0);
    }
  }
}

void Population::happen(std::size_t person, const std::string& event, Instant at,
                        base::Random& random, std::size_t depth) {
  if (at > options_.until || depth > depth_max) return;
  cel::Map properties;
  if (const auto habit = habits_.events.find(event); habit != habits_.events.end()) {
    const auto& shapes = config_->book->settings().events;
    const auto shape = shapes.find(event);
    for (const auto& property : habit->second.properties) {
      const cel::Type* type = nullptr;
      if (shape != shapes.end()) {
        const auto& declared = shape->second.properties;
        const auto field =
            std::ranges::find(declared, property.name, &cel::ObjectFields::Field::name);
        if (field != declared.end()) type = &field->type;
      }
      properties.set(property.name, value_of(property, type, person, at, random));
    }
  }
  EventInput input{.who = {.user_id = person_name(person)},
                   .event = {.name = event,
                             .properties = rules::typed_texts(config_->book->settings().events,
                                                              event, std::move(properties)),
                             .occurred_at = at},
                   .message_id = {}};
  later_(at, std::move(input));
  follow(person, event, {}, at, random, depth + 1);
}

void Population::follow(std::size_t person, std::string_view cause, std::string_view message,
                        Instant at, base::Random& random, std::size_t depth) {
  for (const auto& [event, habit] : habits_.events) {
    for (const config::Cause& its : habit.follows) {
      if (its.event != cause || (!its.message.empty() && its.message != message)) continue;
      if (!draws(random, its.percent)) continue;
      const Instant moment =
          at + std::max(reaction_min, drawn_within(random, habit.within.nominal()));
      happen(person, event, when_awake(person, moment, random), random, depth);
    }
  }
}

cel::Value Population::value_of(const config::PropertyHabit& property, const cel::Type* type,
                                std::size_t person, Instant at, base::Random& random) {
  std::string text = drawn_of(property.values, random);
  if (type != nullptr && type->is(cel::Kind::timestamp) && text.starts_with('+')) {
    if (const auto span = rules::parse_span(std::string_view(text).substr(1))) {
      return rules::add(at, *span, this->at(person).zone);
    }
  }
  if (const std::size_t mark = text.find('#'); mark != std::string::npos) {
    text.replace(mark, 1,
                 std::to_string(person) + "." + std::to_string(++this->at(person).numbers));
  }
  return text;
}

Instant Population::when_awake(std::size_t person, Instant at, base::Random& random) const {
  const Instant open = rules::next_open(habits_.people.asleep, at, this->at(person).zone);
  return open == at ? at : open + drawn_within(random, morning);
}

rules::Outcome Population::outcome(const rules::Delivery& delivery) const {
  rules::Outcome outcome{.delivery = delivery.key};
  if (dead_.contains(rules::to_key(delivery.to))) {
    outcome.kind = rules::OutcomeKind::refused_address;
    outcome.reason = "nobody has this address";
  }
  return outcome;
}

// How much more likely this message is to make them leave than one alone.
double Population::weariness(Person& person, rules::Kind kind, Instant now) const {
  if (!rules::is_marketing(kind)) return 1;
  std::erase_if(person.lately, [&](Instant then) { return now - then >= week; });
  person.lately.push_back(now);
  const std::size_t many = person.lately.size();
  if (many <= untiring) return 1;
  return std::pow(habits_.reactions.tiring, static_cast<double>(many - untiring));
}

void Population::react(const DeliveryNotice& notice, Instant now) {
  const std::size_t person = person_number(notice.contact);
  if (person < options_.first || person - options_.first >= people_.size()) return;
  const rules::Delivery& delivery = notice.delivery;
  Person& self = at(person);
  base::Random random =
      random_for(person, "letter/" + delivery.message, self.letters_got[delivery.message]++);
  const Letter& its = letter(delivery.message, delivery.kind);
  const config::Reactions& usual = its.reactions;
  const double weary = weariness(self, delivery.kind, now);
  const auto tell = [&](Instant when, rules::Input input) {
    if (when > options_.until) return;
    later_(when, ContactInput{.contact = delivery.contact, .input = std::move(input)});
  };
  Instant when = when_awake(
      person, now + std::max(reaction_min, drawn_gap(random, habits_.reactions.after)), random);
  // Drawn in any case, so that one does not depend on whether another is asked for.
  const double read = random.unit();
  const double left = random.unit() * 100;
  const double answered = random.unit();
  const auto chance = [&](double percent) {
    return std::min(chance_max, percent / 100 * self.liveliness);
  };
  const bool clicks = !its.links.empty() && read < chance(usual.clicks);
  if (clicks || read < chance(usual.opens)) {
    tell(when, rules::Visit{.kind = rules::VisitKind::open, .delivery = delivery.key});
    follow(person, "message.opened", delivery.message, when, random, 0);
  }
  if (clicks) {
    when += reaction_min;
    const Link& link = its.links[random.below(its.links.size())];
    tell(when, rules::Visit{.kind = rules::VisitKind::click,
                            .delivery = delivery.key,
                            .link = link.id,
                            .url = link.url});
    follow(person, "link.clicked", delivery.message, when, random, 0);
  }
  const rules::Ask* question = question_of(*config_->book, delivery);
  const bool is_question = question != nullptr;
  if (answered < chance(is_question ? usual.answers : usual.replies)) {
    when += reaction_min;
    rules::Feedback reply{.delivery = delivery.key, .kind = rules::FeedbackKind::replied};
    reply.text = notice.choices.empty() ? answer_text(question)
                                        : notice.choices[random.below(notice.choices.size())].text;
    tell(when, std::move(reply));
    follow(person, "message.replied", delivery.message, when, random, 0);
  }
  if (!rules::is_marketing(delivery.kind)) return;
  const bool complains = left < usual.complains * weary;
  if (!complains && left >= (usual.complains + usual.unsubscribes) * weary) return;
  tell(when + reaction_min,
       rules::Suppress{.scope = rules::SuppressionScope::marketing,
                       .reason = std::string(complains ? rules::complained : rules::unsubscribed),
                       .channel = delivery.to.channel,
                       .delivery = delivery.key});
}

const Population::Letter& Population::letter(const std::string& message, rules::Kind kind) {
  const auto known = letters_.find(message);
  if (known != letters_.end()) return known->second;
  const config::ReactionHabits& habits = habits_.reactions;
  Letter made{.reactions = habits.usual, .links = links_in(message)};
  const auto of_kind = habits.kinds.find(kind);
  if (of_kind != habits.kinds.end()) made.reactions = of_kind->second;
  const auto of_message = habits.messages.find(message);
  if (of_message != habits.messages.end()) made.reactions = of_message->second;
  return letters_.emplace(message, std::move(made)).first->second;
}

// Those that a reader of no particular kind is shown. Where the text asks for what such a one does
// not have, the buttons alone, whose names need no rendering.
std::vector<Population::Link> Population::links_in(const std::string& message) const {
  std::vector<Link> links;
  const auto found = config_->messages.find(message);
  if (found == config_->messages.end()) return links;
  const cel::Value data(cel::Map{{"contact", cel::Map{}},
                                 {"event", cel::Map{}},
                                 {"enrollment", cel::Map{}},
                                 {"vars", config_->book->settings().vars}});
  const NotedLinks noted;
  const auto rendered = content::render(
      found->second, content::Format::plain,
      {.variables = &data, .channel = {}, .now = options_.from, .zone = "UTC", .locale = "en"},
      noted);
  if (rendered) {
    for (const auto& [id, url] : noted.noted) links.push_back({id, url});
    return links;
  }
  constexpr std::string_view before = "buttons.";
  constexpr std::string_view after = ".url";
  for (const auto& [piece, usage] : found->second.usage()) {
    if (!piece.starts_with(before) || !piece.ends_with(after)) continue;
    links.push_back({piece.substr(before.size(), piece.size() - before.size() - after.size()), {}});
  }
  return links;
}

}  // namespace nurtured::daemon
