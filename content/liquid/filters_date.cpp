// The `date` filter.
#include "content/liquid/filters.h"
#include "content/liquid/moment.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

// The moments that base::Instant holds, in seconds.
bool is_in_range(std::int64_t seconds) {
  return seconds >= base::to_millis(base::instant_min) / 1000 &&
         seconds <= base::to_millis(base::instant_max) / 1000;
}

bool is_all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

// Nothing for an input that is no date.
std::optional<Moment> moment_of(const FilterInput& call) {
  const base::Instant now = call.options.now;
  const std::string_view zone = call.options.zone;
  const cel::Value* data = as_data(call.input);
  if (data != nullptr && data->is_timestamp()) return moment_in(*data->instant(), zone);
  std::optional<std::int64_t> seconds = as_integer(call.input);
  if (const auto text = as_text(call.input)) {
    const std::string word = lower_case(text->substr(0, date_text_bytes_max));
    if (word == "now" || word == "today") return moment_in(now, zone);
    if (!is_all_digits(*text)) return parse_moment(*text, now, zone);
    seconds = leading_whole(*text);
  }
  if (!seconds || !is_in_range(*seconds)) return std::nullopt;
  return moment_in(base::from_millis(*seconds * 1000), zone);
}

// An input that is no date, and an empty format, leave the input as it is.
Checked<Value> date(const FilterInput& call) {
  const std::string format = text_argument(call, 0);
  if (format.empty()) return call.input;
  if (!moment_in(call.options.now, call.options.zone)) {
    return fault("unknown time zone '" + std::string(call.options.zone) + "'");
  }
  const auto moment = moment_of(call);
  if (!moment) return call.input;
  const Limits& limits = call.budget.limits();
  auto text = format_moment(*moment, format, call.options.locale, limits.string_bytes_max);
  if (!text) return string_fault(limits);
  return cel::Value(std::move(*text));
}

constexpr FilterEntry entries[] = {{"date", 1, 1, date}};

}  // namespace

std::span<const FilterEntry> date_filters() {
  return entries;
}

}  // namespace nurtured::content::liquid
