// Rule checks a second: the conditions of 1,000 playbooks over 50 event names, twenty for each
// event, found by the event's name and evaluated as the engine does it; against a roofline of the
// same rules as lists of plain comparisons of values in slots. Nothing fits, so that only judging
// is measured. One thread; processor time, so that what else runs does not count.
//
//   rules_bench    prints {"product", "advance", "roofline"} events a second: `advance` is the
//   whole
//                  decision, which also counts the event and writes the contact's history
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "bench/book.h"
#include "rules/advance.h"
#include "rules/scope.h"

namespace {

using namespace nurtured;

constexpr int playbooks = 1000;
constexpr int event_names = 50;
constexpr std::size_t samples = 1024;  // events, used in turn
constexpr double seconds_min = 1;

// What a rule asks and what an event tells.
struct RuleText {
  double total_over = 0;
  std::string currency;
  std::int64_t items_under = 0;
};
struct EventText {
  std::string name;
  double total = 0;
  std::string currency;
  std::int64_t items = 0;
};

std::string event_name(int number) {
  return fmt::format("shop.event_{}", number % event_names);
}

RuleText rule(int number) {
  return {.total_over = 100.0 + number, .currency = "EUR", .items_under = 3 + number % 5};
}

// Half of the totals are large enough, and all items too many: no short cut decides it all.
EventText event(int number) {
  return {.name = event_name(number * 7),
          .total = number % 2 == 0 ? 5000.0 : 50.0,
          .currency = number % 3 == 0 ? "USD" : "EUR",
          .items = 20 + number % 10};
}

std::shared_ptr<const config::Config> make_config() {
  std::string events = "events:\n";
  for (int i = 0; i < event_names; ++i) {
    events += fmt::format("  {}: {{properties: {{total: double, currency: string, items: int}}}}\n",
                          event_name(i));
  }
  std::vector<config::File> files = {{"events.yaml", events},
                                     {"nurtured.yaml", bench::settings_yaml}};
  for (int i = 0; i < playbooks; ++i) {
    const RuleText made = rule(i);
    files.push_back(
        {fmt::format("playbooks/p{:04}.yaml", i),
         fmt::format("start:\n  when: {}\n  if: event.total > {:.1f} && event.currency == "
                     "\"{}\" && event.items < {}\nsteps:\n  - tag: big\n",
                     event_name(i), made.total_over, made.currency, made.items_under)});
  }
  return bench::compile_config(std::move(files));
}

// Calls `judge` with the number of a sample until enough time has passed; events a second.
double per_second(auto judge) {
  std::size_t count = 0;
  const std::clock_t start = std::clock();
  double taken = 0;
  do {
    for (std::size_t i = 0; i < samples; ++i) judge(i);
    count += samples;
    taken = static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC);
  } while (taken < seconds_min);
  return static_cast<double>(count) / taken;
}

[[noreturn]] void surprise(const char* what) {
  std::fprintf(stderr, "%s found a rule that fits: the benchmark is wrong\n", what);
  std::exit(EXIT_FAILURE);
}

// The roofline: any rule over any attributes, their names resolved to slots when it was loaded.
using SlotValue = std::variant<double, std::int64_t, std::string>;
enum class Comparison { greater, equal, less };
struct SlotCondition {
  std::size_t slot = 0;
  Comparison comparison = Comparison::equal;
  SlotValue constant;

  bool holds(const std::vector<SlotValue>& slots) const {
    switch (comparison) {
      case Comparison::greater:
        return slots[slot] > constant;
      case Comparison::equal:
        return slots[slot] == constant;
      case Comparison::less:
        return slots[slot] < constant;
    }
    return false;
  }
};
struct SlotEvent {
  std::string name;
  std::vector<SlotValue> slots;
};

double measure_roofline() {
  std::unordered_map<std::string, std::vector<std::vector<SlotCondition>>> by_name;
  for (int i = 0; i < playbooks; ++i) {
    const RuleText made = rule(i);
    by_name[event_name(i)].push_back({{0, Comparison::greater, made.total_over},
                                      {1, Comparison::equal, made.currency},
                                      {2, Comparison::less, made.items_under}});
  }
  std::vector<SlotEvent> events;
  for (std::size_t i = 0; i < samples; ++i) {
    const EventText made = event(static_cast<int>(i));
    events.push_back({made.name, {made.total, made.currency, made.items}});
  }
  std::uint64_t fitting = 0;
  const double rate = per_second([&](std::size_t i) {
    const SlotEvent& now = events[i];
    for (const auto& conditions : by_name.find(now.name)->second) {
      const bool fits = std::ranges::all_of(
          conditions, [&](const SlotCondition& each) { return each.holds(now.slots); });
      fitting += fits ? 1 : 0;
    }
  });
  if (fitting > 0) surprise("the roofline");
  return rate;
}

std::vector<rules::Event> make_events(base::Instant now) {
  std::vector<rules::Event> events;
  for (std::size_t i = 0; i < samples; ++i) {
    const EventText made = event(static_cast<int>(i));
    cel::Map properties{{"total", made.total}, {"currency", made.currency}, {"items", made.items}};
    events.push_back({.name = made.name,
                      .properties = std::move(properties),
                      .occurred_at = now,
                      .received_at = now});
  }
  return events;
}

rules::Contact make_contact() {
  rules::Contact contact;
  contact.id = rules::ContactId{1};
  contact.user_id = "u1";
  return contact;
}

double measure_product(const rules::Book& book, base::Instant now) {
  const auto events = make_events(now);
  const rules::Contact contact = make_contact();
  std::uint64_t fitting = 0;
  const double rate = per_second([&](std::size_t i) {
    const rules::Event& each = events[i];
    const rules::ConditionScope scope(book, contact, &each, nullptr, now);
    for (const rules::StartRef& ref : book.starts(each.name)) {
      if (ref.rules_out(scope)) continue;
      const auto& condition = ref.playbook->starts[ref.start].condition;
      const auto answer = condition->program.test(scope);
      if (answer && *answer) ++fitting;
    }
  });
  if (fitting > 0) surprise("the book");
  return rate;
}

double measure_advance(const rules::Book& book, base::Instant now) {
  const auto events = make_events(now);
  const rules::Snapshot fresh{.contact = make_contact(), .addresses = {}};
  const rules::Pauses pauses;
  return per_second([&](std::size_t i) {
    const auto transition = rules::advance(book, pauses, fresh, rules::Input(events[i]), now);
    if (!transition.next.contact.enrollments.empty()) surprise("advance");
  });
}

}  // namespace

int main() {
  const auto config = make_config();
  const base::Instant now = bench::need(base::parse_instant("2026-03-02T12:00:00Z"));
  std::printf("{\"product\": %.0f, \"advance\": %.0f, \"roofline\": %.0f}\n",
              measure_product(*config->book, now), measure_advance(*config->book, now),
              measure_roofline());
}
