// bool(), bytes(), double(), duration(), int(), string(), timestamp(), uint() (langdef.md, "Types
// and Conversions").
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/encoding.h"
#include "rules/cel/library.h"
#include "rules/cel/number_text.h"
#include "rules/cel/time_text.h"

namespace nurtured::cel {
namespace {

using Outcome = std::optional<Value>;

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

std::string shown(const Value& text) {
  return "\"" + std::string(base::cut_utf8(text.as_string(), 40)) + "\"";
}

Outcome identity(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0];
}

Outcome string_to_bool(Evaluation& evaluation, const Arguments& arguments) {
  static constexpr std::array<std::string_view, 5> yes = {"true", "True", "TRUE", "t", "1"};
  static constexpr std::array<std::string_view, 5> no = {"false", "False", "FALSE", "f", "0"};
  const std::string_view text = arguments[0].as_string();
  if (std::find(yes.begin(), yes.end(), text) != yes.end() || text == "T") return true;
  if (std::find(no.begin(), no.end(), text) != no.end() || text == "F") return false;
  return evaluation.fail(shown(arguments[0]) + " is no bool");
}

Outcome string_to_bytes(Evaluation& /*unused*/, const Arguments& arguments) {
  return Bytes{arguments[0].as_string()};
}

Outcome int_to_double(Evaluation& /*unused*/, const Arguments& arguments) {
  return static_cast<double>(arguments[0].as_int());
}

Outcome uint_to_double(Evaluation& /*unused*/, const Arguments& arguments) {
  return static_cast<double>(arguments[0].as_uint());
}

Outcome string_to_double(Evaluation& evaluation, const Arguments& arguments) {
  const auto value = parse_double(arguments[0].as_string());
  if (!value) return evaluation.fail(shown(arguments[0]) + " is no double");
  return *value;
}

Outcome string_to_duration(Evaluation& evaluation, const Arguments& arguments) {
  const auto value = parse_duration(arguments[0].as_string());
  if (!value) return evaluation.fail(shown(arguments[0]) + " is no duration, or out of range");
  return *value;
}

Outcome uint_to_int(Evaluation& evaluation, const Arguments& arguments) {
  const std::uint64_t value = arguments[0].as_uint();
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return evaluation.fail("the number is out of range for an int");
  }
  return static_cast<std::int64_t>(value);
}

Outcome double_to_int(Evaluation& evaluation, const Arguments& arguments) {
  const double value = arguments[0].as_double();
  // Both ends are excluded, as the specification wants it; written so that NaN fails as well.
  if (!(value > -two_to_63 && value < two_to_63)) {
    return evaluation.fail("the number is out of range for an int");
  }
  return static_cast<std::int64_t>(value);
}

Outcome string_to_int(Evaluation& evaluation, const Arguments& arguments) {
  const auto value = parse_int(arguments[0].as_string());
  if (!value) return evaluation.fail(shown(arguments[0]) + " is no int, or out of range");
  return *value;
}

Outcome timestamp_to_int(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_timestamp().seconds;
}

Outcome bool_to_string(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_bool() ? "true" : "false";
}

Outcome int_to_string(Evaluation& /*unused*/, const Arguments& arguments) {
  return std::to_string(arguments[0].as_int());
}

Outcome uint_to_string(Evaluation& /*unused*/, const Arguments& arguments) {
  return std::to_string(arguments[0].as_uint());
}

Outcome double_to_string(Evaluation& /*unused*/, const Arguments& arguments) {
  return shortest(arguments[0].as_double());
}

Outcome bytes_to_string(Evaluation& evaluation, const Arguments& arguments) {
  if (!base::is_utf8(arguments[0].as_bytes())) return evaluation.fail("the bytes are not UTF-8");
  return arguments[0].as_bytes();
}

Outcome timestamp_to_string(Evaluation& /*unused*/, const Arguments& arguments) {
  return to_text(arguments[0].as_timestamp());
}

Outcome duration_to_string(Evaluation& /*unused*/, const Arguments& arguments) {
  return to_text(arguments[0].as_duration());
}

Outcome string_to_timestamp(Evaluation& evaluation, const Arguments& arguments) {
  const auto value = parse_timestamp(arguments[0].as_string());
  if (!value)
    return evaluation.fail(shown(arguments[0]) + " is no RFC 3339 timestamp, or out of range");
  return *value;
}

Outcome int_to_timestamp(Evaluation& evaluation, const Arguments& arguments) {
  const Timestamp moment{.seconds = arguments[0].as_int(), .nanos = 0};
  if (!in_range(moment)) return evaluation.fail("the timestamp is out of range");
  return moment;
}

Outcome int_to_uint(Evaluation& evaluation, const Arguments& arguments) {
  const std::int64_t value = arguments[0].as_int();
  if (value < 0) return evaluation.fail("the number is out of range for a uint");
  return static_cast<std::uint64_t>(value);
}

Outcome double_to_uint(Evaluation& evaluation, const Arguments& arguments) {
  const double value = arguments[0].as_double();
  if (!(value >= 0 && value < two_to_64)) {
    return evaluation.fail("the number is out of range for a uint");
  }
  return static_cast<std::uint64_t>(value);
}

Outcome string_to_uint(Evaluation& evaluation, const Arguments& arguments) {
  const auto value = parse_uint(arguments[0].as_string());
  if (!value) return evaluation.fail(shown(arguments[0]) + " is no uint, or out of range");
  return *value;
}

struct Conversion {
  std::string_view name;
  Type from;
  Type to;
  Implementation run;
};

}  // namespace

void add_conversions(LibraryTable& table) {
  const std::array<Conversion, 26> conversions = {{
      {"bool", Type::boolean(), Type::boolean(), identity},
      {"bool", Type::string(), Type::boolean(), string_to_bool},
      {"bytes", Type::bytes(), Type::bytes(), identity},
      {"bytes", Type::string(), Type::bytes(), string_to_bytes},
      {"double", Type::decimal(), Type::decimal(), identity},
      {"double", Type::integer(), Type::decimal(), int_to_double},
      {"double", Type::unsigned_integer(), Type::decimal(), uint_to_double},
      {"double", Type::string(), Type::decimal(), string_to_double},
      {"duration", Type::duration(), Type::duration(), identity},
      {"duration", Type::string(), Type::duration(), string_to_duration},
      {"int", Type::integer(), Type::integer(), identity},
      {"int", Type::unsigned_integer(), Type::integer(), uint_to_int},
      {"int", Type::decimal(), Type::integer(), double_to_int},
      {"int", Type::string(), Type::integer(), string_to_int},
      {"int", Type::timestamp(), Type::integer(), timestamp_to_int},
      {"string", Type::string(), Type::string(), identity},
      {"string", Type::boolean(), Type::string(), bool_to_string},
      {"string", Type::integer(), Type::string(), int_to_string},
      {"string", Type::unsigned_integer(), Type::string(), uint_to_string},
      {"string", Type::decimal(), Type::string(), double_to_string},
      {"string", Type::bytes(), Type::string(), bytes_to_string},
      {"string", Type::timestamp(), Type::string(), timestamp_to_string},
      {"string", Type::duration(), Type::string(), duration_to_string},
      {"timestamp", Type::timestamp(), Type::timestamp(), identity},
      {"timestamp", Type::string(), Type::timestamp(), string_to_timestamp},
      {"timestamp", Type::integer(), Type::timestamp(), int_to_timestamp},
  }};
  for (const Conversion& known : conversions) {
    table.push_back({known.name, false, {known.from}, known.to, known.run});
  }
  table.push_back({"uint", false, {Type::unsigned_integer()}, Type::unsigned_integer(), identity});
  table.push_back({"uint", false, {Type::integer()}, Type::unsigned_integer(), int_to_uint});
  table.push_back({"uint", false, {Type::decimal()}, Type::unsigned_integer(), double_to_uint});
  table.push_back({"uint", false, {Type::string()}, Type::unsigned_integer(), string_to_uint});
}

}  // namespace nurtured::cel
