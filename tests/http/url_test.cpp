#include "http/url.h"

#include <rapidcheck.h>

#include "tests/catch.h"

using namespace nurtured::http;
using nurtured::base::ErrorKind;

TEST_CASE("forms are decoded as browsers encode them") {
  const auto [text, expected] = GENERATE(table<std::string, Parameters>({
      {"", {}},
      {"a=1&b=2", {{"a", "1"}, {"b", "2"}}},
      {"a=x+y%20z", {{"a", "x y z"}}},
      {"a", {{"a", ""}}},
      {"=b", {{"", "b"}}},
      {"&&a=1&", {{"a", "1"}}},
      {"a=b=c", {{"a", "b=c"}}},
      {"a=%D0%9F", {{"a", "\xd0\x9f"}}},
      {"a=100%", {{"a", "100%"}}},
      {"a=%zz%4", {{"a", "%zz%4"}}},
      {"a=%00", {{"a", std::string(1, '\0')}}},
      {"a=1&a=2", {{"a", "1"}, {"a", "2"}}},
      {"List-Unsubscribe=One-Click", {{"List-Unsubscribe", "One-Click"}}},
  }));
  CHECK(parse_form(text) == expected);
}

TEST_CASE("a form with too many fields is refused") {
  std::string text;
  for (std::size_t i = 0; i <= parameters_max; ++i) text += "a=1&";
  const auto parsed = parse_form(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == ErrorKind::too_large);
}

TEST_CASE("what a form holds comes back from its encoding") {
  CHECK(rc::check([](const std::vector<std::pair<std::string, std::string>>& pairs) {
    Parameters parameters{{"first", ""}};
    for (const auto& [name, value] : pairs) parameters.push_back({name, value});
    RC_ASSERT(parse_form(encode_form(parameters)) == parameters);
  }));
}

TEST_CASE("percent encoding comes back, and broken escapes are refused") {
  CHECK(rc::check(
      [](const std::string& text) { RC_ASSERT(percent_decode(percent_encode(text)) == text); }));
  for (const char* bad : {"%", "%1", "%g0", "a%0", "%%41"}) {
    CAPTURE(bad);
    CHECK_FALSE(percent_decode(bad));
  }
}

TEST_CASE("URLs fall into their parts") {
  const auto [text, expected] = GENERATE(table<std::string, Url>({
      {"https://Example.org", {"https", "example.org", 443, "/"}},
      {"http://example.org:8080/a/b?c=d#e", {"http", "example.org", 8080, "/a/b?c=d"}},
      {"HTTP://h?x", {"http", "h", 80, "/?x"}},
      {"http://[::1]:1/", {"http", "::1", 1, "/"}},
      {"http://127.0.0.1/%2f", {"http", "127.0.0.1", 80, "/%2f"}},
      {"http://h:/", {"http", "h", 80, "/"}},
  }));
  CHECK(parse_url(text) == expected);
}

TEST_CASE("hostile URLs are refused without being repeated") {
  const auto* text = GENERATE(
      "", "/only/a/path", "ftp://h/secret", "javascript:alert(1)", "http://", "http:///secret",
      "http://user:secret@h/", "http://h\r\nX: y/secret", "http://h/ secret",
      "http://h:99999/secret", "http://h:0/secret", "http://h:port/secret", "http://[::1/secret",
      "file:///etc/passwd", "//h/secret", "http://%31%32%37.0.0.1/secret", "gopher://h");
  CAPTURE(text);
  const auto parsed = parse_url(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message.find("secret") == std::string::npos);
}

TEST_CASE("a URL that is too long is refused") {
  const auto parsed = parse_url("http://h/" + std::string(url_bytes_max, 'a'));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == ErrorKind::too_large);
}
