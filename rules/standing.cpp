// Which segments the contact is in, and what starts for it by the clock: kept up to date as inputs
// arrive, and when only time passes.
//
// A segment is judged when something changed that its condition asks about (rules/segment.h), and
// at the moment at which time alone may change its answer (rules/cel/watch.h), which is kept with
// the contact and is one of its timers. So nobody is ever scanned.
#include "rules/standing.h"

#include <algorithm>
#include <charconv>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

constexpr base::Milliseconds tick{1};

struct CalendarDate {
  std::optional<int> year;  // none: the day of every year
  unsigned month = 0;
  unsigned day = 0;
  std::optional<base::Milliseconds> time;  // of the day, where the value has one
};

std::optional<unsigned> digits(std::string_view text, std::size_t from, std::size_t count) {
  if (text.size() < from + count) return std::nullopt;
  unsigned number = 0;
  const char* begin = text.data() + from;
  const auto [end, error] = std::from_chars(begin, begin + count, number);
  if (error != std::errc{} || end != begin + count) return std::nullopt;
  return number;
}

// 1990-05-17, and --05-17 for a birthday whose year is nobody's business (RFC 6350, section 4.3.1).
std::optional<CalendarDate> parse_date(std::string_view text) {
  const bool has_year = !text.starts_with("--");
  const std::size_t at = has_year ? 5 : 2;
  if (text.size() != at + 5 || text[at + 2] != '-' || (has_year && text[4] != '-')) {
    return std::nullopt;
  }
  const auto month = digits(text, at, 2);
  const auto day = digits(text, at + 3, 2);
  const auto year = has_year ? digits(text, 0, 4) : std::optional<unsigned>(2000);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok()) return std::nullopt;
  CalendarDate parsed{.year = std::nullopt, .month = *month, .day = *day, .time = {}};
  if (has_year) parsed.year = static_cast<int>(*year);
  return parsed;
}

CalendarDate date_of(Instant moment, const Zone& zone) {
  const LocalDay day = zone.day_of(moment);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return {.year = int{date.year()},
          .month = unsigned{date.month()},
          .day = unsigned{date.day()},
          .time = zone.to_local(moment).time_since_epoch() - std::chrono::days{day}};
}

std::optional<CalendarDate> read_date(const cel::Value& value, const Zone& zone) {
  if (const auto moment = value.instant()) return date_of(*moment, zone);
  if (!value.is_string()) return std::nullopt;
  if (auto date = parse_date(value.as_string())) return date;
  const auto moment = base::parse_instant(value.as_string());
  return moment ? std::optional(date_of(*moment, zone)) : std::nullopt;
}

// The moment of that date in that year, with the start's own time and offset.
Instant moment_of(const DateStart& start, const CalendarDate& date, int year, const Zone& zone) {
  const std::chrono::year_month_day_last month_end{
      std::chrono::year{year}, std::chrono::month_day_last{std::chrono::month{date.month}}};
  // Whoever was born on 29 February has their day before March begins.
  const unsigned day = std::min(date.day, unsigned{month_end.day()});
  const std::chrono::sys_days civil{std::chrono::year_month_day{
      std::chrono::year{year}, std::chrono::month{date.month}, std::chrono::day{day}}};
  base::Milliseconds time = date.time.value_or(base::Milliseconds{0});
  if (start.at) time = std::chrono::minutes{start.at->minutes};
  const auto days = std::chrono::days{start.is_before ? -start.offset.days : start.offset.days};
  const Instant moment = zone.to_instant(LocalTime{civil.time_since_epoch() + days + time});
  return start.is_before ? moment - start.offset.exact : moment + start.offset.exact;
}

// JavaScript sends a day as its midnight in UTC: `1990-05-17T00:00:00.000Z`. What comes every year
// is that day wherever the person lives.
bool is_day_of_year(const DateStart& start, const cel::Value& value) {
  if (!start.every_year || !value.is_string()) return false;
  const auto moment = base::parse_instant(value.as_string());
  return moment && std::chrono::floor<std::chrono::days>(*moment) == *moment;
}

std::optional<Instant> next_of(const Book& book, const Contact& contact, const DateStart& start,
                               Instant after, Instant now) {
  const auto value =
      start.date.program.evaluate(ConditionScope(book, contact, nullptr, nullptr, now));
  if (!value) return std::nullopt;
  const Zone& zone = book.zone(contact.timezone);
  const auto date =
      is_day_of_year(start, *value) ? read_date(*value, Zone()) : read_date(*value, zone);
  if (!date) return std::nullopt;
  if (!start.every_year) {
    if (!date->year) return std::nullopt;
    const Instant moment = moment_of(start, *date, *date->year, zone);
    return moment > after ? std::optional(moment) : std::nullopt;
  }
  // An offset of up to ten years may lie between the day and the moment.
  const int year = *date_of(after, zone).year;
  const int reach = 2 + start.offset.days / 365;
  for (int candidate = year - reach; candidate <= year + reach; ++candidate) {
    const Instant moment = moment_of(start, *date, candidate, zone);
    if (moment > after) return moment;
  }
  return std::nullopt;
}

std::optional<Instant> next_of(const Book& book, const Contact& contact, const ScheduleStart& start,
                               Instant after, Instant now) {
  if (!is_in_segment(book, contact, start.segment, now)) return std::nullopt;
  const Zone& zone = book.settings().zone;
  if (const auto* cron = std::get_if<Cron>(&start.times)) return next_time(*cron, after, zone);
  const Instant moment = zone.to_instant(std::get<LocalTime>(start.times));
  return moment > after ? std::optional(moment) : std::nullopt;
}

}  // namespace

bool is_date(const cel::Value& value) {
  return read_date(value, Zone()).has_value();
}

bool is_in_segment(const Book& book, const Contact& contact, std::string_view segment,
                   Instant now) {
  const Segment* found = book.segments().find(segment);
  if (found == nullptr) return false;
  const auto answer =
      found->condition.program.test(ConditionScope(book, contact, nullptr, nullptr, now));
  return answer && *answer;
}

std::optional<Instant> next_start(const Book& book, const Contact& contact, const TimedStart& start,
                                  Instant after, Instant now) {
  return std::visit([&](const auto& when) { return next_of(book, contact, when, after, now); },
                    start.when);
}

// ---- what may have changed

void Machine::segments_changed(const std::vector<SegmentIndex>& concerned) {
  for (const SegmentIndex index : concerned) {
    if (std::ranges::find(stale_segments_, index) == stale_segments_.end()) {
      stale_segments_.push_back(index);
    }
  }
}

void Machine::profile_changed() {
  segments_changed(book_.segments().by_profile());
  starts_stale_ = true;
}

// Days are counted on the contact's clock.
void Machine::clock_changed() {
  for (SegmentIndex i = 0; i < book_.segments().size(); ++i) segments_changed({i});
  starts_stale_ = true;
}

void Machine::touched(Instant at) {
  contact().touches.add(at);
  segments_changed(book_.segments().by_touch());
}

// ---- segments

// A book with other segments says of whom they are from now on, without anybody having entered: who
// is there is reached by a schedule. Somebody who is met for the first time enters.
void Machine::adopt_rules(Instant now) {
  if (contact().standing_rules == book_.standing_rules()) return;
  now_ = now;
  const bool is_new = contact().standing_rules == 0 && contact().history.empty();
  contact().standing_rules = book_.standing_rules();
  clock_changed();
  if (is_new) return;
  std::erase_if(contact().memberships, [&](const Membership& membership) {
    return book_.segments().find(membership.segment) == nullptr;
  });
  for (const SegmentIndex index : std::exchange(stale_segments_, {})) judge_segment(index);
}

// Known under one name from now on, a person enters what neither was in and leaves what this one
// was in. What the other alone was in is as if it had been so all along: whoever has bought does
// not leave the prospects each time that another device of theirs turns out to be theirs.
void Machine::adopt_merged(Instant now) {
  const auto merged = std::exchange(contact().merged_from, std::nullopt);
  if (!merged) return;
  now_ = now;
  for (const std::string& name : merged->segments) {
    const bool is_own = std::ranges::any_of(contact().memberships, [&](const Membership& own) {
      return own.segment == name && own.is_in;
    });
    const std::size_t index = book_.segments().index_of(name);
    if (!is_own && index < book_.segments().size()) judge_segment(static_cast<SegmentIndex>(index));
  }
  clock_changed();
  zone_changed_ = true;  // the other one may have had one
}

// What the membership has become; nullopt where it is as it was.
std::optional<bool> Machine::judge_segment(SegmentIndex index) {
  const Segment& segment = book_.segments()[index];
  cel::Watch watch;
  const auto answer = segment.condition.program.test(
      ConditionScope(book_, contact(), nullptr, nullptr, now_, &watch));
  auto& memberships = contact().memberships;
  auto known = std::ranges::find(memberships, segment.name, &Membership::segment);
  const bool was_in = known != memberships.end() && known->is_in;
  const bool is_in = answer && *answer;
  if (!answer && was_in) {
    record("error").detail = to_string(segment.condition.place) + ": " + answer.error().message;
  }
  std::optional<Instant> due;
  if (watch.change_in()) due = std::min(now_ + *watch.change_in(), base::instant_max);
  if (!is_in && !due) {
    if (known != memberships.end()) memberships.erase(known);
  } else {
    if (known == memberships.end()) known = memberships.insert(known, {.segment = segment.name});
    known->is_in = is_in;
    known->due = due;
  }
  if (is_in == was_in) return std::nullopt;
  starts_stale_ = true;
  return is_in;
}

void Machine::judge_segments() {
  while (!stale_segments_.empty()) {
    auto concerned = std::exchange(stale_segments_, {});
    std::ranges::sort(concerned);
    for (const SegmentIndex index : concerned) {
      const auto is_in = judge_segment(index);
      if (!is_in) continue;
      const std::string& name = book_.segments()[index].name;
      Decision& decision = record("segment");
      decision.outcome = *is_in ? "entered" : "left";
      decision.detail = name;
      emit(*is_in ? "segment.entered" : "segment.left", cel::Map{{"segment", name}});
    }
  }
}

void Machine::judge_due_segments(Instant due) {
  for (const Membership& membership : contact().memberships) {
    if (!membership.due || *membership.due > due) continue;
    const std::size_t index = book_.segments().index_of(membership.segment);
    if (index < book_.segments().size()) segments_changed({static_cast<SegmentIndex>(index)});
  }
}

// ---- starts by the clock

// On another clock the same day of the person's has another moment: it begins once, and at once
// where that is past. Days that come again are a year apart.
std::optional<Instant> Machine::moved_start(const TimedStartRef& ref) {
  constexpr base::Milliseconds clocks_apart_max = std::chrono::hours{27};  // UTC-12 and UTC+14
  const TimedStart& start = ref.playbook->timed_starts[ref.start];
  const auto planned =
      std::ranges::find_if(contact().planned_starts, [&](const PlannedStart& known) {
        return known.playbook == ref.playbook->id && known.start == ref.start;
      });
  if (planned != contact().planned_starts.end()) {
    const auto same = next_start(book_, contact(), start, planned->due - clocks_apart_max, now_);
    const bool is_same = same && *same <= planned->due + clocks_apart_max;
    if (is_same) return std::max(*same, now_);
  }
  const auto due = next_start(book_, contact(), start, planned_after(ref), now_);
  // A day that does not come again may have begun on the former clock.
  const bool has_begun =
      due && std::ranges::any_of(contact().starts, [&](const LastStart& last) {
        return last.playbook == ref.playbook->id && last.at > *due - clocks_apart_max;
      });
  return has_begun && planned == contact().planned_starts.end() ? std::nullopt : due;
}

// Events come before timers at equal times: whoever an event of this very moment makes fit still
// starts in it, but nothing starts twice at once.
Instant Machine::planned_after(const TimedStartRef& ref) {
  const auto planned =
      std::ranges::find_if(contact().planned_starts, [&](const PlannedStart& start) {
        return start.playbook == ref.playbook->id && start.start == ref.start;
      });
  // One that is due and has not begun yet stays, unless its moment has moved.
  if (planned != contact().planned_starts.end() && planned->due <= now_) return planned->due - tick;
  const bool has_begun = std::ranges::any_of(contact().starts, [&](const LastStart& last) {
    return last.playbook == ref.playbook->id && last.at == now_;
  });
  return has_begun ? now_ : now_ - tick;
}

void Machine::plan_starts() {
  if (!std::exchange(starts_stale_, false)) return;
  std::vector<PlannedStart> planned;
  for (const TimedStartRef& ref : book_.timed_starts()) {
    const TimedStart& start = ref.playbook->timed_starts[ref.start];
    const bool is_moved = zone_changed_ && std::holds_alternative<DateStart>(start.when);
    const auto due =
        is_moved ? moved_start(ref) : next_start(book_, contact(), start, planned_after(ref), now_);
    if (due) planned.push_back({ref.playbook->id, ref.start, *due});
  }
  zone_changed_ = false;
  contact().planned_starts = std::move(planned);
}

void Machine::begin_due_starts(Instant due) {
  struct DueStart {
    Instant due;
    const TimedStartRef* ref;
  };
  std::vector<DueStart> begun;
  for (const TimedStartRef& ref : book_.timed_starts()) {
    const auto planned =
        std::ranges::find_if(contact().planned_starts, [&](const PlannedStart& start) {
          return start.playbook == ref.playbook->id && start.start == ref.start && start.due <= due;
        });
    if (planned == contact().planned_starts.end()) continue;
    begun.push_back({planned->due, &ref});
    // Those that fell due in a long downtime are not caught up with one by one.
    const Instant late = subtract(now_, book_.settings().late_within, zone());
    const auto next = next_start(book_, contact(), ref.playbook->timed_starts[ref.start],
                                 std::max(planned->due, late), now_);
    if (next) {
      planned->due = *next;
    } else {
      contact().planned_starts.erase(planned);
    }
  }
  std::ranges::stable_sort(begun, {}, &DueStart::due);
  for (const DueStart& start : begun) begin_by_clock(*start.ref, start.due);
}

void Machine::begin_by_clock(const TimedStartRef& ref, Instant due) {
  const Playbook& playbook = *ref.playbook;
  const TimedStart& start = playbook.timed_starts[ref.start];
  if (now_ > add(due, book_.settings().late_within, zone())) {
    ignore(playbook, "it fell due at " + base::to_rfc3339(due) + ", and that is too long ago");
    return;
  }
  const bool is_date = std::holds_alternative<DateStart>(start.when);
  const Event event{.name = std::string(is_date ? date_reached : schedule_reached),
                    .properties = cel::Map{{"playbook", playbook.id}},
                    .occurred_at = due,
                    .received_at = now_};
  if (!holds(start.condition, &event, nullptr)) return;
  this->start(playbook, event);
}

void Machine::handle(const StartPlaybook& command) {
  const Playbook* playbook = book_.playbook(command.playbook);
  if (playbook == nullptr || !playbook->by_hand) return;
  start(*playbook,
        {.name = "enrollment.requested",
         .properties = command.properties.is_map() ? command.properties : cel::Value(cel::Map{}),
         .occurred_at = now_,
         .received_at = now_});
}

}  // namespace nurtured::rules
