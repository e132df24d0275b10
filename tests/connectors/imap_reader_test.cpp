#include "connectors/imap_reader.h"

#include <rapidcheck.h>

#include "tests/catch.h"

using namespace nurtured::connectors;

namespace {

// All responses in the bytes, given `step` bytes at a time.
std::vector<ImapResponse> responses_in(std::string_view bytes, std::size_t step) {
  ImapReader reader;
  std::vector<ImapResponse> found;
  while (true) {
    auto next = reader.next();
    REQUIRE(next.has_value());
    if (next->has_value()) {
      found.push_back(**std::move(next));
    } else if (bytes.empty()) {
      return found;
    } else {
      reader.feed(bytes.substr(0, step));
      bytes.remove_prefix(std::min(step, bytes.size()));
    }
  }
}

}  // namespace

TEST_CASE("responses are cut at their ends, however they arrive") {
  const std::string bytes =
      "* OK [UIDVALIDITY 42] fine\r\n"
      "* 12 FETCH (UID 7 BODY[]<0> {8}\r\nn1 OK\r\nx FLAGS ())\r\n"
      "+ go on\r\nn1 OK done\r\n* SEARCH\n* X {0}\r\n\r\n";
  const auto step = GENERATE(std::size_t{1}, 2, 3, 7, 1000);
  CHECK(responses_in(bytes, step) ==
        std::vector<ImapResponse>{
            {"*", "OK [UIDVALIDITY 42] fine", {}},
            {"*", "12 FETCH (UID 7 BODY[]<0> {8} FLAGS ())", {"n1 OK\r\nx"}},
            {"+", "go on", {}},
            {"n1", "OK done", {}},
            {"*", "SEARCH", {}},
            {"*", "X {0}", {""}},
        });
}

TEST_CASE("a server that breaks the bounds or speaks something else is refused") {
  const auto bytes = GENERATE(as<std::string>(), "\r\n", "\n", " OK\r\n", "* X {1048577}\r\n",
                              "* X {99999999999999999999999999}\r\n", "* X {4294967296}\r\n",
                              "* " + std::string(imap_line_bytes_max + 1, 'x'),
                              "* " + std::string(imap_line_bytes_max + 1, 'x') + "\r\n",
                              "* {0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n",
                              std::string(2 << 20, '\0'));
  ImapReader reader;
  reader.feed(bytes);
  CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("the numbers of a search are read, and nothing else is taken for them") {
  const auto [text, numbers] = GENERATE(table<std::string, std::string>({
      {"SEARCH", ""},
      {"SEARCH 2 3 6", "2 3 6 "},
      {"search  4294967295 ", "4294967295 "},
      {"SEARCH 4294967296", "none"},
      {"SEARCH x", "none"},
      {"SEARCH -1", "none"},
      {"FETCH 1", "none"},
      {"", "none"},
  }));
  CAPTURE(text);
  const auto found = parse_imap_search(text);
  std::string words = found ? "" : "none";
  if (found) {
    for (const std::uint32_t number : *found) words += std::to_string(number) + " ";
  }
  CHECK(words == numbers);
}

TEST_CASE("numbers in brackets and of fetched mails are read") {
  CHECK(imap_code_number("OK [UIDVALIDITY 42] x", "UIDVALIDITY") == 42u);
  CHECK(imap_code_number("ok [uidnext 7]", "UIDNEXT") == 7u);
  CHECK_FALSE(imap_code_number("OK [UIDNEXT ]", "UIDNEXT"));
  CHECK_FALSE(imap_code_number("OK UIDNEXT 7", "UIDNEXT"));
  CHECK(imap_fetched_uid("12 FETCH (FLAGS (\\Seen) UID 9 BODY[] {3})") == 9u);
  CHECK_FALSE(imap_fetched_uid("12 FETCH (FLAGS ())"));
  CHECK_FALSE(imap_fetched_uid("UID 9"));
}

TEST_CASE("a folder's name cannot end its command") {
  CHECK(imap_quoted("INBOX") == "\"INBOX\"");
  CHECK(imap_quoted("a\"b\\c") == "\"a\\\"b\\\\c\"");
}

TEST_CASE("any bytes from a server are read or refused") {
  CHECK(rc::check([](const std::string& noise) {
    ImapReader reader;
    reader.feed(noise);
    for (std::size_t i = 0; i <= noise.size(); ++i) {
      const auto next = reader.next();
      if (!next || !*next) return;
    }
    RC_FAIL("it does not come to an end");
  }));
}
