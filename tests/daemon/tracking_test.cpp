#include "daemon/tracking.h"

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

config::Tracking with(const std::vector<std::pair<std::string, std::string>>& utm) {
  config::Tracking tracking;
  for (const auto& [name, text] : utm) {
    tracking.utm.emplace_back(name, *content::liquid::compile(name, text));
  }
  return tracking;
}

const rules::Delivery letter{.key = "7.1.0.0.email",
                             .contact = {7},
                             .playbook = "news",
                             .message = "issue 1",
                             .kind = rules::Kind::engagement,
                             .to = {"email", "a@example.org"}};

std::shared_ptr<const config::Config> workspace(const std::string& public_url) {
  auto config = std::make_shared<config::Config>();
  rules::Settings settings;
  settings.channels = {{"email", {.connector = "mail"}}, {"letter", {.connector = "folder"}}};
  config->book =
      std::make_shared<const rules::Book>(rules::BookParts{.settings = std::move(settings)});
  config->connectors = {{"mail", {.name = "mail", .type = "smtp", .node = {}}},
                        {"folder", {.name = "folder", .type = "file", .node = {}}}};
  config->http.public_url = public_url;
  return config;
}

const LinkSigner signer({config::Secret("key")});

std::string rewritten(const MessageLinks& links, std::string_view url) {
  return links.destinations ? links.destinations->rewrite("link-1", url) : std::string(url);
}

}  // namespace

TEST_CASE("utm parameters are added where they do no harm") {
  const auto tracking = with({{"utm_source", "letters"}, {"utm_campaign", "{{ message }}"}});
  struct Case {
    const char* url;
    const char* expected;
  };
  const Case cases[] = {
      {"https://e.org", "https://e.org?utm_source=letters&utm_campaign=issue%201"},
      {"https://e.org/a?b=c", "https://e.org/a?b=c&utm_source=letters&utm_campaign=issue%201"},
      {"https://e.org/a?", "https://e.org/a?utm_source=letters&utm_campaign=issue%201"},
      {"https://e.org/a?b&", "https://e.org/a?b&utm_source=letters&utm_campaign=issue%201"},
      {"https://e.org/#top", "https://e.org/?utm_source=letters&utm_campaign=issue%201#top"},
      {"https://e.org/#a?b", "https://e.org/?utm_source=letters&utm_campaign=issue%201#a?b"},
      {"https://e.org/?utm_source=mine", "https://e.org/?utm_source=mine&utm_campaign=issue%201"},
      {"https://e.org/?a=1&utm_campaign=b&utm_source=c",
       "https://e.org/?a=1&utm_campaign=b&utm_source=c"},
  };
  for (const Case& c : cases) {
    CHECK(with_utm(tracking, letter, "link-1", c.url) == c.expected);
  }
  CHECK(with_utm(with({{"utm_term", "{{ nothing }}"}}), letter, "l", "https://e.org") ==
        "https://e.org");
  CHECK(with_utm({}, letter, "l", "https://e.org/?a=b#c") == "https://e.org/?a=b#c");
}

TEST_CASE("a link leads by way of us, and its token holds where to") {
  const auto config = workspace("https://t.example.org");
  const auto links = message_links(config, signer, {.delivery = letter});
  const std::string url = rewritten(links, "https://example.org/a?b=c");
  REQUIRE(url.starts_with("https://t.example.org/c/"));
  const auto claim = signer.verify_visit(url.substr(24), LinkPurpose::click);
  REQUIRE(claim);
  CHECK(*claim == VisitClaim{.delivery = "7.1.0.0.email",
                             .link = "link-1",
                             .url = "https://example.org/a?b=c"});
  CHECK(links.open_url.starts_with("https://t.example.org/o/"));
  CHECK(links.unsubscribe_url.starts_with("https://t.example.org/u/"));
}

TEST_CASE("what cannot or should not lead by way of us is left alone") {
  const auto config = workspace("https://t.example.org");
  const auto links = message_links(config, signer, {.delivery = letter});
  for (const std::string& url :
       {std::string("mailto:anna@example.org"), std::string("tel:+4930123"),
        std::string("tg://resolve?domain=anna"), links.unsubscribe_url,
        std::string("https://t.example.org/p/x"),
        "https://example.org/" + std::string(link_url_bytes_max, 'a')}) {
    CHECK(rewritten(links, url) == url);
  }
  // A name that only begins like ours is somebody else's.
  CHECK(rewritten(links, "https://t.example.org.evil.example/") !=
        "https://t.example.org.evil.example/");
}

TEST_CASE("links are tracked only where their readers can reach us, and where that is wanted") {
  const auto nowhere = workspace("");
  const auto mail = message_links(nowhere, signer, {.delivery = letter});
  CHECK(rewritten(mail, "https://example.org/") == "https://example.org/");
  CHECK(mail.open_url.empty());
  rules::Delivery here = letter;
  here.to.channel = "letter";
  const auto local = message_links(nowhere, signer, {.delivery = here});
  CHECK(rewritten(local, "https://example.org/").starts_with("http://127.0.0.1:8025/c/"));

  auto shy = std::make_shared<config::Config>(*workspace("https://t.example.org"));
  shy->tracking.clicks = false;
  shy->tracking.opens = false;
  const auto plain = message_links(shy, signer, {.delivery = letter});
  CHECK(rewritten(plain, "https://example.org/") == "https://example.org/");
  CHECK(plain.open_url.empty());
  CHECK_FALSE(plain.unsubscribe_url.empty());
}
