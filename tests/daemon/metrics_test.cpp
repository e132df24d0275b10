#include "daemon/metrics.h"

#include <limits>
#include <stdexcept>
#include <thread>

#include "tests/catch.h"

using namespace nurtured::daemon;

TEST_CASE("series print in the Prometheus text format") {
  Metrics metrics;
  metrics.counter("b_total", "Second", {{"result", "ok"}}).add();
  metrics.counter("b_total", "ignored", {{"result", "bad"}, {"where", "x"}}).add(41);
  metrics.gauge("a_bytes", "A \\ first\nline").set(2.5);
  auto& seconds = metrics.histogram("c_seconds", "Third", {0.1, 1}, {{"kind", "x"}});
  seconds.observe(0.05);
  seconds.observe(0.1);
  seconds.observe(0.5);
  seconds.observe(7);
  CHECK(metrics.text() ==
        "# HELP a_bytes A \\\\ first\\nline\n"
        "# TYPE a_bytes gauge\n"
        "a_bytes 2.5\n"
        "# HELP b_total Second\n"
        "# TYPE b_total counter\n"
        "b_total{result=\"bad\",where=\"x\"} 41\n"
        "b_total{result=\"ok\"} 1\n"
        "# HELP c_seconds Third\n"
        "# TYPE c_seconds histogram\n"
        "c_seconds_bucket{kind=\"x\",le=\"0.1\"} 2\n"
        "c_seconds_bucket{kind=\"x\",le=\"1\"} 3\n"
        "c_seconds_bucket{kind=\"x\",le=\"+Inf\"} 4\n"
        "c_seconds_sum{kind=\"x\"} 7.65\n"
        "c_seconds_count{kind=\"x\"} 4\n");
}

TEST_CASE("a histogram without labels has braces for its bounds alone") {
  Metrics metrics;
  metrics.histogram("h_seconds", "H", {1}).observe(2);
  CHECK(
      metrics.text().ends_with("h_seconds_bucket{le=\"1\"} 0\nh_seconds_bucket{le=\"+Inf\"} 1\n"
                               "h_seconds_sum 2\nh_seconds_count 1\n"));
}

TEST_CASE("label values may be any text") {
  const auto [value, printed] = GENERATE(table<std::string, std::string>({
      {"plain", "plain"},
      {"a\"b", "a\\\"b"},
      {"a\\b", "a\\\\b"},
      {"a\nb", "a\\nb"},
      {"} 1\ninjected 1", "} 1\\ninjected 1"},
      {"", ""},
  }));
  Metrics metrics;
  metrics.counter("x_total", "X", {{"v", value}});
  CHECK(metrics.text().ends_with("x_total{v=\"" + printed + "\"} 0\n"));
}

TEST_CASE("numbers that are none have their names") {
  Metrics metrics;
  auto& gauge = metrics.gauge("g", "G");
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<double, std::string>> cases = {{infinity, "+Inf"},
                                                             {-infinity, "-Inf"},
                                                             {std::nan(""), "NaN"},
                                                             {1e6, "1000000"},
                                                             {-0.5, "-0.5"}};
  for (const auto& [value, printed] : cases) {
    gauge.set(value);
    CHECK(metrics.text().ends_with("g " + printed + "\n"));
  }
}

TEST_CASE("the same name and labels are the same series") {
  Metrics metrics;
  Counter& one = metrics.counter("x_total", "X", {{"a", "1"}});
  Counter& same = metrics.counter("x_total", "X", {{"a", "1"}});
  Counter& other = metrics.counter("x_total", "X", {{"a", "2"}});
  CHECK(&one == &same);
  CHECK(&one != &other);
}

TEST_CASE("names that do not fit the format are bugs") {
  Metrics metrics;
  metrics.counter("x_total", "X");
  CHECK_THROWS_AS(metrics.gauge("x_total", "X"), std::logic_error);
  for (const char* name : {"", "1x", "a b", "a-b", "a{b", "é"}) {
    CHECK_THROWS_AS(metrics.counter(name, "X"), std::logic_error);
    CHECK_THROWS_AS(metrics.counter("y_total", "Y", {{name, "v"}}), std::logic_error);
  }
  CHECK_THROWS_AS(metrics.histogram("h", "H", {2, 1}), std::logic_error);
}

TEST_CASE("hooks run before each text and may make series") {
  Metrics metrics;
  int calls = 0;
  metrics.before_text([&] { metrics.gauge("calls", "C").set(++calls); });
  CHECK(metrics.text().ends_with("calls 1\n"));
  CHECK(metrics.text().ends_with("calls 2\n"));
}

TEST_CASE("threads count together while others read") {
  Metrics metrics;
  Counter& counter = metrics.counter("x_total", "X");
  Histogram& histogram = metrics.histogram("h_seconds", "H", latency_buckets());
  constexpr int each = 10'000;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < each; ++n) {
          counter.add();
          histogram.observe(0.5);
        }
      });
    }
    for (int i = 0; i < 20; ++i) metrics.text();
  }
  CHECK(counter.value() == 3 * each);
  CHECK(histogram.sum() == 1.5 * each);
}
