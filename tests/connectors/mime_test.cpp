#include "connectors/mime.h"

#include <map>

#include <gmime/gmime.h>
#include <rapidcheck.h>

#include "base/encoding.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

Mail sample() {
  return {
      .from = {"Анна Иванова, школа \"Б\"", "anna@example.org"},
      .to = {"", "u1@example.org"},
      .subject = "Друг, три ошибки в каждом запуске — и как их не сделать 😀",
      .date = base::from_millis(1'795'330'800'000),
      .message_id = "4f1c0a7be2d94c55@example.org",
      .text = "Привет\n.точка\nFrom строка\n",
      .html = "<p>Привет</p>",
  };
}

// A message read back by a parser, and its parts' content in the order of the text.
struct Parsed {
  std::map<std::string, std::string> headers;  // decoded
  int header_count = 0;
  std::vector<std::pair<std::string, std::string>> parts;  // content type, content
};

void collect(GMimeObject*, GMimeObject* part, gpointer out) {
  if (!GMIME_IS_PART(part)) return;
  char* const type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
  GMimeStream* const stream = g_mime_stream_mem_new();
  g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)), stream);
  const GByteArray* const bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
  static_cast<Parsed*>(out)->parts.emplace_back(
      type, std::string(reinterpret_cast<const char*>(bytes->data), bytes->len));
  g_object_unref(stream);
  g_free(type);
}

Parsed parse(const std::string& bytes) {
  GMimeStream* const stream = g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size());
  GMimeParser* const parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* const message = g_mime_parser_construct_message(parser, nullptr);
  REQUIRE(message != nullptr);
  Parsed parsed;
  GMimeHeaderList* const headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
  parsed.header_count = g_mime_header_list_get_count(headers);
  for (int i = 0; i < parsed.header_count; ++i) {
    GMimeHeader* const header = g_mime_header_list_get_header_at(headers, i);
    parsed.headers[g_mime_header_get_name(header)] = g_mime_header_get_value(header);
  }
  g_mime_message_foreach(message, &collect, &parsed);
  g_object_unref(message);
  g_object_unref(parser);
  g_object_unref(stream);
  return parsed;
}

Parsed build_and_parse(const Mail& mail) {
  const auto bytes = build_mime(mail);
  REQUIRE(bytes);
  return parse(*bytes);
}

std::vector<std::string> lines_of(const std::string& bytes) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = bytes.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
    lines.push_back(bytes.substr(begin, end - begin));
  }
  CHECK(begin == bytes.size());
  return lines;
}

}  // namespace

TEST_CASE("a mail reads back as it was meant") {
  Mail mail = sample();
  mail.reply_to = "Помощь <help@example.org>";
  mail.list_id = "Письма <letters.example.org>";
  mail.list_unsubscribe = "https://t.example.org/u/" + std::string(300, 'a');
  mail.list_unsubscribe_post = true;
  mail.feedback_id = "invite:trial:value:example.org";
  mail.auto_submitted = true;
  const Parsed parsed = build_and_parse(mail);
  CHECK(parsed.headers.at("To") == "u1@example.org");
  CHECK(parsed.headers.at("Reply-To") == "Помощь <help@example.org>");
  CHECK(parsed.headers.at("Date") == "Sun, 22 Nov 2026 07:00:00 +0000");
  CHECK(parsed.headers.at("Message-Id") == "<4f1c0a7be2d94c55@example.org>");
  CHECK(parsed.headers.at("List-Id") == "Письма <letters.example.org>");
  CHECK(parsed.headers.at("List-Unsubscribe") == "<" + mail.list_unsubscribe + ">");
  CHECK(parsed.headers.at("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click");
  CHECK(parsed.headers.at("Feedback-ID") == mail.feedback_id);
  CHECK(parsed.headers.at("Auto-Submitted") == "auto-generated");
  REQUIRE(parsed.parts.size() == 2);
  CHECK(parsed.parts[0].first == "text/plain");
  CHECK(parsed.parts[0].second == "Привет\r\n.точка\r\nFrom строка\r\n");
  CHECK(parsed.parts[1].first == "text/html");
  CHECK(parsed.parts[1].second == "<p>Привет</p>\r\n");
}

TEST_CASE("what a mail lacks makes no header") {
  const Parsed parsed = build_and_parse(sample());
  for (const char* name : {"Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
                           "Feedback-ID", "Auto-Submitted", "Bcc", "Return-Path", "Sender"}) {
    CAPTURE(name);
    CHECK(parsed.headers.count(name) == 0);
  }
}

TEST_CASE("one-click is promised only beside a link") {
  Mail mail = sample();
  mail.list_unsubscribe_post = true;
  CHECK(build_and_parse(mail).headers.count("List-Unsubscribe-Post") == 0);
}

TEST_CASE("attachments come behind the text, under their own names") {
  Mail mail = sample();
  const std::string bytes("\x00\x01\r\n.\r\n\xff", 8);
  mail.attachments = {{"Руководство.pdf", "application/pdf", bytes},
                      {"a.bin", "application/x-y", ""}};
  const auto built = build_mime(mail);
  REQUIRE(built);
  const Parsed parsed = parse(*built);
  REQUIRE(parsed.parts.size() == 4);
  CHECK(parsed.parts[2] == std::pair<std::string, std::string>("application/pdf", bytes));
  CHECK(parsed.parts[3].second.empty());
}

TEST_CASE("a mail without HTML is plain text") {
  Mail mail = sample();
  mail.html.clear();
  mail.text = "plain\n";
  const Parsed parsed = build_and_parse(mail);
  REQUIRE(parsed.parts.size() == 1);
  CHECK(parsed.parts[0] == std::pair<std::string, std::string>("text/plain", "plain\r\n"));
}

TEST_CASE("the same mail is the same bytes, and another one has other boundaries") {
  Mail mail = sample();
  const auto first = build_mime(mail);
  CHECK(first == build_mime(mail));
  mail.message_id = "other@example.org";
  CHECK(first != build_mime(mail));
}

TEST_CASE("any text reads back, in lines that mail servers take") {
  CHECK(rc::check([](const std::vector<char32_t>& points, bool html) {
    std::string text;
    for (const char32_t point : points) {  // a handful of every length of UTF-8
      static const std::string samples[] = {"a", " ", "\n", "é", "Ж", "€", "😀", ".", "=", "\t"};
      text += samples[point % 10];
    }
    Mail mail = sample();
    (html ? mail.html : mail.text) = text + "!";
    const auto bytes = build_mime(mail);
    RC_ASSERT(bytes.has_value());
    for (const std::string& line : lines_of(*bytes)) {
      RC_ASSERT(line.size() <= 998);
      RC_ASSERT(line.find_first_of("\r\n") == std::string::npos);
    }
    std::string expected;
    for (const char c : text + "!\n")
      expected += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const Parsed parsed = parse(*bytes);
    RC_ASSERT(parsed.parts.at(html ? 1 : 0).second == expected);
  }));
}

TEST_CASE("a text travels in the plainest encoding that keeps it") {
  const auto [text, encoding, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"plain = text. \n.\nFrom here", "7bit", "plain = text. \r\n.\r\nFrom here\r\n"},
      {std::string(998, 'x'), "7bit", std::string(998, 'x') + "\r\n"},
      {"a dash in a long text \u2014 and = \t\nend ", "quoted-printable",
       "a dash in a long text =E2=80=94 and =3D =09\r\nend=20\r\n"},
      {std::string(76, 'x') + "\n" + std::string(77, 'x') + "\u00e9", "quoted-printable",
       std::string(76, 'x') + "\r\n" + std::string(75, 'x') + "=\r\nxx=C3=A9\r\n"},
      {std::string(73, 'x') + "\u00e9", "quoted-printable",
       std::string(73, 'x') + "=\r\n=C3=A9\r\n"},
      {std::string(75, 'x') + " \n" + std::string(99, 'x') + "\u00e9", "quoted-printable",
       std::string(75, 'x') + "=\r\n=20\r\n" + std::string(75, 'x') + "=\r\n" +
           std::string(24, 'x') + "=C3=A9\r\n"},
      {"\u041f\u0440\u0438\u0432\u0435\u0442", "base64", "0J/RgNC40LLQtdGCDQo=\r\n"},
      {"\u042f" + std::string(4, 'a'), "base64", "0K9hYWFhDQo=\r\n"},
  }));
  Mail mail = sample();
  mail.html.clear();
  mail.text = text;
  const auto bytes = build_mime(mail);
  REQUIRE(bytes);
  CHECK(bytes->find("Content-Transfer-Encoding: " + encoding + "\r\n\r\n" + expected) !=
        std::string::npos);
  CHECK(bytes->ends_with("\r\n\r\n" + expected));
}

TEST_CASE("a header without need of care reads back like one with it") {
  const std::string text =
      GENERATE(as<std::string>(), "plain", " blank before", "blank after ", "two  blanks", "",
               "a=?b", "\u00e9", std::string(67, 'x'), std::string(68, 'x'),
               "colon: and <angle> \"quotes\" (comment)", "tab\there", std::string(300, 'w'),
               "From anna", "a, b; c@d.example <e@f.example>", "\\ back\\slash");
  Mail mail = sample();
  mail.subject = text;
  const Parsed parsed = build_and_parse(mail);
  const std::size_t begin = text.find_first_not_of(' ');
  const std::size_t end = text.find_last_not_of(' ');
  CHECK(parsed.headers.at("Subject") ==
        (begin == std::string::npos ? "" : text.substr(begin, end - begin + 1)));
}

TEST_CASE("a very long line of text does not become a very long line of mail") {
  Mail mail = sample();
  mail.text = std::string(100'000, 'x');
  mail.html = "<p>" + std::string(100'000, 'y') + "</p>";
  mail.subject = std::string(5'000, 'z');
  const auto bytes = build_mime(mail);
  REQUIRE(bytes);
  for (const std::string& line : lines_of(*bytes)) REQUIRE(line.size() <= 998);
  CHECK(parse(*bytes).headers.at("Subject") == mail.subject);
}

TEST_CASE("a text that is attached names its charset as a parameter") {
  Mail mail = sample();
  mail.attachments = {{"list.txt", "text/plain", "Привет", "utf-8"}};
  const auto bytes = build_mime(mail);
  REQUIRE(bytes);
  const std::size_t part = bytes->rfind("Content-Type: text/plain;");
  REQUIRE(part != std::string::npos);
  const std::string head = bytes->substr(part, bytes->find("\r\n\r\n", part) - part);
  CHECK(head.find("charset=utf-8") != std::string::npos);
  CHECK(head.find("list.txt") != std::string::npos);
  CHECK(parse(*bytes).parts.back() == std::pair<std::string, std::string>("text/plain", "Привет"));
}

TEST_CASE("a content type that brings its own parameters is refused") {
  Mail mail = sample();
  mail.attachments = {{"a.txt", "text/plain", "x"}};
  mail.attachments[0].content_type =
      GENERATE(as<std::string>(), "text/plain; charset=utf-8", "text", "text/", "/plain", "a/b/c",
               "text/pl ain", "text/plain;", "", "te\"xt/plain", "text/plain=x");
  CHECK_FALSE(build_mime(mail));
}

TEST_CASE("line breaks and control characters in headers are refused") {
  const std::string bad =
      GENERATE(as<std::string>(), "a\r\nBcc: x@example.org", "a\nBcc: x@example.org",
               "a\rBcc: x@example.org", std::string("a\0b", 3), "a\x1b[31m", "a\x7f",
               "a\x0b"
               "b",
               "\r\n\r\nbody", "a\r\n folded", "\xff broken");
  const int field = GENERATE(range(0, 13));
  Mail mail = sample();
  mail.attachments = {{"a.pdf", "application/pdf", "x", "utf-8"}};
  std::string* const fields[] = {&mail.from.name,
                                 &mail.from.address,
                                 &mail.to.name,
                                 &mail.to.address,
                                 &mail.reply_to,
                                 &mail.subject,
                                 &mail.message_id,
                                 &mail.list_id,
                                 &mail.list_unsubscribe,
                                 &mail.feedback_id,
                                 &mail.attachments[0].name,
                                 &mail.attachments[0].content_type,
                                 &mail.attachments[0].charset};
  *fields[field] = bad;
  CAPTURE(field);
  CHECK_FALSE(build_mime(mail));
}

TEST_CASE("no text in any field adds a header") {
  Mail plain = sample();
  plain.reply_to = "help@example.org";
  plain.list_id = "letters.example.org";
  plain.list_unsubscribe = "https://example.org/";
  plain.feedback_id = "a";
  const int expected = build_and_parse(plain).header_count;
  CHECK(rc::check([&](const std::string& noise, int which) {
    Mail mail = plain;
    std::string* const fields[] = {&mail.from.name, &mail.to.name,          &mail.subject,
                                   &mail.list_id,   &mail.list_unsubscribe, &mail.feedback_id,
                                   &mail.reply_to,  &mail.from.address};
    *fields[static_cast<std::size_t>(which & 7)] += noise;
    const auto bytes = build_mime(mail);
    if (bytes) RC_ASSERT(parse(*bytes).header_count == expected);
  }));
}

TEST_CASE("identifiers that would not fit a line are refused") {
  Mail mail = sample();
  mail.list_unsubscribe = "https://example.org/" + std::string(1000, 'a');
  const auto bytes = build_mime(mail);
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().kind == base::ErrorKind::too_large);
}

TEST_CASE("mailboxes are read with and without a name") {
  const auto [text, expected] = GENERATE(table<std::string, Mailbox>({
      {"u1@example.org", {"", "u1@example.org"}},
      {"<u1@example.org>", {"", "u1@example.org"}},
      {"Anna <anna@example.org>", {"Anna", "anna@example.org"}},
      {"\"Anna, of school\" <anna@example.org>", {"Anna, of school", "anna@example.org"}},
      {"Анна <anna@example.org>", {"Анна", "anna@example.org"}},
      {"a.b+c=d@sub.example.org", {"", "a.b+c=d@sub.example.org"}},
      {"anna@пример.рф", {"", "anna@xn--e1afmkfd.xn--p1ai"}},
      {"anna@localhost", {"", "anna@localhost"}},
  }));
  CAPTURE(text);
  CHECK(parse_mailbox(text) == expected);
}

TEST_CASE("what is not one plain mailbox is refused") {
  const auto text = GENERATE(
      as<std::string>(), "", " ", "anna", "anna@", "@example.org", "a@b@c",
      "a@example.org, b@example.org", "group: a@example.org;",
      "a@example.org\r\nBcc: b@example.org", "a@exa mple.org", "a b@example.org",
      "\"a b\"@example.org", ".a@example.org", "a.@example.org", "a..b@example.org",
      "a@.example.org", "a@example..org", "a@[127.0.0.1]", "анна@example.org", "a@example.org\n",
      std::string("a@b\0c", 5), std::string(65, 'a') + "@example.org", "a@" + std::string(260, 'b'),
      "a@example.org>", "<a@example.org", "a\x7f@example.org", "RCPT TO:<a@example.org>",
      std::string(2000, 'a') + "@example.org", "a@b;c");
  CAPTURE(text);
  CHECK_FALSE(parse_mailbox(text));
}
