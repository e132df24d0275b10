#include "daemon/people_figures.h"

#include <algorithm>
#include <cmath>

#include "daemon/population.h"
#include "store/memory_store.h"

namespace nurtured::daemon {
namespace {

using rules::Decision;
using rules::Kind;
using rules::Reason;

constexpr base::Milliseconds day = std::chrono::days{1};
constexpr base::Milliseconds week = std::chrono::days{7};
// So few that all that is known of them stays in a processor's cache; nobody of one group meets
// anybody of another, since no two share an address.
constexpr std::size_t group_people = 250;

template <class Map>
void add_each(Map& sums, const Map& others) {
  for (const auto& [key, value] : others) sums[key] += value;
}

template <class Numbers>
void add_places(Numbers& sums, const Numbers& others) {
  for (std::size_t i = 0; i < others.size(); ++i) sums[i] += others[i];
}

template <class Numbers>
auto& place_or_last(Numbers& numbers, std::size_t place) {
  return numbers[std::min(place, numbers.size() - 1)];
}

}  // namespace

void Durations::add(base::Milliseconds took) {
  days.push_back(
      static_cast<float>(static_cast<double>(took.count()) / static_cast<double>(day.count())));
}

void Durations::add(const Durations& others) {
  days.insert(days.end(), others.days.begin(), others.days.end());
}

double Durations::total() const {
  double sum = 0;
  for (const float each : days) sum += static_cast<double>(each);
  return sum;
}

double Durations::mean() const {
  return days.empty() ? 0 : total() / static_cast<double>(days.size());
}

double Durations::quantile(double share) const {
  if (days.empty()) return 0;
  std::vector<float> sorted = days;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(rank == 0 ? 0 : rank - 1);
  std::nth_element(sorted.begin(), place, sorted.end());
  return static_cast<double>(*place);
}

void PeopleFigures::add(const PeopleFigures& others) {
  people += others.people;
  joined += others.joined;
  if (days.size() < others.days.size()) days.resize(others.days.size());
  for (std::size_t i = 0; i < others.days.size(); ++i) add_places(days[i], others.days[i]);
  for (std::size_t i = 0; i < kind_count; ++i) {
    KindFigures& sum = kinds[i];
    const KindFigures& its = others.kinds[i];
    sum.sent += its.sent;
    sum.held += its.held;
    sum.still_held += its.still_held;
    sum.waited.add(its.waited);
    for (const auto& [reason, durations] : its.holds) sum.holds[reason].add(durations);
    add_each(sum.skipped, its.skipped);
  }
  add_places(offer_shares, others.offer_shares);
  offer_share_people += others.offer_share_people;
  add_places(weeks, others.weeks);
  unsubscribed += others.unsubscribed;
  complained += others.complained;
  add_each(left_after, others.left_after);
  add_places(left_after_week_of, others.left_after_week_of);
  for (std::size_t i = 0; i < others.playbooks.size(); ++i) {
    PlaybookFigures& sum = playbooks[i];
    const PlaybookFigures& its = others.playbooks[i];
    sum.started += its.started;
    sum.goal += its.goal;
    sum.finished += its.finished;
    sum.stopped += its.stopped;
    sum.under_way += its.under_way;
    sum.conversions += its.conversions;
    for (std::size_t step = 0; step < its.steps.size(); ++step) {
      sum.steps[step].reached += its.steps[step].reached;
      sum.steps[step].goal += its.steps[step].goal;
      sum.steps[step].finished += its.steps[step].finished;
      sum.steps[step].stopped += its.steps[step].stopped;
      sum.steps[step].there += its.steps[step].there;
      sum.steps[step].skipped += its.steps[step].skipped;
    }
  }
  for (const auto& [pair, its] : others.collisions) {
    Collision& sum = collisions[pair];
    sum.times += its.times;
    sum.lost += its.lost;
    sum.waited.add(its.waited);
  }
  first_offer.add(others.first_offer);
  opened += others.opened;
  clicked += others.clicked;
  replied += others.replied;
}

PeopleObserver::PeopleObserver(const rules::Book& book, std::size_t first, std::size_t people,
                               Instant from, Instant until)
    : first_(first), people_(people) {
  figures_.people = people;
  figures_.from = from;
  figures_.until = until;
  figures_.mix = book.settings().mix;
  figures_.touches_before_offer = book.settings().touches_before_offer;
  figures_.days.resize(static_cast<std::size_t>((until - from) / day) + 1);
  for (const auto& playbook : book.current()) {
    playbooks_[playbook->id] = figures_.playbooks.size();
    auto& figures = figures_.playbooks.emplace_back();
    figures.id = playbook->id;
    figures.title = playbook->title;
    auto& steps = steps_.emplace_back();
    for (const auto& step : playbook->steps) {
      steps.emplace(step.id, figures.steps.size());
      const rules::Send* send = rules::send_of(step.action);
      figures.steps.push_back({.id = step.id, .message = send == nullptr ? "" : send->message});
    }
  }
}

void PeopleObserver::joined(std::size_t person, Instant at) {
  people_[person - first_].joined = at;
  ++figures_.joined;
}

void PeopleObserver::see(const SimulatedLine& line) {
  const std::size_t number = person_number(line.contact);
  if (number < first_ || number - first_ >= people_.size()) return;
  Person& person = people_[number - first_];
  const Decision& decision = line.decision;
  const std::string& action = decision.action;
  if (action == "send") {
    sent(person, decision);
  } else if (action == "hold") {
    held(person, decision);
  } else if (action == "skip" || action == "fail") {
    released(person, decision, true);
  } else if (action == "suppress") {
    went(person, decision);
  } else if (action == "conversion") {
    const auto playbook = playbooks_.find(decision.playbook);
    if (playbook != playbooks_.end()) ++figures_.playbooks[playbook->second].conversions;
  }
  if (decision.enrollment == 0) return;
  if (action == "end") return ended(person, decision);
  if (action == "start") {
    const auto playbook = playbooks_.find(decision.playbook);
    if (playbook == playbooks_.end()) return;
    ++figures_.playbooks[playbook->second].started;
    person.enrolled.push_back({.number = decision.enrollment, .playbook = playbook->second});
  } else if (!decision.step.empty()) {
    stepped(person, decision);
  }
}

void PeopleObserver::sent(Person& person, const Decision& decision) {
  const Kind kind = decision.kind.value_or(Kind::value);
  const auto since_start = static_cast<std::size_t>((decision.at - figures_.from) / day);
  ++place_or_last(figures_.days, since_start)[static_cast<std::size_t>(kind)];
  auto& its = figures_.kinds[static_cast<std::size_t>(kind)];
  ++its.sent;
  const bool is_first_offer =
      kind == Kind::offer &&
      std::ranges::find(person.sent, kind, &std::pair<Instant, Kind>::second) == person.sent.end();
  if (is_first_offer) figures_.first_offer.add(decision.at - person.joined.value_or(figures_.from));
  released(person, decision, false);
  person.sent.emplace_back(decision.at, kind);
  person.last_message = decision.message;
  if (!rules::is_marketing(kind)) return;
  person.last_playbook = decision.playbook;
  person.has_sent_marketing = true;
}

void PeopleObserver::held(Person& person, const Decision& decision) {
  const auto known = std::ranges::find_if(person.held, [&](const Held& its) {
    return its.enrollment == decision.enrollment && its.step == decision.step &&
           its.message == decision.message;
  });
  Held now{.enrollment = decision.enrollment,
           .step = decision.step,
           .message = decision.message,
           .kind = decision.kind.value_or(Kind::value),
           .first = decision.at,
           .since = decision.at,
           .reason = decision.reason};
  if (known != person.held.end()) {
    if (known->reason == decision.reason) return;
    close(*known, decision.at, false, decision.playbook);
    now.first = known->first;
  } else {
    ++figures_.kinds[static_cast<std::size_t>(now.kind)].held;
  }
  now.collides = now.reason == Reason::cap && person.has_sent_marketing &&
                 person.last_playbook != decision.playbook;
  if (now.collides) now.winner = person.last_playbook;
  if (known != person.held.end()) {
    *known = std::move(now);
  } else {
    person.held.push_back(std::move(now));
  }
}

// The message's wait is over, by its departure or otherwise.
void PeopleObserver::released(Person& person, const Decision& decision, bool left_out) {
  if (left_out && decision.kind) {
    auto& its = figures_.kinds[static_cast<std::size_t>(*decision.kind)];
    ++its.skipped[decision.reason];
  }
  const auto known = std::ranges::find_if(person.held, [&](const Held& its) {
    return its.enrollment == decision.enrollment && its.step == decision.step &&
           its.message == decision.message;
  });
  if (known == person.held.end()) return;
  close(*known, decision.at, left_out, decision.playbook);
  auto& its = figures_.kinds[static_cast<std::size_t>(known->kind)];
  if (!left_out) its.waited.add(decision.at - known->first);
  person.held.erase(known);
}

// One reason's hold of one message has ended.
void PeopleObserver::close(const Held& held, Instant now, bool left_out,
                           const std::string& playbook) {
  figures_.kinds[static_cast<std::size_t>(held.kind)].holds[held.reason].add(now - held.since);
  if (!held.collides) return;
  Collision& collision = figures_.collisions[{held.winner, playbook}];
  ++collision.times;
  collision.lost += left_out ? 1 : 0;
  collision.waited.add(now - held.since);
}

void PeopleObserver::stepped(Person& person, const Decision& decision) {
  const auto enrolled = std::ranges::find(person.enrolled, decision.enrollment, &Enrolled::number);
  if (enrolled == person.enrolled.end()) return;
  const auto& steps = steps_[enrolled->playbook];
  const auto step = steps.find(decision.step);
  if (step == steps.end()) return;
  StepFigures& figures = figures_.playbooks[enrolled->playbook].steps[step->second];
  if (decision.action == "skip") ++figures.skipped;
  if (std::ranges::find(enrolled->reached, step->second) != enrolled->reached.end()) return;
  enrolled->reached.push_back(step->second);
  enrolled->step = step->second;
  ++figures.reached;
}

void PeopleObserver::ended(Person& person, const Decision& decision) {
  const auto enrolled = std::ranges::find(person.enrolled, decision.enrollment, &Enrolled::number);
  if (enrolled == person.enrolled.end()) return;
  PlaybookFigures& playbook = figures_.playbooks[enrolled->playbook];
  StepFigures nowhere;
  StepFigures& step = enrolled->reached.empty() ? nowhere : playbook.steps[enrolled->step];
  if (decision.outcome == "goal") {
    ++playbook.goal;
    ++step.goal;
  } else if (decision.outcome == "stopped") {
    ++playbook.stopped;
    ++step.stopped;
  } else {
    ++playbook.finished;
    ++step.finished;
  }
  person.enrolled.erase(enrolled);
}

void PeopleObserver::went(Person& person, const Decision& decision) {
  const bool is_complaint = decision.detail == rules::complained;
  if (!is_complaint && decision.detail != rules::unsubscribed) return;
  const bool has_left = person.has_unsubscribed || person.has_complained;
  bool& has_done_it = is_complaint ? person.has_complained : person.has_unsubscribed;
  if (has_done_it) return;
  has_done_it = true;
  ++(is_complaint ? figures_.complained : figures_.unsubscribed);
  if (has_left) return;
  ++figures_.left_after[person.last_message];
  const auto lately = std::ranges::count_if(person.sent, [&](const auto& its) {
    return rules::is_marketing(its.second) && decision.at - its.first < week;
  });
  ++place_or_last(figures_.left_after_week_of, static_cast<std::size_t>(lately));
}

void PeopleObserver::add_weeks(const Person& person) {
  const Instant joined = person.joined.value_or(figures_.from);
  const auto whole =
      static_cast<std::size_t>(std::max<std::int64_t>(0, (figures_.until - joined) / week));
  std::vector<std::size_t> counts(whole);
  for (const auto& [at, kind] : person.sent) {
    const auto its = static_cast<std::size_t>((at - joined) / week);
    if (its < whole) ++counts[its];
  }
  for (const std::size_t count : counts) ++place_or_last(figures_.weeks, count);
}

void PeopleObserver::add_shares(const Person& person) {
  std::size_t marketing = 0;
  std::size_t offers = 0;
  for (const auto& [at, kind] : person.sent) {
    marketing += rules::is_marketing(kind) ? 1U : 0U;
    offers += kind == Kind::offer ? 1U : 0U;
  }
  if (marketing == 0 || marketing < figures_.mix.window) return;
  ++figures_.offer_share_people;
  ++place_or_last(figures_.offer_shares, (offers * 100 / marketing + 4) / 5);
}

PeopleFigures PeopleObserver::finish() {
  for (const Person& person : people_) {
    if (!person.joined) continue;
    for (const Held& held : person.held) {
      auto& its = figures_.kinds[static_cast<std::size_t>(held.kind)];
      its.holds[held.reason].add(figures_.until - held.since);
      ++its.still_held;
    }
    for (const Enrolled& enrolled : person.enrolled) {
      auto& playbook = figures_.playbooks[enrolled.playbook];
      ++playbook.under_way;
      if (!enrolled.reached.empty()) ++playbook.steps[enrolled.step].there;
    }
    add_weeks(person);
    add_shares(person);
  }
  return std::move(figures_);
}

namespace {

base::Result<PeopleFigures> simulate_group(const std::shared_ptr<const config::Config>& config,
                                           const config::Habits& habits,
                                           const PeopleOptions& options, std::size_t first,
                                           std::size_t people) {
  const Instant until = options.from + day * options.days;
  store::MemoryStore store(config->dedup.nominal());
  PeopleObserver observer(*config->book, first, people, options.from, until);
  std::int64_t opened = 0;
  std::int64_t clicked = 0;
  std::int64_t replied = 0;
  Simulation* running = nullptr;
  const auto later = [&](Instant at, EngineInput input) {
    if (const auto* event = std::get_if<EventInput>(&input)) {
      if (event->event.name == "contact.identified") {
        observer.joined(person_number(event->who.user_id), at);
      }
    } else if (const auto* about = std::get_if<ContactInput>(&input)) {
      const auto* visit = std::get_if<rules::Visit>(&about->input);
      if (visit != nullptr) ++(visit->kind == rules::VisitKind::open ? opened : clicked);
      if (std::holds_alternative<rules::Feedback>(about->input)) ++replied;
    }
    running->later(at, std::move(input));
  };
  Population population(config, habits,
                        {.first = first,
                         .people = people,
                         .from = options.from,
                         .until = until,
                         .seed = options.seed},
                        later);
  SimulationOptions how{.render = false};
  how.outcome = [&](const rules::Delivery& delivery, Instant) {
    return population.outcome(delivery);
  };
  how.departed = [&](const DeliveryNotice& notice, Instant now) { population.react(notice, now); };
  Simulation simulation(
      config, store, [&](const SimulatedLine& line) { observer.see(line); }, std::move(how));
  running = &simulation;
  population.begin();
  if (auto done = simulation.run({}, until); !done) return base::fail(done.error());
  PeopleFigures figures = observer.finish();
  figures.opened = opened;
  figures.clicked = clicked;
  figures.replied = replied;
  return figures;
}

}  // namespace

base::Result<PeopleFigures> simulate_people(const std::shared_ptr<const config::Config>& config,
                                            const config::Habits& habits,
                                            const PeopleOptions& options) {
  PeopleFigures all =
      PeopleObserver(*config->book, 1, 0, options.from, options.from + day * options.days).finish();
  all.seed = options.seed;
  for (std::size_t first = 1; first <= options.people; first += group_people) {
    const std::size_t people = std::min(group_people, options.people - first + 1);
    auto group = simulate_group(config, habits, options, first, people);
    if (!group) return group;
    all.add(*group);
  }
  return all;
}

}  // namespace nurtured::daemon
