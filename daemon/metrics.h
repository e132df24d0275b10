// Figures of the running daemon in the Prometheus text format 0.0.4. The app makes one registry and
// passes it by reference. Making a series takes a lock and is done once, at start; counting is one
// atomic addition on any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nurtured::daemon {

class Counter {
 public:
  void add(std::uint64_t count = 1) { count_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double change) { value_.fetch_add(change, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Histogram {
 public:
  // Upper bounds, ascending; the bucket for everything above is added.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);

  // Upper bound and number of observations of each bucket alone; the last bound is infinite.
  std::vector<std::pair<double, std::uint64_t>> buckets() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>>
      counts_;  // of each bucket alone, the last without a bound
  std::atomic<double> sum_ = 0;
};

// Seconds, from a millisecond to ten seconds: what an answer takes.
std::vector<double> latency_buckets();
// Seconds, from a millisecond to a day, closest around the tens of milliseconds that a timer takes:
// what passes between due and decided. The upper ones tell of downtime that is caught up.
std::vector<double> lateness_buckets();

class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // The series of that name and those labels, made where it is new. `name` ends in _total for
  // counters and in a unit
  // (_seconds, _bytes) where there is one; `help` is one line, that of the first call counts. Names
  // must fit the format and a name has one type: anything else is a bug and throws
  // std::logic_error. The reference lives as long as the registry. Label values may be any text,
  // but not from outside: every value is a series for ever.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       const Labels& labels = {});

  // Called before each text(), on its thread: to set gauges that nobody counts in passing.
  void before_text(std::function<void()> refresh);
  // All series, by name and then by labels. Not const: the hooks set gauges.
  std::string text();

 private:
  struct Family {
    std::string type;
    std::string help;
    std::map<std::string, std::unique_ptr<Counter>> counters;  // by their labels as printed
    std::map<std::string, std::unique_ptr<Gauge>> gauges;
    std::map<std::string, std::unique_ptr<Histogram>> histograms;
  };
  Family& family(std::string_view name, std::string_view type, std::string_view help);

  std::mutex mutex_;  // guards all below, not the figures themselves
  std::map<std::string, Family, std::less<>> families_;
  std::vector<std::function<void()>> refreshers_;
};

}  // namespace nurtured::daemon
