#include "connectors/connector.h"
#include "tests/catch.h"

using namespace nurtured::connectors;

TEST_CASE("outcomes say in words what happened") {
  const auto [outcome, words] = GENERATE(table<Outcome, std::string>({
      {Delivered{}, "delivered"},
      {Delivered{.provider_id = "17"}, "delivered: 17"},
      {Deferred{.reason = "later", .scope = Scope::destination}, "deferred (destination): later"},
      {Rejected{"gone", "550", Blame::address}, "rejected (address): gone"},
      {Uncertain{"silence"}, "uncertain: silence"},
  }));
  CHECK(to_string(outcome) == words);
}

TEST_CASE("what others wrote becomes one short line") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"plain", "plain"},
      {"two\r\nlines\tand\x1b[31mcolour", "two  lines and [31mcolour"},
      {"\xd0\x9f ok", "\xd0\x9f ok"},
      {"\xff broken", "? broken"},
      {std::string("a\0b", 3), "a b"},
  }));
  CHECK(to_reason(text) == expected);
  CHECK(to_reason(std::string(10'000, 'x')).size() == reason_bytes_max);
}
