#include "rules/cel/value.h"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace nurtured::cel {
namespace {

constexpr std::uint64_t weight_max = std::numeric_limits<std::uint64_t>::max() / 4;

std::uint64_t add_weight(std::uint64_t left, std::uint64_t right) {
  return std::min(weight_max, left + right);
}

std::uint64_t text_weight(std::size_t bytes) {
  return 1 + bytes / 8;
}

std::partial_ordering compare_numbers(std::int64_t left, std::uint64_t right) {
  if (left < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(left) <=> right;
}

// An integer meets a double as the nearest double. The specification speaks of one number line, but
// every implementation rounds, and the conformance suite holds them to it
// ("gte_dyn_int_big_lossy_double").
std::partial_ordering compare_numbers(const Value& left, const Value& right) {
  if (left.is_double() || right.is_double()) {
    return left.number().value_or(0) <=> right.number().value_or(0);
  }
  if (left.is_int()) {
    if (right.is_int()) return left.as_int() <=> right.as_int();
    return compare_numbers(left.as_int(), right.as_uint());
  }
  if (right.is_uint()) return left.as_uint() <=> right.as_uint();
  return 0 <=> compare_numbers(right.as_int(), left.as_uint());
}

bool equal_maps(const Map& left, const Map& right) {
  if (left.size() != right.size()) return false;
  return std::all_of(left.begin(), left.end(), [&right](const Map::Entry& entry) {
    const Value* other = right.find(entry.key);
    return other != nullptr && entry.value == *other;
  });
}

bool equal_optionals(const Value* left, const Value* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return *left == *right;
}

}  // namespace

struct Value::ListNode {
  List items;
  std::uint64_t weight = 1;
};

struct Value::MapNode {
  Map entries;
  std::uint64_t weight = 1;
};

std::string_view type_name(Kind kind) {
  static constexpr std::array<std::string_view, 13> names = {"null_type",
                                                             "bool",
                                                             "int",
                                                             "uint",
                                                             "double",
                                                             "string",
                                                             "bytes",
                                                             "google.protobuf.Timestamp",
                                                             "google.protobuf.Duration",
                                                             "type",
                                                             "list",
                                                             "map",
                                                             "optional_type"};
  return names[static_cast<std::size_t>(kind)];
}

Value::Value(std::string text)
    : kind_(Kind::string), shared_(std::make_shared<const std::string>(std::move(text))) {}

Value::Value(Bytes bytes)
    : kind_(Kind::bytes), shared_(std::make_shared<const std::string>(std::move(bytes.data))) {}

Value::Value(base::Instant instant) : kind_(Kind::timestamp) {
  const std::int64_t millis = base::to_millis(instant);
  const std::int64_t rest = (millis % 1000 + 1000) % 1000;
  bits_ = static_cast<std::uint64_t>((millis - rest) / 1000);
  nanos_ = static_cast<std::int32_t>(rest * 1'000'000);
}

Value::Value(List items) : kind_(Kind::list) {
  ListNode node{.items = std::move(items)};
  for (const Value& item : node.items) node.weight = add_weight(node.weight, item.weight());
  shared_ = std::make_shared<const ListNode>(std::move(node));
}

Value::Value(Map entries) : kind_(Kind::map) {
  MapNode node{.entries = std::move(entries)};
  for (const Map::Entry& entry : node.entries) {
    node.weight = add_weight(node.weight, entry.key.weight() + entry.value.weight());
  }
  shared_ = std::make_shared<const MapNode>(std::move(node));
}

Value Value::optional_of(Value value) {
  return {Kind::optional, 0, std::make_shared<const Value>(std::move(value))};
}

void Value::wrong_kind(Kind asked) const {
  throw std::logic_error("a value of type " + std::string(type_name(kind_)) + " was taken for a " +
                         std::string(type_name(asked)));
}

const List& Value::as_list() const {
  return shared_of<ListNode>(Kind::list).items;
}

const Map& Value::as_map() const {
  return shared_of<MapNode>(Kind::map).entries;
}

const Value* Value::find(std::string_view key) const {
  return is_map() ? as_map().find(key) : nullptr;
}

std::optional<double> Value::number() const {
  if (is_double()) return as_double();
  if (is_int()) return static_cast<double>(as_int());
  if (is_uint()) return static_cast<double>(as_uint());
  return std::nullopt;
}

std::optional<base::Instant> Value::instant() const {
  if (!is_timestamp()) return std::nullopt;
  const Timestamp moment = as_timestamp();
  return base::from_millis(moment.seconds * 1000 + moment.nanos / 1'000'000);
}

std::uint64_t Value::weight() const {
  switch (kind()) {
    case Kind::string:
      return text_weight(as_string().size());
    case Kind::bytes:
      return text_weight(as_bytes().size());
    case Kind::list:
      return shared_of<ListNode>(Kind::list).weight;
    case Kind::map:
      return shared_of<MapNode>(Kind::map).weight;
    case Kind::optional:
      return as_optional() == nullptr ? 1 : add_weight(1, as_optional()->weight());
    default:
      return 1;
  }
}

bool operator==(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) {
    return compare_numbers(left, right) == std::partial_ordering::equivalent;
  }
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return left.as_bool() == right.as_bool();
    case Kind::string:
      return left.as_string() == right.as_string();
    case Kind::bytes:
      return left.as_bytes() == right.as_bytes();
    case Kind::timestamp:
      return left.as_timestamp() == right.as_timestamp();
    case Kind::duration:
      return left.as_duration() == right.as_duration();
    case Kind::type:
      return left.as_type() == right.as_type();
    case Kind::list:
      return left.as_list() == right.as_list();
    case Kind::map:
      return equal_maps(left.as_map(), right.as_map());
    case Kind::optional:
      return equal_optionals(left.as_optional(), right.as_optional());
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::decimal:
      break;  // compared above as numbers
  }
  return false;
}

std::optional<std::partial_ordering> compare(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right);
  if (left.kind() != right.kind()) return std::nullopt;
  switch (left.kind()) {
    case Kind::boolean:
      return left.as_bool() <=> right.as_bool();
    case Kind::string:
      return left.as_string() <=> right.as_string();
    case Kind::bytes:
      return left.as_bytes() <=> right.as_bytes();
    case Kind::timestamp:
      return left.as_timestamp() <=> right.as_timestamp();
    case Kind::duration:
      return left.as_duration() <=> right.as_duration();
    default:
      return std::nullopt;
  }
}

bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return !value.as_bool();
    case Kind::integer:
      return value.as_int() == 0;
    case Kind::unsigned_integer:
      return value.as_uint() == 0;
    case Kind::decimal:
      return value.as_double() == 0;
    case Kind::string:
      return value.as_string().empty();
    case Kind::bytes:
      return value.as_bytes().empty();
    case Kind::timestamp:
      return value.as_timestamp() == Timestamp{};
    case Kind::duration:
      return value.as_duration() == Duration{};
    case Kind::type:
      return false;
    case Kind::list:
      return value.as_list().empty();
    case Kind::map:
      return value.as_map().empty();
    case Kind::optional:
      return value.as_optional() == nullptr;
  }
  return false;
}

}  // namespace nurtured::cel
