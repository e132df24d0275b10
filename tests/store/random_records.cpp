#include "tests/store/random_records.h"

#include <array>
#include <limits>

namespace nurtured::store::testing {
namespace {

using base::Random;

template <class T, std::size_t size>
T pick(Random& random, const std::array<T, size>& from) {
  return from[random.below(size)];
}

bool chance(Random& random) {
  return random.below(2) == 0;
}

std::string text(Random& random) {
  switch (random.below(6)) {
    case 0:
      return {};
    case 1:
      return pick<const char*>(random, std::array{"email", "send", "message.sent", "name"});
    case 2: {  // as digests are
      std::string digits;
      for (std::uint64_t i = random.below(70); i > 0; --i) {
        digits += "0123456789abcdef"[random.below(16)];
      }
      return digits;
    }
    case 3:
      return std::string(random.below(300), 'x');
    default: {  // any bytes at all
      std::string bytes;
      for (std::uint64_t i = random.below(20); i > 0; --i) {
        bytes += static_cast<char>(random.below(256));
      }
      return bytes;
    }
  }
}

std::int64_t integer(Random& random) {
  const auto bits = static_cast<std::int64_t>(random.next());
  return bits >> random.below(64);
}

Instant moment(Random& random) {
  if (random.below(5) == 0) return {};
  const auto span = static_cast<std::uint64_t>((base::instant_max - base::instant_min).count());
  return base::instant_min + base::Milliseconds{static_cast<std::int64_t>(random.below(span))};
}

template <class T>
T small(Random& random) {
  return static_cast<T>(random.below(random.below(2) == 0 ? 4 : 1'000'000));
}

template <class Enum>
Enum one_of(Random& random, int count) {
  return static_cast<Enum>(random.below(static_cast<std::uint64_t>(count)));
}

template <class Make>
auto list(Random& random, const Make& make) {
  std::vector<decltype(make(random))> items;
  for (std::uint64_t i = random.below(4); i > 0; --i) items.push_back(make(random));
  return items;
}

template <class Make>
auto table(Random& random, const Make& make) {
  std::map<std::string, decltype(make(random)), std::less<>> entries;
  for (std::uint64_t i = random.below(4); i > 0; --i) entries.emplace(text(random), make(random));
  return entries;
}

template <class Make>
auto perhaps(Random& random, const Make& make) {
  return chance(random) ? std::optional(make(random)) : std::nullopt;
}

rules::Kind kind(Random& random) {
  return one_of<rules::Kind>(random, 6);
}
rules::Reason reason(Random& random) {
  return one_of<rules::Reason>(random, 21);
}

rules::Suppression suppression(Random& random) {
  return {.scope = one_of<rules::SuppressionScope>(random, 2),
          .at = moment(random),
          .reason = text(random)};
}

rules::Consent consent(Random& random) {
  return {.given = chance(random),
          .at = moment(random),
          .source = text(random),
          .wording = text(random)};
}

rules::Tally tally(Random& random) {
  rules::Tally made;
  for (std::uint64_t i = random.below(5); i > 0; --i) made.add(moment(random));
  // And what no add() makes.
  if (random.below(3) == 0) made.count = integer(random);
  if (random.below(3) == 0) made.first = moment(random);
  if (random.below(3) == 0) made.last = moment(random);
  if (chance(random)) made.days.emplace_back(small<std::int32_t>(random), -3);
  return made;
}

rules::Ledger ledger(Random& random) {
  return {.departures = list(
              random, [](Random& r) { return rules::Departure{.at = moment(r), .kind = kind(r)}; }),
          .in_flight = text(random)};
}

rules::Address address(Random& random) {
  return {.channel = pick<const char*>(random, std::array{"email", "telegram", "", "sms"}),
          .value = text(random)};
}

rules::Target target(Random& random) {
  return {.address = address(random),
          .state = one_of<rules::TargetState>(random, 6),
          .attempt = small<std::uint32_t>(random),
          .not_before = perhaps(random, moment),
          .departed = perhaps(random, moment),
          .connector_reason = text(random)};
}

rules::Pending pending(Random& random) {
  return {.enrollment = integer(random),
          .playbook = text(random),
          .version = text(random),
          .step = small<std::uint32_t>(random),
          .turn = small<std::uint32_t>(random),
          .step_id = text(random),
          .message = text(random),
          .by_hand = chance(random),
          .since = moment(random),
          .hold_until = moment(random),
          .expires = perhaps(random, moment),
          .targets = list(random, target),
          .reason = reason(random),
          .reason_since = moment(random),
          .until = perhaps(random, moment)};
}

rules::Call call(Random& random) {
  return {.enrollment = integer(random),
          .playbook = text(random),
          .version = text(random),
          .step = small<std::uint32_t>(random),
          .turn = small<std::uint32_t>(random),
          .step_id = text(random),
          .connector = text(random),
          .action = text(random),
          .arguments = text(random),
          .state = one_of<rules::CallState>(random, 3),
          .attempt = small<std::uint32_t>(random),
          .since = moment(random),
          .reason = reason(random),
          .not_before = perhaps(random, moment),
          .connector_reason = text(random)};
}

rules::Enrollment enrollment(Random& random) {
  return {.number = integer(random),
          .playbook = text(random),
          .version = text(random),
          .key = text(random),
          .started = moment(random),
          .event_name = text(random),
          .event = random_value(random),
          .event_at = moment(random),
          .saved = random_value(random),
          .state = one_of<rules::EnrollmentState>(random, 7),
          .step = small<std::uint32_t>(random),
          .turn = small<std::uint32_t>(random),
          .since = moment(random),
          .heard = moment(random),
          .due = perhaps(random, moment),
          .early = random_value(random),
          .parked_reason = text(random),
          .caught_up = chance(random),
          .skip_sends = chance(random)};
}

cel::Value scalar(Random& random) {
  switch (random.below(10)) {
    case 0:
      return {};
    case 1:
      return chance(random);
    case 2:
      return integer(random);
    case 3:
      return random.next();
    case 4:
      return pick(random, std::array{0.0, -0.5, 1.0, 1e300, 5e-324,
                                     std::numeric_limits<double>::infinity()});
    case 5:
      return text(random);
    case 6:
      return cel::Bytes{text(random)};
    case 7:
      return cel::Timestamp{.seconds = integer(random), .nanos = small<std::int32_t>(random)};
    case 8:
      return cel::Duration{.seconds = integer(random), .nanos = -small<std::int32_t>(random)};
    default:
      return cel::Value::type(one_of<cel::Kind>(random, 13));
  }
}

}  // namespace

cel::Value random_value(Random& random, int depth) {
  if (depth == 0 || chance(random)) return scalar(random);
  switch (random.below(3)) {
    case 0: {
      cel::List items;
      for (std::uint64_t i = random.below(4); i > 0; --i) {
        items.push_back(random_value(random, depth - 1));
      }
      return items;
    }
    case 1: {
      cel::Map map;
      // Past the number of entries from which a map searches otherwise.
      for (std::uint64_t i = random.below(chance(random) ? 3 : 20); i > 0; --i) {
        cel::Value key = scalar(random);
        if (cel::Map::is_key(key)) map.set(std::move(key), random_value(random, depth - 1));
      }
      return map;
    }
    default:
      if (chance(random)) return cel::Value::optional_none();
      return cel::Value::optional_of(random_value(random, depth - 1));
  }
}

rules::Contact random_contact(Random& random, ContactId id) {
  const auto value = [](Random& r) { return random_value(r); };
  return {
      .id = id,
      .user_id = text(random),
      .anonymous_ids = list(random, text),
      .attributes = table(random, value),
      .addresses = table(random, text),
      .consents = table(random, consent),
      .tags = list(random, text),
      .suppression = perhaps(random, suppression),
      .timezone = text(random),
      .locale = text(random),
      .stage = text(random),
      .score = pick(random, std::array{0.0, 1.0, -7.25, 1e9}),
      .created = moment(random),
      .history = table(random, tally),
      .touches = tally(random),
      .touch_counted = table(random, tally),
      .ledger = ledger(random),
      .enrollments_made = integer(random),
      .enrollments = list(random, enrollment),
      .starts = list(random,
                     [](Random& r) {
                       return rules::LastStart{
                           .playbook = text(r), .key = text(r), .at = moment(r)};
                     }),
      .pending = list(random, pending),
      .fill_sent = list(random, text),
      .fill_last = perhaps(random, moment),
      .memberships = list(random,
                          [](Random& r) {
                            return rules::Membership{
                                .segment = text(r), .is_in = chance(r), .due = perhaps(r, moment)};
                          }),
      .planned_starts = list(random,
                             [](Random& r) {
                               return rules::PlannedStart{
                                   .playbook = text(r),
                                   .start = static_cast<std::uint32_t>(r.below(9)),
                                   .due = moment(r)};
                             }),
      .standing_rules = random.next(),
      .ways = list(random,
                   [](Random& r) {
                     return rules::ChosenWay{.playbook = text(r), .step = text(r), .way = text(r)};
                   }),
      .calls = list(random, call),
      .merged_from =
          perhaps(random, [](Random& r) { return rules::MergedFrom{.segments = list(r, text)}; })};
}

rules::AddressState random_address_state(Random& random) {
  return {.address = address(random),
          .ledger = ledger(random),
          .suppression = perhaps(random, suppression),
          .soft_bounces = list(random, moment),
          .holders = list(random, [](Random& r) { return ContactId{integer(r)}; })};
}

rules::Event random_event(Random& random) {
  const auto pair = [](Random& r) { return std::pair(text(r), text(r)); };
  const auto attribute = [](Random& r) { return std::pair(text(r), random_value(r)); };
  const auto change = [](Random& r) {
    return rules::ConsentChange{.channel = text(r),
                                .given = chance(r),
                                .source = text(r),
                                .wording = text(r),
                                .restores = chance(r)};
  };
  return {.name = text(random),
          .properties = random_value(random),
          .occurred_at = moment(random),
          .received_at = moment(random),
          .change = {.attributes = list(random, attribute),
                     .addresses = list(random, pair),
                     .consents = list(random, change),
                     .timezone = perhaps(random, text),
                     .locale = perhaps(random, text),
                     .tags_added = list(random, text),
                     .tags_removed = list(random, text)}};
}

rules::Decision random_decision(Random& random) {
  return {.at = moment(random),
          .action = text(random),
          .enrollment = integer(random),
          .playbook = text(random),
          .step = text(random),
          .message = text(random),
          .kind = perhaps(random, kind),
          .to = address(random),
          .delivery = text(random),
          .reason = reason(random),
          .until = perhaps(random, moment),
          .outcome = text(random),
          .detail = text(random)};
}

rules::Delivery random_delivery(Random& random) {
  return {.key = text(random),
          .contact = ContactId{integer(random)},
          .enrollment = integer(random),
          .playbook = text(random),
          .version = text(random),
          .step = text(random),
          .message = text(random),
          .kind = kind(random),
          .to = address(random),
          .attempt = small<std::uint32_t>(random),
          .change = one_of<rules::DeliveryChange>(random, 6),
          .at = moment(random),
          .reason = text(random),
          .text = text(random),
          .subject = text(random),
          .connector = text(random),
          .action = text(random)};
}

bool same(const cel::Value& left, const cel::Value& right) {
  if (left.kind() != right.kind()) return false;
  if (left.is_list()) {
    const auto& a = left.as_list();
    const auto& b = right.as_list();
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
  }
  if (left.is_map()) {
    const auto& a = left.as_map();
    const auto& b = right.as_map();
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return same(x.key, y.key) && same(x.value, y.value);
    });
  }
  if (left.is_optional() && left.as_optional() != nullptr && right.as_optional() != nullptr) {
    return same(*left.as_optional(), *right.as_optional());
  }
  return left == right;
}

}  // namespace nurtured::store::testing
