#include "daemon/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

namespace nurtured::daemon {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Metric names may also hold colons, which are for recording rules: ours and labels do not.
bool is_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

// `a="1",b="2"`, without the braces so that a bucket's bound can follow.
std::string label_text(const Metrics::Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!is_name(name)) throw std::logic_error("Metrics: no label can be named " + name);
    if (!out.empty()) out += ',';
    out += name + "=\"" + escaped(value, true) + '"';
  }
  return out;
}

std::string in_braces(std::string_view labels) {
  return labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

void append_histogram(std::string& out, const std::string& name, const std::string& labels,
                      const std::vector<std::pair<double, std::uint64_t>>& buckets, double sum) {
  const std::string before = labels.empty() ? std::string() : labels + ",";
  std::uint64_t count = 0;
  for (const auto& [bound, in_bucket] : buckets) {
    count += in_bucket;
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, before, number(bound), count);
  }
  out += fmt::format("{}_sum{} {}\n", name, in_braces(labels), number(sum));
  out += fmt::format("{}_count{} {}\n", name, in_braces(labels), count);
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {
  if (!std::ranges::is_sorted(bounds_)) throw std::logic_error("Histogram: bounds not ascending");
}

void Histogram::observe(double value) {
  const auto bound = std::ranges::lower_bound(bounds_, value);
  const auto index = static_cast<std::size_t>(bound - bounds_.begin());
  counts_[index].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<std::pair<double, std::uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<double, std::uint64_t>> out;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const double bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
    out.emplace_back(bound, counts_[i].load(std::memory_order_relaxed));
  }
  return out;
}

std::vector<double> latency_buckets() {
  return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};
}

std::vector<double> lateness_buckets() {
  return {0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04,   0.05,
          0.075, 0.1,   0.2,   0.5,  1,     10,   60.0, 3600.0, 86400.0};
}

Metrics::Family& Metrics::family(std::string_view name, std::string_view type,
                                 std::string_view help) {
  if (!is_name(name)) {
    throw std::logic_error("Metrics: no metric can be named " + std::string(name));
  }
  auto known = families_.find(name);
  if (known == families_.end()) {
    known = families_.try_emplace(std::string(name)).first;
    known->second.type = type;
    known->second.help = help;
  }
  if (known->second.type != type) {
    throw std::logic_error("Metrics: " + std::string(name) + " has two types");
  }
  return known->second;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& series = family(name, "counter", help).counters[label_text(labels)];
  if (!series) series = std::make_unique<Counter>();
  return *series;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& series = family(name, "gauge", help).gauges[label_text(labels)];
  if (!series) series = std::make_unique<Gauge>();
  return *series;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::vector<double> bounds, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& series = family(name, "histogram", help).histograms[label_text(labels)];
  if (!series) series = std::make_unique<Histogram>(std::move(bounds));
  return *series;
}

void Metrics::before_text(std::function<void()> refresh) {
  const std::lock_guard lock(mutex_);
  refreshers_.push_back(std::move(refresh));
}

std::string Metrics::text() {
  std::vector<std::function<void()>> refreshers;
  {
    const std::lock_guard lock(mutex_);
    refreshers = refreshers_;
  }
  // Without the lock: a hook may well make a series.
  for (const auto& refresh : refreshers) refresh();

  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(family.help, false), name,
                       family.type);
    for (const auto& [labels, series] : family.counters) {
      out += fmt::format("{}{} {}\n", name, in_braces(labels), series->value());
    }
    for (const auto& [labels, series] : family.gauges) {
      out += fmt::format("{}{} {}\n", name, in_braces(labels), number(series->value()));
    }
    for (const auto& [labels, series] : family.histograms) {
      append_histogram(out, name, labels, series->buckets(), series->sum());
    }
  }
  return out;
}

}  // namespace nurtured::daemon
