#include "content/message.h"

#include <rapidcheck.h>

#include "content/escape.h"
#include "rules/cel/json.h"
#include "tests/catch.h"

namespace nurtured::content {
namespace {

struct TrackedLinks final : Links {
  std::string rewrite(std::string_view link_id, std::string_view url) const override {
    return "https://t.example/" + std::string(link_id) + "?" + std::string(url);
  }
};

std::shared_ptr<const Library> library() {
  auto result = std::make_shared<Library>();
  result->partials.add("sign", "-- {{ vars.brand }}");
  result->layouts.emplace("bare",
                          *liquid::compile("bare",
                                           "<html><body title=\"{{ contact.first_name }}\">"
                                           "{{ content }}<a href=\"{{ unsubscribe_url }}\">x</a>"));
  return result;
}

MessageSource invite() {
  MessageSource source{.name = "invite", .attachments = {"files/guide.pdf"}};
  source.wording = {
      .subject = "{{ contact.first_name | default: 'Friend' }}, three mistakes",
      .preheader = "Two minutes, {{ contact.first_name }}",
      .body =
          "Hello **{{ contact.first_name }}**, [read](https://example.org/{{ contact.id "
          "}})\n\n{% render 'sign' %}",
      .buttons = {{"webinar", "Sign up, {{ contact.first_name }}",
                   "https://example.org/w?u={{ contact.id }}"}},
      .overrides = {{"sms", "Short for {{ contact.first_name }}"}}};
  source.variants["ru"] = {.subject = "{{ contact.first_name }}, три ошибки", .body = "Привет"};
  return source;
}

Message compiled(const MessageSource& source) {
  auto message = compile(source, library());
  INFO((message ? "" : base::to_string(message.error().front())));
  REQUIRE(message);
  return std::move(*message);
}

cel::Value variables(std::string_view first_name, std::string_view id = "u1") {
  cel::Map contact{{"first_name", first_name}, {"id", id}};
  return cel::Map{{"contact", cel::Value(std::move(contact))},
                  {"vars", cel::Value(cel::Map{{"brand", "Anna's school"}})},
                  {"unsubscribe_url", "https://example.org/u/1"},
                  {"preferences_url", "https://example.org/p/1"}};
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST_CASE("a message is rendered for each format from one source") {
  const Message message = compiled(invite());
  const cel::Value data = variables("Anna");
  const TrackedLinks links;
  const auto email = render(message, Format::email, {.variables = &data}, links);
  REQUIRE(email);
  CHECK(email->subject == "Anna, three mistakes");
  CHECK(email->preheader == "Two minutes, Anna");
  CHECK(holds(email->html,
              "<p>Hello <strong>Anna</strong>, <a "
              "href=\"https://t.example/link-1?https://example.org/u1\">read</a></p>"));
  CHECK(
      holds(email->html, "href=\"https://t.example/webinar?https://example.org/w?u=u1\">Sign up"));
  CHECK(holds(email->html, "<p>-- Anna&#39;s school</p>"));
  CHECK(holds(email->html, "<a href=\"https://example.org/u/1\">Unsubscribe</a>"));
  CHECK(email->text ==
        "Hello Anna, read (https://t.example/link-1?https://example.org/u1)\n\n-- Anna's school\n\n"
        "Sign up, Anna: https://t.example/webinar?https://example.org/w?u=u1\n\n-- \n"
        "Unsubscribe: https://example.org/u/1\nPreferences: https://example.org/p/1");
  CHECK(email->attachments == std::vector<std::string>{"files/guide.pdf"});

  const auto telegram = render(message, Format::telegram, {.variables = &data}, links);
  REQUIRE(telegram);
  CHECK(telegram->html ==
        "Hello <b>Anna</b>, <a "
        "href=\"https://t.example/link-1?https://example.org/u1\">read</a>\n\n-- "
        "Anna's school");
  CHECK(telegram->buttons ==
        std::vector<Button>{
            {"webinar", "Sign up, Anna", "https://t.example/webinar?https://example.org/w?u=u1"}});

  const auto sms =
      render(message, Format::plain, {.variables = &data, .channel = "sms"}, PlainLinks());
  REQUIRE(sms);
  CHECK(sms->text == "Short for Anna\n\nSign up, Anna: https://example.org/w?u=u1");
  CHECK(sms->html.empty());
}

TEST_CASE("a variant serves its language and leaves the rest to the first file") {
  const Message message = compiled(invite());
  const cel::Value data = variables("Анна");
  const auto shown = [&](std::string_view locale) {
    return *render(message, Format::email, {.variables = &data, .locale = locale}, PlainLinks());
  };
  CHECK(message.locales() == std::vector<std::string>{"ru"});
  CHECK(shown("ru-RU").subject == "Анна, три ошибки");
  CHECK(holds(shown("ru").html, "Отписаться"));
  CHECK(holds(shown("ru").html, "<html lang=\"ru\">"));
  CHECK(shown("ru").buttons.size() == 1);
  CHECK(shown("zh-CN").subject == "Анна, three mistakes");
  CHECK(holds(shown("zh-CN").html, "退订"));
}

TEST_CASE("a workspace's own layout wraps the mail") {
  MessageSource source = invite();
  source.layout = "bare";
  const cel::Value data = variables("\"><script>");
  const auto email = render(compiled(source), Format::email, {.variables = &data}, PlainLinks());
  REQUIRE(email);
  CHECK(email->html.starts_with("<html><body title=\"&quot;&gt;&lt;script&gt;\"><p>Hello"));
  CHECK(email->html.ends_with("<a href=\"https://example.org/u/1\">x</a>"));
}

TEST_CASE("every problem of a message is told at once, with its piece and place") {
  MessageSource source = invite();
  source.layout = "nowhere";
  source.wording.subject = "{{ contact.first_name | }}";
  source.wording.body = "a\n{% render 'gone' %}";
  source.wording.buttons = {{"b", "x", "javascript:alert(1)"}, {"b", "{% if %}", "https://e.org"}};
  source.variants["ru"].body = "{% nope %}";
  const auto message = compile(source, library());
  REQUIRE_FALSE(message);
  std::vector<std::string> problems;
  for (const base::Error& error : message.error()) problems.push_back(base::to_string(error.place));
  CHECK(problems == std::vector<std::string>{"subject:1:25", "body:2:11", "buttons.b.url",
                                             "buttons.b", "buttons.b.text:1:7", "ru/body:1:4",
                                             "layout"});
}

TEST_CASE("what a message uses is known by its pieces") {
  const Message message = compiled(invite());
  CHECK(message.usage().at("subject").variables.at(0).has_default);
  CHECK(message.usage().at("buttons.webinar.url").variables.at(0).path == "contact.id");
  CHECK(message.usage().at("ru/subject").variables.at(0).path == "contact.first_name");
  CHECK(message.usage().at("channels.sms.text").variables.size() == 1);
}

TEST_CASE("a link whose scheme may not be used fails the message") {
  MessageSource source = invite();
  const cel::Value data =
      cel::Map{{"contact", cel::Value(cel::Map{{"site", "javascript:alert(1)"}})}};
  const auto failing = [&](const MessageSource& changed) {
    const auto email = render(compiled(changed), Format::email, {.variables = &data}, PlainLinks());
    return email ? std::string("passed") : email.error().place.path;
  };
  source.wording.body = "[x]({{ contact.site }})";
  CHECK(failing(source) == "body");
  source.wording.body = "<a href=\"{{ contact.site }}\">x</a>";
  CHECK(failing(source) == "body");
  source.wording.body = "![x]({{ contact.site }})";
  CHECK(failing(source) == "body");
  source.wording.body = "x";
  source.wording.buttons = {{"b", "x", "{{ contact.site }}"}};
  CHECK(failing(source) == "buttons.b.url");
}

TEST_CASE("Telegram's limit counts UTF-16 units of what is shown") {
  MessageSource source{.name = "long"};
  const auto units = [&](std::string body) {
    source.wording.body = std::move(body);
    const auto sent = render(compiled(source), Format::telegram, {}, PlainLinks());
    return sent ? std::string("sent") : sent.error().message;
  };
  std::string emoji;
  for (int i = 0; i < 2048; ++i) emoji += "😀";
  CHECK(units(emoji) == "sent");
  CHECK(units(emoji + "!") == "the message has 4097 characters and Telegram takes 4096");
  CHECK(units("**" + std::string(4096, '&') + "**") == "sent");
  CHECK(units(std::string(4097, 'x')).starts_with("the message has 4097"));
}

// ---- hostile values in every place

const char* const hostile_values[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "<https://evil.example>",
    "https://evil.example",
    "www.evil.example a@evil.example",
    "**bold** _it_ `code` ~~x~~",
    "# Heading\n## Two",
    "a\r\nBcc: victim@example.org\r\n\r\nBody",
    "\n\n- list\n1. one\n> quote\n\n    code\n\n---\n",
    "| a | b |\n|---|---|\n| c | d |",
    "&lt;b&gt; &#60;script&#62;",
    "\\*\\_\\[",
    "](https://evil.example) [",
    "{{ vars.brand }}{% raw %}",
    "[ref]: https://evil.example",
    "```\nfence\n```",
    "<!-- --> <![CDATA[ x ]]> <?php ?>",
    "\xf3\xb0\x80\x80\xf3\xb0\x80\x81",
    "/../..//evil.example?x=1&y=2#z%00",
    "@evil.example:80",
};

MessageSource everywhere() {
  MessageSource source{.name = "everywhere", .layout = "bare"};
  source.wording = {
      .subject = "S {{ contact.first_name }} S",
      .preheader = "P {{ contact.first_name }} P",
      .body =
          "# H {{ contact.first_name }}\n\nText {{ contact.first_name }} text "
          "[L {{ contact.first_name }}](https://example.org/p/{{ contact.first_name }}?q={{ "
          "contact.first_name }})\n\n{{ contact.first_name }}\n\n- {{ contact.first_name }}\n\n"
          "<div title=\"{{ contact.first_name }}\">{{ contact.first_name }}</div>\n",
      .buttons = {
          {"b", "B {{ contact.first_name }}", "https://example.org/b/{{ contact.first_name }}"}}};
  return source;
}

// The tags of a document, in order, without the texts between them and the values of attributes.
std::vector<std::string> tags_of(std::string_view html) {
  std::vector<std::string> tags;
  while (true) {
    const std::size_t begin = html.find('<');
    if (begin == std::string_view::npos) return tags;
    const std::size_t end = html.find('>', begin);
    REQUIRE(end != std::string_view::npos);
    std::string tag(html.substr(begin, end - begin));
    // Line breaks are all that a value may bring.
    if (tag != "<br") tags.push_back(tag.substr(0, tag.find('"')));
    html.remove_prefix(end);
  }
}

void check_harmless(std::string_view value) {
  static const Message message = compiled(everywhere());
  const cel::Value plain = variables("Anna");
  const cel::Value hostile = variables(value);
  const auto expected = render(message, Format::email, {.variables = &plain}, PlainLinks());
  const auto email = render(message, Format::email, {.variables = &hostile}, PlainLinks());
  REQUIRE(expected);
  REQUIRE(email);
  CHECK(tags_of(email->html) == tags_of(expected->html));
  CHECK(header_text(email->subject) == email->subject);
  CHECK(header_text(email->preheader) == email->preheader);
  REQUIRE(email->buttons.size() == 1);
  CHECK(email->buttons[0].url.starts_with("https://example.org/b/"));
  CHECK(email->buttons[0].url.find_first_of("\r\n <>\"'@?#&", 22) == std::string::npos);
  CHECK(header_text(email->buttons[0].text) == email->buttons[0].text);

  const auto base_telegram = render(message, Format::telegram, {.variables = &plain}, PlainLinks());
  const auto telegram = render(message, Format::telegram, {.variables = &hostile}, PlainLinks());
  REQUIRE(base_telegram);
  REQUIRE(telegram);
  CHECK(tags_of(telegram->html) == tags_of(base_telegram->html));
}

TEST_CASE("hostile values are shown and do nothing") {
  for (const char* value : hostile_values) {
    INFO(value);
    check_harmless(value);
  }
}

TEST_CASE("hostile values are shown as they are in plain text") {
  const Message message = compiled(everywhere());
  for (const char* value : {"<script>x</script>", "**bold** _it_ `code`", "[x](y)", "&lt;"}) {
    const cel::Value data = variables(value);
    const auto plain = render(message, Format::plain, {.variables = &data}, PlainLinks());
    REQUIRE(plain);
    CHECK(holds(plain->text, "Text " + std::string(value) + " text L " + value));
    CHECK(plain->subject == "S " + std::string(value) + " S");
  }
}

TEST_CASE("any value leaves the structure of a message as it is") {
  rc::check([] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "*", "_", "[", "]", "(", ")", "<", ">", "&", "\"", "'", "`", "~", "|", "#", "-", "\n", "\r",
        "\t", " ", "!", "\\", "a", "http://e.example", "javascript:", "=", "1.", "é", "😀", "{{",
        "}}", "{%", "%}", "\xf3\xb0\x80\x80", "<b>", "</p>", "<!--", "\x01"));
    std::string value = "v";
    for (const std::string& piece : pieces) value += piece;
    check_harmless(value);
  });
}

TEST_CASE("raw is the way out") {
  MessageSource source{.name = "raw"};
  source.wording.body = "{{ contact.first_name | raw }}";
  const cel::Value data = variables("**bold**");
  const auto sent = render(compiled(source), Format::telegram, {.variables = &data}, PlainLinks());
  REQUIRE(sent);
  CHECK(sent->html == "<b>bold</b>");
}

TEST_CASE("Markdown that nests without end is refused") {
  MessageSource source{.name = "deep"};
  for (const std::string& body : {std::string(5000, '>') + "x", [] {
                                    std::string lists;
                                    for (int i = 0; i < 300; ++i)
                                      lists += std::string(static_cast<std::size_t>(i) * 2, ' ') +
                                               "- x\n";
                                    return lists;
                                  }()}) {
    source.wording.body = body;
    const auto sent = render(compiled(source), Format::plain, {}, PlainLinks());
    REQUIRE_FALSE(sent);
    CHECK(sent.error().kind == base::ErrorKind::too_large);
  }
}

}  // namespace
}  // namespace nurtured::content
