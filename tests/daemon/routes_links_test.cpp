// What is behind the links of messages, over HTTP.

#include "tests/catch.h"
#include "tests/daemon/routes_world.h"

using namespace nurtured;
using namespace nurtured::daemon;
using namespace nurtured::daemon::testing;
using base::ErrorKind;

TEST_CASE("an unsubscribe link asks on GET and acts on POST") {
  Outside outside;
  const std::string path = outside.unsubscribe_path();
  for (const std::string method : {"GET", "HEAD"}) {
    CHECK(status_of(outside.ask(method, path)) == 200);
    CHECK(outside.inbox.take().empty());
  }
  CHECK(outside.ask("GET", path).find("<form method=\"post\">") != std::string::npos);
  const auto [headers, body] = GENERATE(table<std::string, std::string>({
      {"Content-Type: application/x-www-form-urlencoded\r\n", "List-Unsubscribe=One-Click"},
      {"Content-Type: multipart/form-data; boundary=b\r\n",
       "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n"
       "--b--\r\n"},
      {"", ""},
  }));
  // Twice: a repeat is no error.
  for (int i = 0; i < 2; ++i) {
    const std::string response = outside.post(path, body, headers);
    CHECK(status_of(response) == 200);
    CHECK(response.find("Location:") == std::string::npos);
    const auto taken = outside.inbox.take();
    REQUIRE(taken.size() == 1);
    const auto& input = std::get<ContactInput>(taken[0]);
    CHECK(input.contact.value == 7);
    const auto& suppress = std::get<rules::Suppress>(input.input);
    CHECK(suppress.scope == rules::SuppressionScope::marketing);
    CHECK(suppress.reason == "unsubscribed");
    CHECK(suppress.channel == "email");
    CHECK_FALSE(suppress.address);
  }
}

TEST_CASE("the page speaks the reader's language") {
  Outside outside;
  const std::string path = outside.unsubscribe_path();
  CHECK(outside.ask("GET", path, "", "Accept-Language: ru\r\n").find("Отписаться") !=
        std::string::npos);
  const LinkClaim chinese{.contact = {7}, .channel = "email", .locale = "zh-CN"};
  const std::string token = outside.settings->links.sign(LinkPurpose::unsubscribe, chinese);
  CHECK(outside.ask("GET", "/u/" + token, "", "Accept-Language: ru\r\n").find("退订") !=
        std::string::npos);
}

TEST_CASE("a link that is not ours shows a page and does nothing") {
  Outside outside;
  const std::string good = outside.unsubscribe_path();
  const auto path = GENERATE_COPY(values<std::string>(
      {"/u/x", "/u/%00", "/u/%", "/u//", "/u/..", good + "x", good.substr(0, good.size() - 1),
       good + "/more", "/u/" + std::string(5'000, 'A')}));
  for (const std::string method : {"GET", "POST"}) {
    const std::string response = outside.ask(method, path);
    CHECK(status_of(response) == 404);
    CHECK(has_header(response, "Content-Type: text/html; charset=utf-8"));
  }
  CHECK(outside.inbox.take().empty());
}

TEST_CASE("an unsubscribe that could not be written is not called done") {
  Outside outside;
  outside.inbox.set_full(true);
  CHECK(status_of(outside.post(outside.unsubscribe_path(), "")) == 503);
  outside.inbox.set_full(false);
  outside.inbox.set_outcome(base::fail(ErrorKind::disk, "full"));
  CHECK(status_of(outside.post(outside.unsubscribe_path(), "")) == 503);
}

TEST_CASE("a confirmation shows what is agreed to, and only a POST agrees") {
  Outside outside;
  const LinkClaim claim{.contact = {7}, .channel = "email", .delivery = "7.1.0.0.email"};
  const std::string path = "/d/" + outside.settings->links.sign(LinkPurpose::confirm, claim);
  for (const std::string method : {"GET", "HEAD"}) {
    CHECK(status_of(outside.ask(method, path)) == 200);
    CHECK(outside.inbox.take().empty());
  }
  const std::string wording =
      "I agree to receive messages with news and offers from Anna&#39;s school.";
  CHECK(outside.ask("GET", path).find(wording) != std::string::npos);
  CHECK(status_of(outside.post(path, "")) == 200);
  const auto taken = outside.inbox.take();
  REQUIRE(taken.size() == 1);
  const auto& choice = std::get<rules::Choice>(std::get<ContactInput>(taken[0]).input);
  CHECK(choice.source == "double-opt-in");
  CHECK(choice.delivery == "7.1.0.0.email");
  CHECK(choice.channels == std::vector<std::pair<std::string, bool>>{{"email", true}});
  CHECK(choice.wording == "I agree to receive messages with news and offers from Anna's school.");
  CHECK(choice.from == "127.0.0.1");
}

TEST_CASE("a confirmation that is older than the unsubscribe is not said to be recorded") {
  Outside outside;
  const auto page_of = [&](const std::string& channel, const std::string& delivery) {
    const LinkClaim claim{.contact = {7}, .channel = channel, .delivery = delivery};
    return outside.post("/d/" + outside.settings->links.sign(LinkPurpose::confirm, claim), "");
  };
  CHECK(page_of("vk", "early").find("older than your unsubscribe") != std::string::npos);
  CHECK(page_of("vk", "").find("older than your unsubscribe") != std::string::npos);
  CHECK(page_of("vk", "late").find("Your consent is recorded") != std::string::npos);
  CHECK(page_of("email", "early").find("Your consent is recorded") != std::string::npos);
}

TEST_CASE("the preference page shows how things stand, and a POST changes them") {
  Outside outside;
  const LinkClaim claim{.contact = {7}, .channel = "email", .delivery = "7.1.0.0.email"};
  const std::string path = "/p/" + outside.settings->links.sign(LinkPurpose::preferences, claim);
  const std::string page = outside.ask("GET", path);
  CHECK(page.find("value=\"email\" checked> E-mail (a…@example.org)") != std::string::npos);
  CHECK(page.find("value=\"webinars\" checked> webinars") != std::string::npos);
  CHECK(page.find("telegram") == std::string::npos);
  CHECK(outside.inbox.take().empty());
  using Choices = std::vector<std::pair<std::string, bool>>;
  struct Case {
    std::string body;
    Choices channels;
    Choices topics;
  };
  const Case cases[] = {
      {"channel=email&topic=webinars", {{"email", true}}, {{"webinars", true}}},
      {"channel=email", {{"email", true}}, {{"webinars", false}}},
      {"", {{"email", false}}, {{"webinars", false}}},
      {"channel=email&topic=webinars&none=1", {{"email", false}}, {}},
      {"channel=telegram&channel=email&topic=other&x=%", {{"email", true}}, {{"webinars", false}}},
  };
  for (const Case& c : cases) {
    INFO(c.body);
    CHECK(outside.post(path, c.body).find("Your choice is saved.") != std::string::npos);
    const auto taken = outside.inbox.take();
    REQUIRE(taken.size() == 1);
    const auto& choice = std::get<rules::Choice>(std::get<ContactInput>(taken[0]).input);
    CHECK(choice.source == "preferences");
    CHECK(choice.channels == c.channels);
    CHECK(choice.topics == c.topics);
  }
}

TEST_CASE("a page is behind its own token alone") {
  Outside outside;
  const LinkClaim claim{.contact = {7}, .channel = "email"};
  const std::pair<std::string, LinkPurpose> pages[] = {{"/u/", LinkPurpose::unsubscribe},
                                                       {"/p/", LinkPurpose::preferences},
                                                       {"/d/", LinkPurpose::confirm}};
  for (const auto& [path, purpose] : pages) {
    for (const auto& [other_path, other] : pages) {
      const std::string target = path + outside.settings->links.sign(other, claim);
      INFO(target);
      CHECK(status_of(outside.post(target, "")) == (purpose == other ? 200 : 404));
    }
  }
  LinkClaim stranger = claim;
  stranger.contact = {8};
  const std::string gone = outside.settings->links.sign(LinkPurpose::preferences, stranger);
  CHECK(status_of(outside.ask("GET", "/p/" + gone)) == 404);
}

TEST_CASE(
    "a visit is recorded with what gives its visitor away, and led on even when it cannot be") {
  Outside outside;
  const VisitClaim claim{
      .delivery = "7.1.0.0.email", .link = "a", .url = "https://example.org/?x=1#y"};
  const std::string click = "/c/" + *outside.settings->links.sign(LinkPurpose::click, claim);
  const std::string open = "/o/" + *outside.settings->links.sign(
                                       LinkPurpose::open, VisitClaim{.delivery = "7.1.0.0.email"});
  const std::string person =
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0\r\n";
  const auto visit = [&](const std::string& path, const std::string& headers) {
    INFO(path);
    const std::string response = outside.ask("GET", path, "", headers);
    const bool is_click = path == click;
    CHECK(status_of(response) == (is_click ? 302 : 200));
    CHECK(has_header(
        response, is_click ? "Location: https://example.org/?x=1#y" : "Content-Type: image/gif"));
    const auto taken = outside.inbox.take();
    REQUIRE(taken.size() == 1);
    const auto& input = std::get<ContactInput>(taken[0]);
    CHECK(input.contact.value == 7);
    return std::get<rules::Visit>(input.input);
  };
  CHECK(visit(click, person).machine.empty());
  CHECK(visit(open, person).machine.empty());
  CHECK(visit(click, "User-Agent: curl/8\r\n").machine == "a program's user agent");
  CHECK(visit(open, "User-Agent: Mozilla/5.0\r\n").machine == "a privacy proxy");
  CHECK(visit(click, person + "Sec-Purpose: prefetch\r\n").machine == "a prefetch");
  CHECK(visit(click, person).link == "a");

  CHECK(status_of(outside.ask("HEAD", click, "", person)) == 302);
  CHECK(outside.inbox.take().empty());
  CHECK(status_of(outside.post(click, "")) == 405);
  outside.inbox.set_outcome(base::fail(ErrorKind::disk, "full"));
  CHECK(status_of(outside.ask("GET", click, "", person)) == 302);
  outside.inbox.set_full(true);
  CHECK(status_of(outside.ask("GET", click, "", person)) == 302);
}
