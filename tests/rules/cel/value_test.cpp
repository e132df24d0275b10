#include "rules/cel/value.h"

#include <limits>

#include <rapidcheck.h>

#include "tests/catch.h"

namespace nurtured::cel {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("a value takes its kind from the C++ type that it is made of") {
  CHECK(Value().is_null());
  CHECK(Value(nullptr).is_null());
  CHECK(Value(true).is_bool());
  CHECK(Value(7).as_int() == 7);
  CHECK(Value(std::int64_t{-7}).as_int() == -7);
  CHECK(Value(7U).as_uint() == 7);
  CHECK(Value(std::size_t{7}).is_uint());
  CHECK(Value(0.5).as_double() == 0.5);
  CHECK(Value("text").as_string() == "text");
  CHECK(Value(std::string_view("text")).is_string());
  CHECK(Value(Bytes{"\xff"}).as_bytes() == "\xff");
  CHECK(Value(List{1, "two"}).as_list().size() == 2);
  CHECK(Value(Map{{"id", 7}}).find("id")->as_int() == 7);
  CHECK(Value::type(Kind::list).as_type() == Kind::list);
  CHECK(Value::optional_none().as_optional() == nullptr);
  CHECK(*Value::optional_of(7).as_optional() == Value(7));
}

TEST_CASE("an instant becomes a timestamp and comes back, before 1970 too") {
  for (const std::int64_t millis : {0LL, 1'500LL, -1LL, -1'500LL, 253402300799999LL}) {
    const base::Instant instant = base::from_millis(millis);
    const Value value = instant;
    CHECK(value.as_timestamp().nanos >= 0);
    CHECK(value.instant() == instant);
  }
  CHECK_FALSE(Value(7).instant());
}

TEST_CASE("equality follows CEL: numbers by value, other kinds only with their own") {
  struct Row {
    Value left;
    Value right;
    bool equal;
  };
  const std::vector<Row> rows = {
      {1, 1U, true},
      {1, 1.0, true},
      {1U, 1.0, true},
      {1, 1.5, false},
      {-1, std::numeric_limits<std::uint64_t>::max(), false},
      {0.0, -0.0, true},
      {not_a_number, not_a_number, false},
      {1, true, false},
      {"1", 1, false},
      {"a", Bytes{"a"}, false},
      {nullptr, false, false},
      {List{1, 2}, List{1.0, 2U}, true},
      {List{1, 2}, List{2, 1}, false},
      {List{}, Map{}, false},
      {Map{{"a", 1}, {"b", 2}}, Map{{"b", 2.0}, {"a", 1}}, true},
      {Map{{"a", 1}}, Map{{"a", 1}, {"b", 2}}, false},
      {Map{{1, "x"}}, Map{{1U, "x"}}, true},
      {Timestamp{5, 0}, Timestamp{5, 0}, true},
      {Timestamp{5, 0}, Duration{5, 0}, false},
      {Value::type(Kind::integer), Value::type(Kind::integer), true},
      {Value::optional_of(1), Value::optional_of(1.0), true},
      {Value::optional_of(1), Value::optional_none(), false},
      {Value::optional_none(), Value::optional_none(), true},
  };
  for (const Row& row : rows) {
    CHECK((row.left == row.right) == row.equal);
    CHECK((row.right == row.left) == row.equal);
  }
}

using Order = std::optional<std::partial_ordering>;

// Catch would otherwise take the ordering apart, and it compares with a literal 0 alone.
bool is_less(Order order) {
  return order && *order < 0;
}
bool is_greater(Order order) {
  return order && *order > 0;
}

TEST_CASE("order exists where CEL has it and nowhere else") {
  CHECK(is_less(compare(1, 2)));
  CHECK(is_greater(compare(2U, 1)));
  CHECK(is_less(compare(-1, 0U)));
  CHECK(is_greater(compare(1.5, 1)));
  CHECK(is_less(compare(false, true)));
  CHECK(is_less(compare("a", "b")));
  CHECK(is_greater(compare("\xc3\xa9", "z")));  // by bytes, which is by code points
  CHECK(is_less(compare(Timestamp{1, 5}, Timestamp{1, 6})));
  CHECK(is_less(compare(Duration{-1, 0}, Duration{0, 0})));
  CHECK(*compare(not_a_number, 1) == std::partial_ordering::unordered);
  CHECK_FALSE(compare("a", 1));
  CHECK_FALSE(compare(nullptr, nullptr));
  CHECK_FALSE(compare(List{1}, List{2}));
  CHECK_FALSE(compare(Map{}, Map{}));
}

TEST_CASE("a map keeps the order of insertion and finds keys across their kinds") {
  Map map;
  CHECK(map.insert("b", 1));
  CHECK(map.insert(2, "two"));
  CHECK(map.insert(true, "yes"));
  CHECK_FALSE(map.insert("b", 2));
  CHECK_FALSE(map.insert(2U, "again"));
  map.set("b", 3);
  REQUIRE(map.size() == 3);
  CHECK(map.begin()->key == Value("b"));
  CHECK(*map.find("b") == Value(3));
  CHECK(*map.find(Value(2.0)) == Value("two"));
  CHECK(*map.find(Value(2U)) == Value("two"));
  CHECK(map.find(Value(2.5)) == nullptr);
  CHECK(map.find(Value(not_a_number)) == nullptr);
  CHECK(map.find(Value(true)) != nullptr);
  CHECK(map.find(Value(List{})) == nullptr);
  CHECK(map.find("c") == nullptr);
}

TEST_CASE("a double finds the one integer key that it is, however large") {
  Map map;
  for (int i = 0; i < 20; ++i) map.set(std::int64_t{9007199254740992} + i, i);
  CHECK(*map.find(Value(9007199254740992.0)) == Value(0));
  CHECK(*map.find(Value(9007199254740994.0)) == Value(2));
  map.set(std::numeric_limits<std::uint64_t>::max(), "most");
  CHECK(map.find(Value(18446744073709551616.0)) == nullptr);
}

TEST_CASE("maps made in one go drop repeated keys or refuse them") {
  std::vector<Map::Entry> entries = {{"a", 1}, {"b", 2}, {"a", 3}};
  CHECK_FALSE(Map::distinct(entries));
  const Map map = Map::last_wins(entries);
  REQUIRE(map.size() == 2);
  CHECK(map.begin()->key == Value("a"));
  CHECK(*map.find("a") == Value(3));
  for (int i = 0; i < 50; ++i) entries.push_back({std::to_string(i % 25), i});
  const Map large = Map::last_wins(entries);
  CHECK(large.size() == 27);
  CHECK(*large.find("7") == Value(32));
  CHECK(*large.find("a") == Value(3));
}

TEST_CASE("a map of any size answers as a plain search would") {
  CHECK(rc::check("find", [](const std::vector<std::pair<int, int>>& entries, int wanted) {
    Map map;
    const int* expected = nullptr;
    for (const auto& [key, value] : entries) {
      map.set(key % 64, value);
      if (key % 64 == wanted % 64) expected = &value;
    }
    const Value* found = map.find(Value(wanted % 64));
    RC_ASSERT((found == nullptr) == (expected == nullptr));
    if (found != nullptr) RC_ASSERT(found->as_int() == *expected);
    std::vector<Map::Entry> bulk;
    for (const auto& [key, value] : entries) bulk.push_back({key % 64, value});
    RC_ASSERT(Value(Map::last_wins(bulk)) == Value(map));
  }));
}

TEST_CASE("weight grows with what there is to walk, shared or not") {
  CHECK(Value(7).weight() == 1);
  CHECK(Value(std::string(80, 'x')).weight() == 11);
  const Value item = List{1, 2, 3};
  CHECK(item.weight() == 4);
  CHECK(Value(List{item, item}).weight() == 9);
  Value doubled = List{1};
  for (int i = 0; i < 200; ++i) doubled = List{doubled, doubled};
  CHECK(doubled.weight() > std::uint64_t{1} << 60U);  // saturated, not wrapped around
}

TEST_CASE("the zero of each kind is known") {
  for (const Value& zero : {Value(), Value(false), Value(0), Value(0U), Value(0.0), Value(""),
                            Value(Bytes{}), Value(List{}), Value(Map{}), Value(Timestamp{}),
                            Value(Duration{}), Value::optional_none()}) {
    CHECK(is_zero(zero));
  }
  for (const Value& other : {Value(true), Value(1), Value(" "), Value(List{0}),
                             Value::optional_of(0), Value::type(Kind::null)}) {
    CHECK_FALSE(is_zero(other));
  }
}

}  // namespace
}  // namespace nurtured::cel
