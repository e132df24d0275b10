#include "rules/cel/watch.h"

#include <algorithm>

#include "rules/cel/time_text.h"

namespace nurtured::cel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t hour_seconds = 3600;
constexpr std::int64_t day_seconds = 86'400;

// What is left of the step of `length` that `position` is in, to its end or back to its beginning.
std::int64_t rest_of(std::int64_t position, std::int64_t length, Pace pace) {
  const std::int64_t passed = ((position % length) + length) % length;
  return pace == Pace::back ? passed : length - passed;
}

}  // namespace

void Watch::note(milliseconds distance) {
  distance = std::max(distance, milliseconds{1});
  if (!change_in_ || distance < *change_in_) change_in_ = distance;
}

void Watch::compared(const Value& left, const Value& right, Pace pace) {
  std::optional<Duration> gap;
  if (left.is_timestamp() && right.is_timestamp()) {
    gap = difference(right.as_timestamp(), left.as_timestamp());
  } else if (left.is_duration() && right.is_duration()) {
    const auto less = negated(left.as_duration());
    gap = less ? add(right.as_duration(), *less) : std::nullopt;
  }
  if (gap && pace == Pace::back) gap = negated(*gap);
  // Out of range is centuries away.
  if (!gap || gap->seconds < 0 || gap->nanos < 0) return;
  note(std::chrono::duration_cast<milliseconds>(seconds{gap->seconds}) +
       milliseconds{gap->nanos / 1'000'000});
}

void Watch::asked_part(const Value& time, std::string_view part, std::string_view zone, Pace pace) {
  const std::int64_t length = part == "getHours" ? hour_seconds : day_seconds;
  const auto note_seconds = [&](std::int64_t distance) { note(seconds{distance}); };
  if (time.is_duration()) {
    note_seconds(rest_of(time.as_duration().seconds, length, pace));
    return;
  }
  if (!time.is_timestamp()) return;
  const Timestamp moment = time.as_timestamp();
  const auto offset = utc_offset(zone, moment);
  if (!offset) return;
  const std::int64_t rest = rest_of(moment.seconds + *offset, length, pace);
  note_seconds(rest);
  // A clock change on the way brings the end of the day nearer.
  const Timestamp end{moment.seconds + (pace == Pace::back ? -rest : rest), 0};
  const auto later = in_range(end) ? utc_offset(zone, end) : std::nullopt;
  if (later && *later != *offset) note_seconds(rest_of(moment.seconds + *later, length, pace));
}

}  // namespace nurtured::cel
