#include "content/escape.h"

#include "content/html_context.h"
#include "tests/catch.h"

namespace nurtured::content {
namespace {

// Values stand in «».
std::vector<Piece> pieces(std::string_view text) {
  std::vector<Piece> result;
  while (!text.empty()) {
    const std::size_t begin = text.find("«");
    if (begin != 0) result.push_back({text.substr(0, begin), false});
    if (begin == std::string_view::npos) break;
    const std::size_t end = text.find("»");
    result.push_back({text.substr(begin + 2, end - begin - 2), true});
    text.remove_prefix(end + 2);
  }
  return result;
}

TEST_CASE("a URL keeps its author's parts and encodes its values") {
  struct Case {
    const char* source;
    const char* expected;
  };
  for (const Case& one :
       {Case{"https://e.org/a b?x=1&y=%20#z", "https://e.org/a%20b?x=1&y=%20#z"},
        Case{"https://e.org/?q=«a&b=c#d/é»", "https://e.org/?q=a%26b%3Dc%23d%2F%C3%A9"},
        Case{"«https://e.org/a?b=c d»", "https://e.org/a?b=c%20d"},
        Case{"«https://e.org/»«a/b»?c", "https://e.org/a%2Fb?c"},
        Case{"https://e.org«@evil.example»", "https://e.org%40evil.example"},
        Case{"https://e.org«.evil.example/»x", "https://e.org.evil.example%2Fx"},
        Case{"mailto:«a+b@e.org?cc=x»", "mailto:a+b@e.org%3Fcc%3Dx"},
        Case{"«»https://e.org", "https://e.org"},
        Case{"https://e.org/«a\r\nb\t»", "https://e.org/a%0D%0Ab%09"},
        Case{"https://e.org/\"><x>", "https://e.org/%22%3E%3Cx%3E"}}) {
    CHECK(url_from(pieces(one.source)) == one.expected);
  }
}

TEST_CASE("only schemes that may be used pass") {
  for (const char* url : {"https://e.org", "HTTP://e.org/a", "mailto:a@e.org", "tel:+7900",
                          "tg://resolve?domain=x", "https://e.org:8080/", "https://[::1]/"}) {
    CHECK(checked_url(url).has_value());
  }
  for (const char* url : {"",
                          "javascript:alert(1)",
                          "JaVaScRiPt:alert(1)",
                          "data:text/html,x",
                          "vbscript:x",
                          "file:///etc/passwd",
                          "//e.org",
                          "/path",
                          "e.org",
                          "https:",
                          "https://",
                          "https:///x",
                          "http://?x",
                          "https://@e.org",
                          " https://e.org",
                          "java%0Ascript:x",
                          "cid:1",
                          "%6A:x",
                          "ftp://e.org",
                          "blob:x",
                          ":x"}) {
    INFO(url);
    CHECK_FALSE(checked_url(url));
  }
  CHECK(checked_url("cid:1", LinkUse::image).has_value());
  CHECK_FALSE(checked_url("mailto:a@e.org", LinkUse::image));
}

TEST_CASE("a header is one line") {
  CHECK(header_text("a\r\nBcc: b@e.org") == "a  Bcc: b@e.org");
  CHECK(header_text(std::string("a\0b\x7f\x1b", 5)) == "a b");
  CHECK(header_text("a\xc2\x85"
                    "b\xe2\x80\xa8"
                    "c\xe2\x80\xa9"
                    "d") == "a b c d");
  CHECK(header_text("  Привет\t") == "Привет");
  CHECK(header_text("\r\n").empty());
}

TEST_CASE("values in HTML are escaped for where they stand") {
  struct Case {
    const char* source;
    const char* expected;
  };
  for (const Case& one :
       {Case{"<p>«<b>&\"'»</p>", "<p>&lt;b&gt;&amp;&quot;&#39;</p>"},
        Case{"<p title=\"«a\"b»\">", "<p title=\"a&quot;b\">"},
        Case{"<p title='«a'b»'>", "<p title='a&#39;b'>"},
        Case{"<p title=«a onclick=x»>", "<p title=a onclickx>"},
        Case{"<p «onclick=x»>", "<p onclickx>"}, Case{"<«script»>", "<script>"},
        Case{"<p onclick=\"f('«');alert(1)//»')\">", "<p onclick=\"f('alert1')\">"},
        Case{"<p style=\"color: «red;x:url(y)»\">", "<p style=\"color: redxurly\">"},
        Case{"<!-- «--><script>» -->x", "<!--  -->x"},
        Case{"<script>var a = '«';alert(1)»';</script>«<»", "<script>var a = '';</script>&lt;"},
        Case{"<style>«}»</style>", "<style></style>"},
        Case{"<a href=\"«https://e.org/?a=1&b=2»\">", "<a href=\"https://e.org/?a=1&amp;b=2\">"},
        Case{"<a href=\"https://e.org/?a=1&amp;q=«&x»\">",
             "<a href=\"https://e.org/?a=1&amp;q=%26x\">"},
        Case{"<img src=\"«https://e.org/a.png»\">", "<img src=\"https://e.org/a.png\">"},
        Case{"<a href=\"#top\">x</a>", "<a href=\"#top\">x</a>"},
        Case{"a < b «<» c", "a < b &lt; c"}, Case{"<br/><p a=1 b>«>»", "<br/><p a=1 b>&gt;"}}) {
    INFO(one.source);
    const auto html = html_from(pieces(one.source), {});
    REQUIRE(html);
    CHECK(*html == one.expected);
  }
  for (const char* source :
       {"<a href=\"«javascript:alert(1)»\">", "<a href='java«script:alert(1)»'>", "<a href=\"«»\">",
        "<img src=\"«data:x»\">", "<a href=\"«/x»\">", "<a href=\"«x"}) {
    INFO(source);
    CHECK_FALSE(html_from(pieces(source), {}));
  }
}

TEST_CASE("links in HTML are rewritten, other addresses are not") {
  const auto rewrite = [](std::string_view url) { return "https://t.org/?" + std::string(url); };
  const auto html = html_from(
      pieces("<a href=\"https://e.org\">x</a><img src=\"https://e.org/i\"><a href='#x'>"), rewrite);
  REQUIRE(html);
  CHECK(*html ==
        "<a href=\"https://t.org/?https://e.org\">x</a><img src=\"https://e.org/i\"><a href='#x'>");
}

}  // namespace
}  // namespace nurtured::content
