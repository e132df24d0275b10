#include "rules/cel/literal_arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "rules/cel/evaluation.h"
#include "rules/cel/library.h"
#include "rules/cel/scope.h"
#include "rules/cel/time_text.h"

namespace nurtured::cel {
namespace {

struct Conversion {
  std::string_view name;
  std::string_view remedy;
};
constexpr std::array conversions = std::to_array<Conversion>({
    {"bool", "write true or false"},
    {"double", "write a number such as 1.5"},
    {"duration", "write it in h, m and s, such as \"48h\" or \"1h30m\""},
    {"int", "write a whole number"},
    {"timestamp", "write it like \"2026-03-01T10:00:00Z\""},
    {"uint", "write a whole number from 0"},
});

// "2d" → "48h": people think in days, and CEL has none.
std::string in_hours(std::string_view text) {
  std::int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, count);
  if (fault != std::errc() || rest + 1 != end || count < 0 || count > 10'000) return {};
  if (*rest == 'd') return std::to_string(count * 24) + "h";
  if (*rest == 'w') return std::to_string(count * 24 * 7) + "h";
  return {};
}

std::string remedy_for(const Conversion& conversion, const Value& literal) {
  if (!literal.is_string()) return std::string(conversion.remedy);
  const std::string& text = literal.as_string();
  if (conversion.name == "duration") {
    const std::string hours = in_hours(text);
    if (!hours.empty()) return "write " + hours;
  }
  if (conversion.name == "timestamp" && parse_timestamp(text + "T00:00:00Z")) {
    return "write \"" + text + "T00:00:00Z\"";
  }
  return std::string(conversion.remedy);
}

// What the conversion says to this literal.
std::optional<base::Error> fault_in_conversion(const Call& call, const Value& literal,
                                               const Environment& environment) {
  const auto* conversion = std::find_if(conversions.begin(), conversions.end(),
                                        [&](const auto& c) { return c.name == call.function; });
  if (conversion == conversions.end()) return std::nullopt;
  const MapScope nothing(environment);
  Evaluation evaluation(nothing, environment.options().limits, 0);
  Arguments arguments;
  arguments.add(&literal);
  for (const LibraryFunction& function : call.library) {
    if (function.arguments.size() != 1 || !fits(function.arguments[0], literal)) continue;
    if (function.run == nullptr || function.run(evaluation, arguments)) return std::nullopt;
    auto failure = evaluation.take_failure();
    if (!failure) return std::nullopt;
    failure->error.remedy = remedy_for(*conversion, literal);
    return std::move(failure->error);
  }
  return std::nullopt;
}

}  // namespace

std::optional<base::Error> fault_in_literal(const Call& call, const Environment& environment) {
  if (!call.declared.empty() || call.arguments.size() != 1) return std::nullopt;
  const auto* literal = std::get_if<Literal>(&call.arguments[0]->node);
  if (literal == nullptr) return std::nullopt;
  if (call.target == nullptr) return fault_in_conversion(call, literal->value, environment);
  // Of the methods only those of timestamps are called get…, and all take a zone.
  if (!call.function.starts_with("get") || !literal->value.is_string()) return std::nullopt;
  const std::string& zone = literal->value.as_string();
  if (utc_offset(zone, Timestamp{})) return std::nullopt;
  return base::Error{.message = "there is no time zone " + std::string(base::cut_utf8(zone, 40)),
                     .remedy = "write an IANA name such as Europe/Moscow",
                     .place = {}};
}

}  // namespace nurtured::cel
