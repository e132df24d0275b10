#include "config/start_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace nurtured::config {
namespace {

constexpr std::string_view how_to_start = "say which event starts it: start: {when: EVENT}";

class StartReader {
 public:
  StartReader(const Reading& reading, Starts& out)
      : reading_(reading), problems_(reading.problems), out_(out) {}

  void read(const Node& node) {
    if (node.is_scalar()) {
      if (!use_event(node, reading_)) return;
      out_.events.push_back({.event = node.text, .condition = {}, .segment = {}});
      begins_with(node.text);
      return;
    }
    Section section(node, "start", problems_);
    const Way* way = way_of(node, section);
    if (way == nullptr) return;
    (this->*way->read)(section);
    section.finish();
  }

  void finish() { out_.event = shape_of(reading_.catalogue, begins_with_); }

 private:
  struct Way {
    std::string_view key;
    void (StartReader::*read)(Section& section);
  };

  static constexpr std::size_t ways = 7;
  static const std::array<Way, ways>& all_ways() {
    // `segment` stands beside a schedule, too, and so comes last.
    static constexpr std::array<Way, ways> all = {{{"when", &StartReader::read_event_start},
                                                   {"leaves", &StartReader::read_leaving},
                                                   {"date", &StartReader::read_date},
                                                   {"schedule", &StartReader::read_schedule},
                                                   {"once", &StartReader::read_once},
                                                   {"manual", &StartReader::read_manual},
                                                   {"segment", &StartReader::read_entering}}};
    return all;
  }

  // nullptr, and reported, when the map names no way to start, or two.
  const Way* way_of(const Node& node, Section& section) {
    const Way* found = nullptr;
    for (const Way& way : all_ways()) {
      const Node* key = node.find(way.key);
      if (key == nullptr) continue;
      const bool is_audience = found != nullptr && way.key == "segment" &&
                               (found->key == "schedule" || found->key == "once");
      if (is_audience) continue;
      if (found != nullptr) {
        problems_.error(
            key->place,
            fmt::format("a start is one thing: `{}` stands beside `{}`", way.key, found->key),
            "write a list: - {when: EVENT}");
        return nullptr;
      }
      found = &way;
    }
    if (found == nullptr && node.is_map()) report_none(node, section);
    return found;
  }

  void report_none(const Node& node, Section& section) {
    std::vector<std::string> names;
    for (const Way& way : all_ways()) names.emplace_back(way.key);
    for (const Entry& entry : node.entries) {
      const std::string hint = did_you_mean(entry.key, names);
      if (hint.empty()) continue;
      problems_.error(entry.place, fmt::format("there is no `start.{}` here", entry.key), hint);
      return;
    }
    section.error("", "this starts at nothing",
                  "write when: EVENT, segment: NAME, leaves: NAME, date: EXPR, schedule: CRON, "
                  "once: TIME or manual: true");
  }

  void begins_with(std::string event) {
    if (std::ranges::find(begins_with_, event) == begins_with_.end()) {
      begins_with_.push_back(std::move(event));
    }
  }

  std::optional<rules::Expression> read_condition(Section& section, const std::string& event) {
    begins_with(event);
    const Node* node = section.node("if");
    if (node == nullptr) return std::nullopt;
    const Scene scene{shape_of(reading_.catalogue, {event}), std::nullopt};
    return read_expression(*node, Wanted::condition, scene, reading_);
  }

  std::string read_segment(Section& section, std::string_view key) {
    const auto name = section.text(key);
    if (!name) return "";
    reading_.uses.segments.insert(*name);
    check_segment(*name, section.node(key)->place, reading_.catalogue, problems_);
    return *name;
  }

  void read_event_start(Section& section) {
    section.require("when", "name the event that starts it");
    rules::EventStart start;
    start.event = read_event(section, reading_);
    start.condition = read_condition(section, start.event);
    out_.events.push_back(std::move(start));
  }

  void read_segment_start(Section& section, std::string_view key, std::string event) {
    rules::EventStart start;
    start.segment = read_segment(section, key);
    start.condition = read_condition(section, event);
    start.event = std::move(event);
    out_.events.push_back(std::move(start));
  }
  void read_entering(Section& section) {
    read_segment_start(section, "segment", "segment.entered");
  }
  void read_leaving(Section& section) { read_segment_start(section, "leaves", "segment.left"); }

  void read_date(Section& section) {
    const Scene scene{.event = {}, .enrollment = std::nullopt, .contact_alone = true};
    auto date = read_expression(*section.node("date"), Wanted::date, scene, reading_);
    if (date && !reading_.catalogue.is_former) check_stays(*date);
    const bool is_yearly = section.choice("every", {"year"}).has_value();
    std::optional<rules::ClockTime> at;
    if (const auto text = section.text("at")) {
      if (auto time = rules::parse_clock_time(*text)) {
        at = *time;
      } else {
        section.error("at", time.error().message, time.error().remedy);
      }
    }
    rules::Span offset;
    bool is_before = false;
    if (const auto text = section.text("offset")) {
      is_before = text->starts_with('-');
      const bool is_signed = is_before || text->starts_with('+');
      if (auto span = rules::parse_span(std::string_view(*text).substr(is_signed ? 1 : 0))) {
        offset = *span;
      } else {
        section.error("offset", fmt::format("\"{}\" is no offset", *text),
                      "write it like -3d for three days before, or 2h for two hours after");
      }
    }
    auto condition = read_condition(section, "date.reached");
    out_.recurs = out_.recurs || is_yearly;
    if (!date) return;
    out_.timed.push_back({.when = rules::DateStart{.date = *std::move(date),
                                                   .offset = offset,
                                                   .is_before = is_before,
                                                   .at = at,
                                                   .every_year = is_yearly},
                          .condition = std::move(condition)});
  }

  void check_stays(const rules::Expression& date) {
    const auto& fields = date.program.references().fields;
    if (std::ranges::find(fields, "now", &cel::FieldReference::variable) == fields.end()) return;
    problems_.error(date.place, "a date stays where it is, and `now` does not",
                    "give a date of the contact's, such as contact.birthday or last(\"paid\")");
  }

  // `key` says when; `times` is what was read of it.
  void add_schedule(Section& section, std::string_view key,
                    const std::optional<std::variant<rules::Cron, rules::LocalTime>>& times) {
    section.require("segment", "say to whom: segment: NAME");
    std::string segment = read_segment(section, "segment");
    auto condition = read_condition(section, "schedule.reached");
    if (!times) return;
    out_.timed.push_back(
        {.when = rules::ScheduleStart{std::move(segment), *times, section.text(key).value_or("")},
         .condition = std::move(condition)});
  }

  void read_schedule(Section& section) {
    out_.recurs = true;
    std::optional<std::variant<rules::Cron, rules::LocalTime>> times;
    if (const auto text = section.text("schedule")) {
      if (auto cron = rules::parse_cron(*text)) {
        times = *cron;
      } else {
        section.error("schedule", cron.error().message, cron.error().remedy);
      }
    }
    add_schedule(section, "schedule", times);
  }

  void read_once(Section& section) {
    std::optional<std::variant<rules::Cron, rules::LocalTime>> times;
    if (const auto text = section.text("once")) {
      if (auto moment = rules::parse_local_time(*text)) {
        times = *moment;
      } else {
        section.error("once", moment.error().message, moment.error().remedy);
      }
    }
    add_schedule(section, "once", times);
  }

  void read_manual(Section& section) {
    if (const auto manual = section.boolean("manual"); manual && !*manual) {
      section.error("manual", "`manual` is always true",
                    "write `manual: true`, or remove this start");
    }
    out_.by_hand = true;
    begins_with("enrollment.requested");
  }

  const Reading& reading_;
  Problems& problems_;
  Starts& out_;
  std::vector<std::string> begins_with_;
};

}  // namespace

Starts read_starts(Section& playbook, const Reading& reading) {
  Starts out;
  if (!playbook.require("start", how_to_start)) return out;
  const Node& node = *playbook.node("start");
  if (node.is_list() && node.items.empty()) {
    playbook.error("start", "`start` is empty", std::string(how_to_start));
  }
  StartReader reader(reading, out);
  if (!node.is_list()) {
    reader.read(node);
  } else {
    for (const Node& item : node.items) reader.read(item);
  }
  reader.finish();
  return out;
}

bool use_event(const Node& node, const Reading& reading) {
  if (!check_event_name(node.text, node.place, reading.problems)) return false;
  reading.uses.events.push_back({node.text, node.place});
  return true;
}

std::string read_event(Section& section, const Reading& reading) {
  const auto event = section.text("when");
  return event && use_event(*section.node("when"), reading) ? *event : "";
}

}  // namespace nurtured::config
