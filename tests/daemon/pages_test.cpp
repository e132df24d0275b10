#include "daemon/pages.h"

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;

TEST_CASE("a page speaks the token's language, else the browser's, else English") {
  struct Case {
    std::string locale;
    std::string accept;
    PageLanguage language;
  };
  const auto c = GENERATE(values<Case>({
      {"", "", PageLanguage::en},
      {"ru", "", PageLanguage::ru},
      {"ru-RU", "zh", PageLanguage::ru},
      {"zh_Hant_TW", "", PageLanguage::zh},
      {"fr", "ru", PageLanguage::ru},
      {"", "ru-RU,ru;q=0.9,en;q=0.8", PageLanguage::ru},
      {"", "de, zh-CN;q=0.7, en;q=0.5", PageLanguage::zh},
      {"", "en;q=0.1, RU;q=0.2", PageLanguage::ru},
      {"", "ru;q=0, en", PageLanguage::en},
      {"", "ru;q=0", PageLanguage::en},
      {"", "*", PageLanguage::en},
      {"", ",,;,ru;q=abc,;q=1,zh ; q=1", PageLanguage::zh},
      {"", std::string(10'000, ','), PageLanguage::en},
      {"rules", "zh;q=nan", PageLanguage::en},
  }));
  INFO(c.locale << " / " << c.accept.substr(0, 50));
  CHECK(page_language(c.locale, c.accept) == c.language);
}

TEST_CASE("the question has a form that posts to itself, and nothing that runs") {
  const auto language = GENERATE(PageLanguage::en, PageLanguage::ru, PageLanguage::zh);
  const auto page = unsubscribe_question({.language = language, .brand = "Anna's school"});
  CHECK(page.status == 200);
  CHECK(page.body.find("<form method=\"post\">") != std::string::npos);
  CHECK(page.body.find("name=\"List-Unsubscribe\" value=\"One-Click\"") != std::string::npos);
  CHECK(page.body.find("Anna&#39;s school") != std::string::npos);
  CHECK(page.body.find("<script") == std::string::npos);
  CHECK(page.body.find("http") == std::string::npos);
  const auto policy = page.headers.find("Content-Security-Policy");
  REQUIRE(policy);
  CHECK(policy->starts_with("default-src 'none'; style-src 'sha256-"));
  CHECK(policy->find("unsafe") == std::string_view::npos);
  CHECK(page.headers.find("Referrer-Policy") == "no-referrer");
  CHECK(page.headers.find("Cache-Control") == "no-store");
}

TEST_CASE("a brand cannot become markup") {
  const auto page = unsubscribe_done({.brand = "</p><script>alert(\"1\")</script>&"});
  CHECK(page.body.find("<script") == std::string::npos);
  CHECK(page.body.find("&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;") !=
        std::string::npos);
}

TEST_CASE("each outcome has its status") {
  CHECK(unsubscribe_done({}).status == 200);
  CHECK(link_invalid({}).status == 404);
  CHECK(try_again_later({}).status == 503);
  CHECK(try_again_later({}).headers.has("Retry-After"));
  CHECK(unsubscribe_done({.language = PageLanguage::ru}).headers.find("Content-Language") == "ru");
}
