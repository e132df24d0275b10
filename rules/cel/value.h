// The value type of the whole product: contact attributes, event properties, what Liquid prints and
// what CEL computes. A Value is immutable and cheap to copy: texts, lists and maps are shared,
// everything else is held in place. It knows no JSON (rules/cel/json.h), no spelling
// (rules/cel/literal.h) and no domain word.
//
//   Map contact;
//   contact.set("score", 50);
//   contact.set("tags", List{"warm", "vip"});
//   Value value = std::move(contact);
//   value.find("score")->as_int();  // 50
#pragma once

#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.h"

namespace nurtured::cel {

class Value;
class Map;
using List = std::vector<Value>;

// The order is that of Value's alternatives. `object`-like data is a map; CEL's messages do not
// exist here.
enum class Kind : std::uint8_t {
  null,
  boolean,
  integer,
  unsigned_integer,
  decimal,
  string,
  bytes,
  timestamp,
  duration,
  type,
  list,
  map,
  optional,
};

// The type's name as CEL spells it: "null_type", "int", "google.protobuf.Timestamp",
// "optional_type" and so on.
std::string_view type_name(Kind kind);

// Seconds since 1970-01-01T00:00:00Z; 0 <= nanos < 1e9. Year 1 to 9999 wherever text, numbers or
// arithmetic make one.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;

  auto operator<=>(const Timestamp&) const = default;
};

// seconds and nanos have the same sign or are 0; |nanos| < 1e9. CEL limits it to the range of int64
// nanoseconds.
struct Duration {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;

  auto operator<=>(const Duration&) const = default;
};

// Octets, not text. A wrapper so that it does not mix with strings: Value(Bytes{"\xff"}).
struct Bytes {
  std::string data;
};

// Any thread may read one Value at the same time as others; assigning to it is the owner's
// business.
class Value {
 public:
  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(std::same_as<bool> auto value) : kind_(Kind::boolean), bits_(value ? 1 : 0) {}
  // Signed types make an int, unsigned ones a uint.
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  Value(T value)
      : kind_(std::signed_integral<T> ? Kind::integer : Kind::unsigned_integer),
        bits_(static_cast<std::uint64_t>(value)) {}
  Value(double value) : kind_(Kind::decimal), bits_(std::bit_cast<std::uint64_t>(value)) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(std::string text);
  Value(Bytes bytes);
  Value(Timestamp value)
      : kind_(Kind::timestamp),
        nanos_(value.nanos),
        bits_(static_cast<std::uint64_t>(value.seconds)) {}
  Value(Duration value)
      : kind_(Kind::duration),
        nanos_(value.nanos),
        bits_(static_cast<std::uint64_t>(value.seconds)) {}
  Value(base::Instant instant);
  Value(List items);
  Value(Map entries);

  static Value type(Kind kind) { return {Kind::type, static_cast<std::uint64_t>(kind), nullptr}; }
  // CEL's optional.of(value) and optional.none().
  static Value optional_of(Value value);
  static Value optional_none() { return {Kind::optional, 0, nullptr}; }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind() == Kind::null; }
  bool is_bool() const { return kind() == Kind::boolean; }
  bool is_int() const { return kind() == Kind::integer; }
  bool is_uint() const { return kind() == Kind::unsigned_integer; }
  bool is_double() const { return kind() == Kind::decimal; }
  bool is_number() const { return is_int() || is_uint() || is_double(); }
  bool is_string() const { return kind() == Kind::string; }
  bool is_bytes() const { return kind() == Kind::bytes; }
  bool is_timestamp() const { return kind() == Kind::timestamp; }
  bool is_duration() const { return kind() == Kind::duration; }
  bool is_type() const { return kind() == Kind::type; }
  bool is_list() const { return kind() == Kind::list; }
  bool is_map() const { return kind() == Kind::map; }
  bool is_optional() const { return kind() == Kind::optional; }

  // Each asks for exactly its kind: another one is a bug of the caller (std::logic_error). What
  // they refer to lives as long as any copy of this Value.
  bool as_bool() const { return bits_of(Kind::boolean) != 0; }
  std::int64_t as_int() const { return static_cast<std::int64_t>(bits_of(Kind::integer)); }
  std::uint64_t as_uint() const { return bits_of(Kind::unsigned_integer); }
  double as_double() const { return std::bit_cast<double>(bits_of(Kind::decimal)); }
  const std::string& as_string() const { return shared_of<std::string>(Kind::string); }
  const std::string& as_bytes() const { return shared_of<std::string>(Kind::bytes); }
  Timestamp as_timestamp() const {
    return {.seconds = static_cast<std::int64_t>(bits_of(Kind::timestamp)), .nanos = nanos_};
  }
  Duration as_duration() const {
    return {.seconds = static_cast<std::int64_t>(bits_of(Kind::duration)), .nanos = nanos_};
  }
  Kind as_type() const { return static_cast<Kind>(bits_of(Kind::type)); }
  const List& as_list() const;
  const Map& as_map() const;
  // The value inside an optional; nullptr for optional.none().
  const Value* as_optional() const {
    require(Kind::optional);
    return static_cast<const Value*>(shared_.get());
  }

  // The entry of a map under a string key; nullptr when there is none or this is no map. Never
  // allocates.
  const Value* find(std::string_view key) const;
  // Any number as the nearest double; nullopt for what is no number.
  std::optional<double> number() const;
  // A timestamp as the product's Instant, cut to milliseconds; nullopt for other kinds.
  std::optional<base::Instant> instant() const;

  // How much there is to walk: 1 and an eighth of the bytes for a text, the sum of its parts for an
  // aggregate, where a part that is shared counts as often as it appears. Saturates. Constant time;
  // evaluation budgets count in it.
  std::uint64_t weight() const;

  // CEL's equality: numbers by their value whatever their kind (an integer meets a double as the
  // nearest double), NaN equal to nothing, lists item by item, maps by their keys in any order,
  // other kinds only with their own. Takes time in proportion to the smaller weight.
  friend bool operator==(const Value& left, const Value& right);

 private:
  struct ListNode;
  struct MapNode;

  Value(Kind kind, std::uint64_t bits, std::shared_ptr<const void> shared)
      : kind_(kind), bits_(bits), shared_(std::move(shared)) {}

  [[noreturn]] void wrong_kind(Kind asked) const;
  void require(Kind asked) const {
    if (kind_ != asked) wrong_kind(asked);
  }
  std::uint64_t bits_of(Kind asked) const {
    require(asked);
    return bits_;
  }
  template <class T>
  const T& shared_of(Kind asked) const {
    require(asked);
    return *static_cast<const T*>(shared_.get());
  }

  // By hand rather than a std::variant of thirteen alternatives, whose every copy and destruction
  // jumps through a table: an evaluation is mostly copying and dropping small values.
  Kind kind_ = Kind::null;
  std::int32_t nanos_ = 0;              // of a timestamp or duration
  std::uint64_t bits_ = 0;              // bool, int, uint, double, seconds, the kind of a type
  std::shared_ptr<const void> shared_;  // std::string, ListNode, MapNode, an optional's Value
};

// CEL's order: numbers across their kinds (unordered with NaN), strings and bytes by bytes, bool
// (false first), timestamps and durations among themselves. nullopt where CEL has no order.
std::optional<std::partial_ordering> compare(const Value& left, const Value& right);

// The zero of its kind: null, false, 0, "", empty aggregates, the zero duration, 1970, none. What
// ofNonZeroValue asks.
bool is_zero(const Value& value);

// Entries in the order of their first insertion. A key is a bool, int, uint or string; 1 and 1u are
// the same key, and a double finds the whole number it equals. Mutable while it is built, then
// moved into a Value.
class Map {
 public:
  struct Entry {
    Value key;
    Value value;
  };

  Map() = default;
  // As many set() calls; {{"id", 7}, {"name", "Anna"}}.
  Map(std::initializer_list<std::pair<Value, Value>> entries);

  // Many entries at once, quicker than set() from some thousands on. Of a repeated key the last
  // value wins, at the place of the first, or there is no map at all. Every key must satisfy
  // is_key().
  static Map last_wins(std::vector<Entry> entries);
  static std::optional<Map> distinct(std::vector<Entry> entries);

  static bool is_key(const Value& value);

  void reserve(std::size_t count) { entries_.reserve(count); }
  // Adds an entry unless the key is there already: then false, and nothing changes. The key must
  // satisfy is_key().
  bool insert(Value key, Value value);
  // Adds an entry or replaces the value of the one with this key. The key must satisfy is_key().
  void set(Value key, Value value);

  // Linear for a few entries, a binary search beyond; neither allocates. nullptr when there is no
  // such entry.
  const Value* find(std::string_view key) const;
  const Value* find(const Value& key) const;
  const Value* find(const char* key) const { return find(std::string_view(key)); }
  const Value* find(const std::string& key) const { return find(std::string_view(key)); }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }

 private:
  template <class Key>
  std::size_t position(const Key& key) const;
  void append(Value key, Value value);

  std::vector<Entry> entries_;
  // Positions in the order of their keys; empty while a linear search is quicker. Not hashed,
  // because keys come from outside and could be chosen to collide.
  std::vector<std::uint32_t> by_key_;
};

}  // namespace nurtured::cel
