#include "rules/scope.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace nurtured::rules {
namespace {

using cel::Type;
using cel::Value;

enum Variable : std::size_t { contact_variable, event_variable, enrollment_variable, now_variable };
enum ContactSlot : std::size_t {
  id_slot,
  tags_slot,
  stage_slot,
  score_slot,
  channels_slot,
  consent_slot,
  timezone_slot,
  locale_slot,
};
// Of the traits that are known in two.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> spellings = {
    {{"firstName", "first_name"}, {"lastName", "last_name"}, {"createdAt", "created_at"}}};

enum EventSlot : std::size_t { name_slot, at_slot };
enum EnrollmentSlot : std::size_t { started_slot, key_slot, playbook_slot, start_event_slot };
enum Function : std::size_t {
  did_ever,
  did_within,
  times_ever,
  times_within,
  last_time,
  touches_ever,
  touches_within,
  is_in_named_segment,
};

// Where a window that ends now begins. An hour that the clock shows twice is of no second use: what
// fell out of the window in the first stays out (CONTRACT section 2: the first counts).
Instant window_begin(Instant now, const Span& span, const Zone& zone) {
  constexpr base::Milliseconds set_back_max = std::chrono::hours{3};
  constexpr base::Milliseconds tick{1};
  const Instant begin = subtract(now, span, zone);
  if (span.days == 0) return begin;
  const Instant change = zone.next_change(now - set_back_max);
  return change > now ? begin : std::max(begin, subtract(change - tick, span, zone));
}

// How far a window's count is from changing by time alone: when the first that it holds falls out,
// or the last where any one will do. `days` of a window are counted on the contact's clock, so that
// a clock change moves its beginning, never back.
void note_window(const Tally& counted, const Span& span, bool any, const Zone& zone, Instant now,
                 cel::Watch& watch) {
  if (counted.count == 0) return;
  const Instant begin = window_begin(now, span, zone);
  const auto held =
      any ? std::optional(std::min(counted.last, now)) : counted.first_between(begin, now);
  const Instant clock_change = span.days == 0 ? base::instant_max : zone.next_change(now);
  if (!held || *held < begin) return;
  const auto is_out = [&](Instant at) { return window_begin(at, span, zone) > *held; };
  Instant in = now;
  Instant out = add(*held, span, zone) + base::Milliseconds{1};
  if (!is_out(out) || is_out(out - base::Milliseconds{1})) {
    while (!is_out(out)) out += std::chrono::hours{3};
    while (out - in > base::Milliseconds{1}) {
      const Instant middle = in + (out - in) / 2;
      (is_out(middle) ? out : in) = middle;
    }
  }
  watch.note(std::min(out, std::max(clock_change, now)) - now);
}

Value tags_of(const Contact& contact) {
  cel::List list;
  list.reserve(contact.tags.size());
  for (const auto& tag : contact.tags) list.emplace_back(tag);
  return list;
}

Value channels_of(const Contact& contact) {
  cel::Map map;
  for (const auto& [channel, address] : contact.addresses) map.set(channel, address);
  return map;
}

Value consent_of(const Contact& contact) {
  cel::Map map;
  for (const auto& [channel, consent] : contact.consents) map.set(channel, consent.given);
  return map;
}

// A whole score prints and compares as the whole number that people gave.
Value score_of(const Contact& contact) {
  if (std::abs(contact.score) < 9e15 && contact.score == std::floor(contact.score)) {
    return static_cast<std::int64_t>(contact.score);
  }
  return contact.score;
}

const Value* text_or_missing(const std::string& text, Value& scratch) {
  if (text.empty()) return nullptr;
  scratch = Value(text);
  return &scratch;
}

const Value* attribute(const Contact& contact, std::string_view name, Value& scratch) {
  const auto found = contact.attributes.find(attribute_name(name));
  if (found != contact.attributes.end()) return &found->second;
  if (name == "email") {
    const auto address = contact.addresses.find("email");
    if (address == contact.addresses.end()) return nullptr;
    scratch = address->second;
    return &scratch;
  }
  return nullptr;
}

const Value* contact_field(const Contact& contact, cel::FieldName field, Value& scratch) {
  switch (field.slot) {
    case id_slot:
      scratch = contact.user_id;
      return &scratch;
    case tags_slot:
      scratch = tags_of(contact);
      return &scratch;
    case stage_slot:
      scratch = contact.stage;
      return &scratch;
    case score_slot:
      scratch = score_of(contact);
      return &scratch;
    case channels_slot:
      scratch = channels_of(contact);
      return &scratch;
    case consent_slot:
      scratch = consent_of(contact);
      return &scratch;
    case timezone_slot:
      return text_or_missing(contact.timezone, scratch);
    case locale_slot:
      return text_or_missing(contact.locale, scratch);
    default:
      return attribute(contact, field.name, scratch);
  }
}

Value event_map(std::string_view name, const Value& properties, Instant at) {
  cel::Map map;
  if (properties.is_map()) {
    for (const auto& entry : properties.as_map()) map.set(entry.key, entry.value);
  }
  map.set("name", name);
  map.set("at", at);
  return map;
}

Value contact_map(const Contact& contact) {
  cel::Map map;
  for (const auto& [name, value] : contact.attributes) map.set(name, value);
  const auto email = contact.addresses.find("email");
  if (email != contact.addresses.end()) map.set("email", email->second);
  map.set("id", contact.user_id);
  map.set("tags", tags_of(contact));
  map.set("stage", contact.stage);
  map.set("score", score_of(contact));
  map.set("channels", channels_of(contact));
  map.set("consent", consent_of(contact));
  if (!contact.timezone.empty()) map.set("timezone", contact.timezone);
  if (!contact.locale.empty()) map.set("locale", contact.locale);
  return map;
}

Value enrollment_map(const Enrollment& enrollment) {
  cel::Map map;
  if (enrollment.saved.is_map()) {
    for (const auto& entry : enrollment.saved.as_map()) map.set(entry.key, entry.value);
  }
  map.set("started", enrollment.started);
  map.set("key", enrollment.key);
  map.set("playbook", enrollment.playbook);
  map.set("event", event_map(enrollment.event_name, enrollment.event, enrollment.event_at));
  return map;
}

// What a slot names comes first, in the order of ContactSlot; then what is looked up by name.
Type contact_type() {
  cel::ObjectFields contact{.name = "contact",
                            .fields = {{"id", Type::string()},
                                       {"tags", Type::list(Type::string())},
                                       {"stage", Type::string()},
                                       {"score", Type::number()},
                                       {"channels", Type::map(Type::string(), Type::string())},
                                       {"consent", Type::map(Type::string(), Type::boolean())},
                                       {"timezone", Type::string()},
                                       {"locale", Type::string()}},
                            .open = true};
  for (const char* trait :
       {"email", "phone", "first_name", "firstName", "last_name", "lastName", "birthday"}) {
    contact.fields.push_back({trait, Type::string()});
  }
  return Type::object(std::move(contact));
}

Type event_type(std::string name, const EventShape& event) {
  // In the order of EventSlot.
  std::vector<cel::ObjectFields::Field> fields = {{"name", Type::string()},
                                                  {"at", Type::timestamp()}};
  fields.insert(fields.end(), event.properties.begin(), event.properties.end());
  return Type::object({.name = std::move(name), .fields = std::move(fields), .open = event.open});
}

Type enrollment_type(const EnrollmentShape& enrollment) {
  // In the order of EnrollmentSlot.
  cel::ObjectFields fields{.name = "enrollment",
                           .fields = {{"started", Type::timestamp()},
                                      {"key", Type::string()},
                                      {"playbook", Type::string()},
                                      {"event", event_type("enrollment.event", enrollment.event)}},
                           .open = enrollment.open};
  for (const EnrollmentShape::Saved& saved : enrollment.saved) {
    fields.fields.push_back(
        {saved.name, saved.event ? event_type("enrollment." + saved.name, *saved.event) : Type()});
  }
  return Type::object(std::move(fields));
}

}  // namespace

cel::Environment condition_environment(const EventShape& event, const EnrollmentShape& enrollment,
                                       const ConditionOptions& options) {
  cel::Environment environment(
      {.missing_is_null = true, .mixed_numbers = true, .judge_literals = options.judge_literals});
  environment.add_variable("contact", contact_type());
  environment.add_variable("event", event_type("event", event));
  environment.add_variable("enrollment", enrollment_type(enrollment));
  const std::size_t now = environment.add_variable("now", Type::timestamp());
  if (options.watches_clock) environment.watch_clock(now);
  // In the order of Function.
  environment.add_function("did", {Type::string()}, Type::boolean());
  environment.add_function("did", {Type::string(), Type::string()}, Type::boolean());
  environment.add_function("times", {Type::string()}, Type::integer());
  environment.add_function("times", {Type::string(), Type::string()}, Type::integer());
  environment.add_function("last", {Type::string()}, Type::dyn());
  environment.add_function("touches", {}, Type::integer());
  environment.add_function("touches", {Type::string()}, Type::integer());
  environment.add_function("in_segment", {Type::string()}, Type::boolean());
  return environment;
}

std::optional<Value> ConditionScope::variable(std::size_t variable) const {
  switch (variable) {
    case contact_variable:
      return contact_map(contact_);
    case event_variable:
      if (event_ != nullptr)
        return event_map(event_->name, event_->properties, event_->occurred_at);
      if (enrollment_ != nullptr) {
        return event_map(enrollment_->event_name, enrollment_->event, enrollment_->event_at);
      }
      return std::nullopt;
    case enrollment_variable:
      if (enrollment_ == nullptr) return std::nullopt;
      return enrollment_map(*enrollment_);
    case now_variable:
      return Value(now_);
    default:
      return std::nullopt;
  }
}

const Value* ConditionScope::field(std::size_t variable, cel::FieldName field,
                                   Value& scratch) const {
  const auto made = [&scratch](Value value) {
    scratch = std::move(value);
    return &scratch;
  };
  switch (variable) {
    case contact_variable:
      return contact_field(contact_, field, scratch);
    case event_variable: {
      if (event_ == nullptr && enrollment_ == nullptr) return nullptr;
      if (field.slot == name_slot) return made(event_ ? event_->name : enrollment_->event_name);
      if (field.slot == at_slot) return made(event_ ? event_->occurred_at : enrollment_->event_at);
      return (event_ ? event_->properties : enrollment_->event).find(field.name);
    }
    case enrollment_variable: {
      if (enrollment_ == nullptr) return nullptr;
      switch (field.slot) {
        case started_slot:
          return made(enrollment_->started);
        case key_slot:
          return made(enrollment_->key);
        case playbook_slot:
          return made(enrollment_->playbook);
        case start_event_slot:
          return made(
              event_map(enrollment_->event_name, enrollment_->event, enrollment_->event_at));
        default:
          return enrollment_->saved.find(field.name);
      }
    }
    default:
      return nullptr;
  }
}

base::Result<Value> ConditionScope::call(std::size_t function,
                                         std::span<const Value> arguments) const {
  static const Tally nothing;
  const auto tally = [&]() -> const Tally& {
    const auto found = contact_.history.find(arguments[0].as_string());
    return found == contact_.history.end() ? nothing : found->second;
  };
  // The number within the window that the last argument names.
  const auto within = [&](const Tally& counted) -> base::Result<std::int64_t> {
    const auto span = parse_span(arguments.back().as_string());
    if (!span) return base::fail(span.error());
    const Zone& zone = book_.zone(contact_.timezone);
    if (watch_ != nullptr) {
      note_window(counted, *span, function == did_within, zone, now_, *watch_);
    }
    return counted.between(window_begin(now_, *span, zone), now_);
  };
  switch (function) {
    case did_ever:
      return Value(tally().count > 0);
    case did_within:
      return within(tally()).map([](std::int64_t n) { return Value(n > 0); });
    case times_ever:
      return Value(tally().count);
    case times_within:
      return within(tally()).map([](std::int64_t n) { return Value(n); });
    case last_time:
      return tally().count > 0 ? Value(tally().last) : Value();
    case touches_ever:
      return Value(contact_.touches.count);
    case touches_within:
      return within(contact_.touches).map([](std::int64_t n) { return Value(n); });
    case is_in_named_segment:
      return in_segment(arguments[0].as_string());
    default:
      return base::fail(base::ErrorKind::internal, "an unknown function was called");
  }
}

std::vector<std::pair<std::string, Value>> example_properties(const Expression& condition) {
  const cel::PlainCondition* plain = condition.program.plain();
  if (plain == nullptr) return {};
  auto properties = plain->example(event_variable);
  // What every event has is no property.
  std::erase_if(properties,
                [](const auto& its) { return its.first == "name" || its.first == "at"; });
  return properties;
}

// Judged anew, so that it is right at this very moment; segments ask only for others than
// themselves.
base::Result<Value> ConditionScope::in_segment(const std::string& name) const {
  const Segment* segment = book_.segments().find(name);
  if (segment == nullptr) {
    return base::fail(base::ErrorKind::not_found, "there is no segment " + name);
  }
  return segment->condition.program.evaluate(
      ConditionScope(book_, contact_, nullptr, nullptr, now_, watch_));
}

std::string_view attribute_name(std::string_view trait) {
  for (const auto& [camel, snake] : spellings) {
    if (trait == camel) return snake;
  }
  return trait;
}

namespace {

// As CONTRACT section 6 writes them, for templates, which look names up as they stand.
Value in_both_spellings(cel::Map contact) {
  for (const auto& [camel, snake] : spellings) {
    const Value* value = contact.find(Value(snake));
    if (value != nullptr) contact.set(camel, Value(*value));
  }
  return contact;
}

}  // namespace

Value render_data(const Book& book, const Contact& contact, const Enrollment* enrollment,
                  Instant now) {
  cel::Map data;
  data.set("contact", in_both_spellings(contact_map(contact).as_map()));
  data.set("event", enrollment != nullptr
                        ? event_map(enrollment->event_name, enrollment->event, enrollment->event_at)
                        : Value(cel::Map{}));
  data.set("enrollment", enrollment != nullptr ? enrollment_map(*enrollment) : Value(cel::Map{}));
  data.set("vars", book.settings().vars.is_map() ? book.settings().vars : Value(cel::Map{}));
  data.set("now", now);
  const bool is_own = !contact.timezone.empty() && book.knows_zone(contact.timezone);
  data.set("zone", is_own ? contact.timezone : book.settings().zone_name);
  return data;
}

}  // namespace nurtured::rules
