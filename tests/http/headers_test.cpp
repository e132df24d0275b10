#include "http/headers.h"

#include "tests/catch.h"

using namespace nurtured::http;

TEST_CASE("headers are found whatever the case of their names") {
  Headers headers{{"Content-Type", "text/plain"}, {"X-Two", "1"}, {"x-two", "2"}};
  CHECK(headers.find("content-type") == "text/plain");
  CHECK(headers.find("X-TWO") == "1");
  CHECK_FALSE(headers.has("content"));
}

TEST_CASE("setting a header replaces all of its name, even by its own value") {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.set("a", *headers.find("B"));
  headers.set("b", *headers.find("B"));
  CHECK(headers == Headers{{"a", "2"}, {"b", "2"}});
}

TEST_CASE("cleared headers are gone") {
  Headers headers{{"A", "1"}};
  headers.clear();
  headers.add("B", "");
  CHECK(headers == Headers{{"B", ""}});
  CHECK(headers.find("B") == "");
}

TEST_CASE("what cannot stand in a header is known") {
  CHECK(is_token("x-ok_1"));
  for (const std::string_view bad : {"", "a b", "a:", "a\r", "\xd0\x9f", "a(b)"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_token(bad));
  }
  CHECK(is_header_value("\xd0\x9f and\ttab"));
  for (const std::string_view bad : {std::string_view("a\r\nb"), std::string_view("a\nb"),
                                     std::string_view("\0", 1), std::string_view("\x7f")}) {
    CHECK_FALSE(is_header_value(bad));
  }
}
