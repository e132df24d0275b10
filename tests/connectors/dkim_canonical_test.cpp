#include "connectors/dkim_canonical.h"

#include "tests/catch.h"

using namespace nurtured::connectors;

// The examples of RFC 6376 section 3.4.5, and the corners around them.
TEST_CASE("a header is relaxed as RFC 6376 has it") {
  struct Case {
    const char* name;
    const char* value;
    const char* expected;
  };
  const Case cases[] = {
      {"A", " X", "a:X"},
      {"B ", " Y\t\r\n\tZ  ", "b:Y Z"},
      {"SUBJect", "\t  a   b\t\tc ", "subject:a b c"},
      {"Empty", "  \r\n\t ", "empty:"},
      {"Colons", " a: b", "colons:a: b"},
  };
  for (const Case& c : cases) CHECK(relaxed_header(c.name, c.value) == c.expected);
}

TEST_CASE("a body is relaxed as RFC 6376 has it") {
  struct Case {
    const char* body;
    const char* expected;
  };
  const Case cases[] = {
      {" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"},
      {"", ""},
      {"\r\n\r\n", ""},
      {" \t\r\n", ""},
      {"a", "a\r\n"},
      {"a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
      {"a\r\n  \r\nb", "a\r\n\r\nb\r\n"},
      {"\r\na\r\n", "\r\na\r\n"},
  };
  for (const Case& c : cases) CHECK(relaxed_body(c.body) == c.expected);
}

TEST_CASE("a mail falls into its headers and its body") {
  const MailParts parts = split_mail("A: 1\r\n 2\r\nno header\r\n: 3\r\nB:4\r\n\r\nC: 5\r\n");
  REQUIRE(parts.headers.size() == 2);
  CHECK(parts.headers[0].name == "A");
  CHECK(parts.headers[0].value == " 1\r\n 2");
  CHECK(parts.headers[1].value == "4");
  CHECK(parts.body == "C: 5\r\n");
  for (const char* text : {"", "\r\n", "x", "A: 1", "A: 1\r\n", ":\r\n\r\n"}) {
    CHECK(split_mail(text).body.empty());
  }
}
