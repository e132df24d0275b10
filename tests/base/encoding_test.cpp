#include "base/encoding.h"

#include "tests/catch.h"

using namespace nurtured::base;

TEST_CASE("base64 follows the vectors of RFC 4648") {
  const auto [plain, coded] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"foobar", "Zm9vYmFy"},
  }));
  CHECK(to_base64(plain) == coded);
  CHECK(from_base64(coded) == plain);
}

TEST_CASE("base64url refuses padding, other alphabets and stray bits") {
  const auto* text = GENERATE("Zg==", "Zm9+", "Zm9/", "Z", "Zh", "Zm9v\n");
  CHECK_FALSE(from_base64url(text));
}

TEST_CASE("base32 follows the vectors of RFC 4648, in lower case and unpadded") {
  const auto [plain, coded] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"f", "my"},
      {"fo", "mzxq"},
      {"foo", "mzxw6"},
      {"foob", "mzxw6yq"},
      {"fooba", "mzxw6ytb"},
      {"foobar", "mzxw6ytboi"},
  }));
  CHECK(to_base32(plain) == coded);
  CHECK(from_base32(coded) == plain);
}

TEST_CASE("base32 refuses padding, other alphabets, lengths that cannot be and stray bits") {
  const auto* text = GENERATE("my======", "m", "mzx", "mzxw6y", "m1", "m8", "mz", "my\n");
  CHECK_FALSE(from_base32(text));
}

TEST_CASE("UTF-8 is checked as RFC 3629 has it") {
  const auto [text, good] = GENERATE(table<std::string, bool>({
      {"plain", true},
      {"\xd0\x9f\xd1\x80", true},
      {"\xe4\xbd\xa0", true},
      {"\xf0\x9f\x98\x80", true},
      {"\xc0\xaf", false},
      {"\xe0\x80\xaf", false},
      {"\xed\xa0\x80", false},
      {"\xf4\x90\x80\x80", false},
      {"\xff", false},
      {"\xd0", false},
      {"\x80", false},
  }));
  CHECK(is_utf8(text) == good);
}

TEST_CASE("a cut never splits a code point") {
  CHECK(cut_utf8("\xd0\x9f\xd1\x80", 3) == "\xd0\x9f");
  CHECK(cut_utf8("\xd0\x9f", 1).empty());
  CHECK(cut_utf8("abc", 9) == "abc");
}

TEST_CASE("texts that differ in case alone fold to the same") {
  const auto [one, other] = GENERATE(table<std::string, std::string>({
      {"Yes", "yES"},
      {"Да", "ДА"},
      {"Straße", "STRASSE"},
      {"是", "是"},
      {"", ""},
  }));
  CHECK(fold_case(one) == fold_case(other));
  CHECK(fold_case("да") != fold_case("нет"));
  CHECK(is_utf8(fold_case("\xff\xfe")));
}

TEST_CASE("blanks and line ends around a text are taken away, those within stay") {
  CHECK(trimmed(" \t a b \r\n") == "a b");
  CHECK(trimmed(" \r\n\t ").empty());
  CHECK(trimmed("").empty());
}
