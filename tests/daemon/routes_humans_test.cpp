// The page of a contact that a human has, and messengers' webhooks, over HTTP.
#include "daemon/chat_intake.h"
#include "tests/catch.h"
#include "tests/daemon/routes_world.h"

using namespace nurtured;
using namespace nurtured::daemon;
using namespace nurtured::daemon::testing;
using base::ErrorKind;

namespace {

std::string path_of(const Outside& outside, std::int64_t contact = 7,
                    base::Milliseconds age = base::Milliseconds{0}) {
  return "/h/" +
         outside.settings->links.sign({.contact = {contact}, .asked = outside.clock.now() - age});
}

}  // namespace

TEST_CASE("a human's page shows the talk on GET and changes nothing") {
  Outside outside;
  for (const std::string method : {"GET", "HEAD"}) {
    CHECK(status_of(outside.ask(method, path_of(outside))) == 200);
  }
  const std::string page = outside.ask("GET", path_of(outside));
  CHECK(page.find("Is it &lt;b&gt;free&lt;/b&gt;?") != std::string::npos);
  CHECK(page.find("<textarea name=\"text\"") != std::string::npos);
  CHECK(page.find("name=\"back\"") == std::string::npos);
  CHECK(has_header(page, "Cache-Control: no-store"));
  CHECK(outside.inbox.take().empty());
}

TEST_CASE("a human's answer is taken once, however often its form is sent") {
  Outside outside;
  const std::string path = path_of(outside);
  const std::string form = "Content-Type: application/x-www-form-urlencoded\r\n";
  const auto key_of = [&](const std::string& body) {
    const std::string answer = outside.post(path, body, form);
    CHECK(status_of(answer) == 303);
    CHECK(has_header(answer, "Location: " + path));
    const auto taken = outside.inbox.take();
    REQUIRE(taken.size() == 1);
    const auto& input = std::get<ContactInput>(taken[0]);
    CHECK(input.contact.value == 7);
    CHECK(std::get<rules::HumanMessage>(input.input).text == "Ten, да.");
    return input.message_id;
  };
  const auto once = key_of("form=a&text=Ten%2C+%D0%B4%D0%B0.");
  CHECK(key_of("form=a&text=Ten%2C+%D0%B4%D0%B0.") == once);
  CHECK(key_of("form=b&text=Ten%2C+%D0%B4%D0%B0.") != once);
}

TEST_CASE("a human gives the contact back with a button") {
  Outside outside;
  outside.post(path_of(outside), "form=a&text=&back=1");
  const auto taken = outside.inbox.take();
  REQUIRE(taken.size() == 1);
  CHECK(std::holds_alternative<rules::HandBack>(std::get<ContactInput>(taken[0]).input));
}

TEST_CASE("what is no answer changes nothing") {
  Outside outside;
  const std::string good = path_of(outside);
  struct Case {
    std::string path;
    std::string body;
    int status;
  };
  const std::string old = path_of(outside, 7, answer_link_max + std::chrono::hours{1});
  const std::string start = "/h/" + outside.settings->links.sign_start({7});
  const std::vector<Case> cases = {{good, "", 303},
                                   {good, "text=+%0A+", 303},
                                   {good, "text=%ff%fe", 303},
                                   {good, "%%%", 303},
                                   {good, "text=" + std::string(17'000, 'a'), 413},
                                   {good + "x", "text=a", 404},
                                   {"/h/", "text=a", 404},
                                   {start, "text=a", 404},
                                   {outside.unsubscribe_path().replace(1, 1, "h"), "text=a", 404},
                                   {old, "text=a", 404}};
  for (const Case& one : cases) {
    CAPTURE(one.path, one.body);
    CHECK(status_of(outside.post(one.path, one.body)) == one.status);
    CHECK(outside.inbox.take().empty());
  }
}

TEST_CASE("an answer that cannot be written says so") {
  Outside outside;
  outside.inbox.set_full(true);
  CHECK(status_of(outside.post(path_of(outside), "text=a")) == 503);
}

TEST_CASE("a messenger's webhook is answered once what it says is on disk") {
  Outside outside;
  CHECK(status_of(outside.post("/hooks/bot", "{}")) == 401);
  CHECK(outside.inbox.take().empty());
  const std::string proof = "X-Proof: good\r\n";
  CHECK(status_of(outside.ask("GET", "/hooks/bot", "", proof)) == 405);
  CHECK(status_of(outside.post("/hooks/bot", "x", proof)) == 400);
  const std::string answer = outside.post("/hooks/bot", "{}", proof);
  CHECK(status_of(answer) == 200);
  CHECK(answer.find("{\"method\":\"m\"}") != std::string::npos);
  CHECK(outside.inbox.take().size() == 1);
  // Not on disk: the provider tells it again.
  outside.inbox.set_outcome(base::fail(ErrorKind::disk, "full"));
  CHECK(status_of(outside.post("/hooks/bot", "{}", proof)) == 503);
  outside.inbox.set_full(true);
  CHECK(status_of(outside.post("/hooks/bot", "{}", proof)) == 503);
}
