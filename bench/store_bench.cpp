// What the store costs: events, timers, bytes, a cold start, the codec.
//
//   store_bench FOLDER [CONTACTS]    CONTACTS waiting, default 1,000,000
//
// The folder must be on the disk that is to be measured. Figures of one run are to be compared with
// each other alone.
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "store/codec.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "tests/store/samples.h"

using namespace nurtured;
using namespace nurtured::store;
using nurtured::store::testing::add_arrival;
using nurtured::store::testing::checklist_event;
using nurtured::store::testing::sample_time;
using nurtured::store::testing::wait_decisions;
using nurtured::store::testing::waiting_contact;
using std::chrono::days;
using std::chrono::seconds;

namespace {

template <class T>
T need(base::Result<T> result) {
  if (result) {
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      return std::move(*result);
    }
  }
  std::cerr << base::to_string(result.error()) << "\n";
  std::exit(1);
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// By the clock on the wall, and of the processor alone: on a busy machine only the second can be
// compared.
struct Time {
  double wall = 0;
  double cpu = 0;

  Time& operator+=(const Time& other) {
    wall += other.wall;
    cpu += other.cpu;
    return *this;
  }
};

Time time_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = cpu_seconds();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          cpu_seconds() - cpu_start};
}

void print(const std::string& what, double value, const char* unit) {
  fmt::print("{:<58} {:>12.1f} {}\n", what, value, unit);
  std::fflush(stdout);
}

void print_rate(const std::string& what, double count, const Time& time) {
  fmt::print("{:<58} {:>12.0f} 1/s {:>8.2f} us of CPU each\n", what, count / time.wall,
             time.cpu / count * 1e6);
  std::fflush(stdout);
}

class Bench {
 public:
  Bench(std::string folder, std::int64_t contacts)
      : path_(std::move(folder) + "/bench.db"), contacts_(contacts) {
    for (const char* suffix : {"", "-wal", "-shm", ".lock", ".journal"}) {
      std::filesystem::remove(path_ + suffix);
    }
    reopen();
  }

  void run() {
    codec();
    fill();
    sizes();
    for (const std::size_t batch : {1U, 27U, 100U, 1000U}) events(batch);
    timers();
    cold_start();
    memory();
  }

 private:
  void reopen() {
    store_.reset();
    store_ = need(store::open("sqlite:" + path_, {.cache_bytes = 64U << 20}));
  }

  void maintain(int slices) {
    for (int i = 0; i < slices && need(store_->maintain(now_)); ++i) {
    }
  }

  void codec() {
    const rules::Contact contact = waiting_contact(ContactId{contacts_});
    std::string bytes;
    need(encode(contact, bytes));
    constexpr int rounds = 200'000;
    const Time time = time_of([&] {
      for (int i = 0; i < rounds; ++i) {
        bytes.clear();
        need(encode(contact, bytes));
        need(decode_contact(contact.id, bytes));
      }
    });
    print("a waiting contact, encoded", static_cast<double>(bytes.size()), "B");
    print_rate("encoded and decoded", rounds, time);
  }

  void fill() {
    constexpr std::int64_t batch_size = 1000;
    Time time;
    for (std::int64_t id = 1; id <= contacts_; id += batch_size) {
      Batch batch;
      for (std::int64_t i = 0; i < batch_size; ++i) {
        add_arrival(batch, ContactId{id + i}, now_ += std::chrono::milliseconds{20});
      }
      time += time_of([&] {
        need(store_->commit(batch));
        maintain(4);
      });
    }
    print_rate("new contacts with all that follows, 1,000 a batch", static_cast<double>(contacts_),
               time);
  }

  void sizes() {
    now_ += days{1};
    maintain(1'000'000);
    reopen();
    auto connection = need(sqlite::Connection::open(path_, sqlite::Connection::Mode::read_only));
    sqlite::Statement tables(connection,
                             "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC");
    double sum = 0;
    need(tables.each([&]() -> base::Result<void> {
      const double each = static_cast<double>(tables.integer(1)) / static_cast<double>(contacts_);
      sum += each;
      if (each > 1) print("  on disk for each: " + std::string(tables.text(0)), each, "B");
      return {};
    }));
    print("on disk for each waiting contact, all told", sum, "B");
  }

  // Events of random known contacts: found by their identity, loaded, changed, written.
  void events(std::size_t batch_size) {
    base::Random random(batch_size);
    const auto batches =
        std::max<std::size_t>(50, 60'000 / batch_size / (batch_size < 50 ? 10 : 1));
    std::int64_t message = 0;
    Time in_maintain;
    const Time time = time_of([&] {
      for (std::size_t b = 0; b < batches; ++b) {
        now_ += std::chrono::milliseconds{100};
        LoadRequest request;
        for (std::size_t i = 0; i < batch_size; ++i) {
          const auto id = random.below(static_cast<std::uint64_t>(contacts_)) + 1;
          request.identities.push_back({IdentityKey::Kind::user, "user-" + std::to_string(id)});
          request.message_ids.push_back(
              dedup_key("k", fmt::format("{}-{}", batch_size, ++message)));
        }
        auto loaded = need(store_->load(request));
        Batch batch;
        batch.now = now_;
        batch.message_ids = request.message_ids;
        for (auto& stored : loaded.contacts) {
          batch.events.push_back({stored.contact.id, checklist_event(now_)});
          stored.contact.history["checklist.downloaded"].add(now_);
          batch.contacts.push_back({std::move(stored.contact), stored.wake, stored.wake});
        }
        need(store_->commit(batch));
        in_maintain += time_of([&] { maintain(1); });
      }
    });
    const double count = static_cast<double>(batches * batch_size);
    print_rate(fmt::format("events of known contacts, {} a batch", batch_size), count, time);
    print_rate("  of that in maintain", count, in_maintain);
  }

  void timers() {
    constexpr std::size_t batch_size = 1000;
    const std::size_t rounds =
        std::min<std::size_t>(100, static_cast<std::size_t>(contacts_) / 2000);
    const Instant now = now_ + days{3};
    const Time time = time_of([&] {
      for (std::size_t r = 0; r < rounds; ++r) {
        const auto due = need(store_->due(now, batch_size));
        LoadRequest request;
        for (const Due& timer : due) request.contacts.push_back(timer.contact);
        auto loaded = need(store_->load(request));
        Batch batch;
        batch.now = now_;
        for (auto& stored : loaded.contacts) {
          auto decision = wait_decisions(now).back();
          batch.decisions.push_back({stored.contact.id, std::move(decision)});
          stored.contact.enrollments[0].due = *stored.wake + days{10};
          batch.contacts.push_back(
              {std::move(stored.contact), stored.wake, *stored.wake + days{10}});
        }
        need(store_->commit(batch));
        maintain(1);
      }
    });
    print_rate("timers fired, loaded, recorded and re-armed",
               static_cast<double>(rounds * batch_size), time);
  }

  void cold_start() {
    maintain(1000);
    store_.reset();
    for (const char* suffix : {"", "-wal", ".journal"}) {
      const int file = ::open((path_ + suffix).c_str(), O_RDONLY);
      if (file < 0) continue;
      if (::fsync(file) != 0 || ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) {
        std::cerr << "the cache could not be emptied\n";
      }
      ::close(file);
    }
    const Time time = time_of([&] {
      reopen();
      need(store_->next_due());
      need(store_->due(now_ + days{3}, 1000));
      need(store_->deliveries({.state = rules::DeliveryChange::ready}));
      need(store_->deliveries({.state = rules::DeliveryChange::committing}));
    });
    print("cold start to the first thousand due", time.wall * 1e3, "ms");
  }

  void memory() {
    auto store = need(store::open("sqlite::memory:"));
    constexpr int rounds = 100'000;
    Batch first;
    for (std::int64_t id = 1; id <= 1000; ++id) add_arrival(first, ContactId{id}, sample_time);
    need(store->commit(first));
    base::Random random(1);
    const Time time = time_of([&] {
      for (int i = 0; i < rounds; ++i) {
        LoadRequest request;
        request.contacts = {ContactId{static_cast<std::int64_t>(random.below(1000)) + 1}};
        auto loaded = need(store->load(request));
        Batch batch;
        batch.now = sample_time;
        auto& stored = loaded.contacts[0];
        batch.events.push_back({stored.contact.id, checklist_event(sample_time)});
        batch.contacts.push_back({std::move(stored.contact), stored.wake, stored.wake});
        need(store->commit(batch));
      }
    });
    print_rate("in memory: one input a batch", rounds, time);
  }

  std::string path_;
  std::int64_t contacts_;
  std::unique_ptr<Store> store_;
  Instant now_ = sample_time;
};

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  std::int64_t contacts = 1'000'000;
  if (arguments.size() > 2) {
    const std::string_view text = arguments[2];
    const auto read = std::from_chars(text.data(), text.data() + text.size(), contacts);
    if (read.ec != std::errc{}) contacts = 0;
  }
  if (arguments.size() < 2 || contacts < 2000) {
    std::cerr << "usage: store_bench FOLDER [CONTACTS, from 2000]\n";
    return 2;
  }
  Bench(arguments[1], contacts).run();
  return 0;
}
