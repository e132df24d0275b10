// Timers fired, decided and re-armed a second: the engine and a SQLite store with FULL, driven as
// the daemon's engine thread drives them, on a virtual clock. Every contact waits a day, gets a tag
// and waits again, so that as many wait after a run as before it.
//
//   timers_bench FOLDER CONTACTS    makes the store, prints {"contacts", "filled_per_second"}; then
//     for each number in stdin fires that many timers and prints {"per_second", "cpu_us",
//     "with_upkeep_per_second"}: the last counts what the store puts off until nobody waits.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <time.h>

#include "bench/book.h"
#include "daemon/engine.h"
#include "store/store.h"

namespace {

using namespace nurtured;
using bench::need;
using std::chrono::milliseconds;

constexpr std::int64_t day_ms = 24L * 60 * 60 * 1000;
constexpr std::size_t fill_batch = 2000;
constexpr int rounds_per_contact = 60;  // waits that a playbook holds: more than any run asks for

std::string playbook() {
  std::string text = "start: {when: go}\nsteps:\n";
  for (int i = 0; i < rounds_per_contact; ++i) {
    text += "  - wait: 1d\n  - tag: seen-" + std::to_string(i % 2) + "\n";
  }
  return text;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class Bench {
 public:
  Bench(const std::string& folder, std::int64_t contacts)
      : contacts_(contacts),
        config_(bench::compile_config({{"events.yaml", "events: {go: {}}\n"},
                                       {"nurtured.yaml", bench::settings_yaml},
                                       {"playbooks/p.yaml", playbook()}})),
        store_(need(store::open("sqlite:" + folder + "/timers.db"))),
        engine_(*store_, config_->book, {.keep_decisions = false}) {}

  // Everybody comes within one day, evenly, and so falls due within one.
  void fill() {
    const auto start = std::chrono::steady_clock::now();
    const base::Instant begin = now_;
    for (std::int64_t next = 0; next < contacts_;) {
      std::vector<daemon::Arrived> inputs;
      while (next < contacts_ && inputs.size() < fill_batch) {
        now_ = begin + milliseconds{next * (day_ms - 1) / contacts_};
        daemon::EventInput input{
            .who = {.user_id = "user-" + std::to_string(next)},
            .event = {
                .name = "go", .properties = cel::Map{}, .occurred_at = now_, .received_at = now_}};
        inputs.push_back({std::move(input), now_});
        ++next;
      }
      need(engine_.process(inputs, now_));
    }
    keep_up();
    std::printf("{\"contacts\": %lld, \"filled_per_second\": %.0f}\n",
                static_cast<long long>(contacts_),
                static_cast<double>(contacts_) / seconds_since(start));
    std::fflush(stdout);
  }

  // `count` timers that are all due already, as after a pause: the peers' queues are drained alike.
  void fire(std::int64_t count) {
    now_ += milliseconds{count * day_ms / contacts_};
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = cpu_seconds();
    std::int64_t fired = 0;
    for (bool more = true; more;) {
      const auto result = need(engine_.process({}, now_));
      fired += static_cast<std::int64_t>(result.wakes);
      more = result.more;
    }
    const double wall = seconds_since(start);
    const double cpu = cpu_seconds() - cpu_start;
    keep_up();
    if (fired == 0) {
      std::cerr << "no timer was due\n";
      std::exit(EXIT_FAILURE);
    }
    const auto done = static_cast<double>(fired);
    std::printf("{\"per_second\": %.0f, \"cpu_us\": %.2f, \"with_upkeep_per_second\": %.0f}\n",
                done / wall, cpu / done * 1e6, done / seconds_since(start));
    std::fflush(stdout);
  }

 private:
  void keep_up() {
    while (need(store_->maintain(now_))) {
    }
  }

  std::int64_t contacts_;
  std::shared_ptr<const config::Config> config_;
  std::unique_ptr<store::Store> store_;
  daemon::Engine engine_;
  base::Instant now_ = need(base::parse_instant("2026-03-02T00:00:00Z"));
};

}  // namespace

int main(int count, char** arguments) {
  const std::int64_t contacts = count == 3 ? std::strtoll(arguments[2], nullptr, 10) : 0;
  if (contacts <= 0) {
    std::fputs("usage: timers_bench FOLDER CONTACTS\n", stderr);
    return 2;
  }
  Bench bench(arguments[1], contacts);
  bench.fill();
  for (std::int64_t fires = 0; std::cin >> fires;) bench.fire(fires);
}
