#include "daemon/links.h"

#include <rapidcheck.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/random.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

const LinkClaim claim{
    .contact = {7}, .channel = "email", .delivery = "7.3.1.0.email", .locale = "ru-RU"};

LinkSigner signer_of(const std::vector<std::string>& keys) {
  std::vector<config::Secret> secrets;
  for (const auto& key : keys) secrets.emplace_back(key);
  return LinkSigner(secrets);
}

bool is_refused(const LinkSigner& signer, std::string_view token,
                LinkPurpose purpose = LinkPurpose::unsubscribe) {
  const auto read = signer.verify(token, purpose);
  return !read && read.error().kind == base::ErrorKind::denied;
}

}  // namespace

TEST_CASE("a token says what was signed, and no address") {
  const LinkSigner signer = signer_of({"secret"});
  const std::string token = signer.sign(LinkPurpose::unsubscribe, claim);
  CHECK(signer.verify(token, LinkPurpose::unsubscribe) == claim);
  CHECK(token.size() < 100);
  CHECK(
      token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
      std::string::npos);
  CHECK(page_url(signer, LinkPurpose::unsubscribe, "https://t.example.org", claim) ==
        "https://t.example.org/u/" + token);
}

// Tokens are in mails that were sent years ago.
TEST_CASE("a token's form never changes") {
  CHECK(signer_of({"secret"}).sign(LinkPurpose::unsubscribe, claim) ==
        "AQHcH-uaAAAAAAAAAAcFZW1haWwNNy4zLjEuMC5lbWFpbAVydS1SVcF8Zwaw92N3M8om5gv7QB0");
}

TEST_CASE("the first key signs, all verify, and a key that is gone does not") {
  const std::string old_token = signer_of({"old"}).sign(LinkPurpose::unsubscribe, claim);
  const LinkSigner both = signer_of({"new", "old"});
  CHECK(both.verify(old_token, LinkPurpose::unsubscribe) == claim);
  const std::string new_token = both.sign(LinkPurpose::unsubscribe, claim);
  CHECK(signer_of({"new"}).verify(new_token, LinkPurpose::unsubscribe) == claim);
  CHECK(is_refused(signer_of({"new"}), old_token));
  CHECK(is_refused(signer_of({"old"}), new_token));
}

TEST_CASE("a token for one purpose does not serve another") {
  const LinkSigner signer = signer_of({"secret"});
  const auto click = LinkPurpose::click;
  CHECK(is_refused(signer, signer.sign(click, claim)));
  CHECK(is_refused(signer, signer.sign(LinkPurpose::unsubscribe, claim), click));
}

TEST_CASE("each bit flipped is refused") {
  const LinkSigner signer = signer_of({"secret"});
  const std::string token = signer.sign(LinkPurpose::unsubscribe, claim);
  for (std::size_t bit = 0; bit < token.size() * 8; ++bit) {
    std::string damaged = token;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK(is_refused(signer, damaged));
  }
  const std::string bytes = *base::from_base64url(token);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK(is_refused(signer, base::to_base64url(damaged)));
  }
}

TEST_CASE("what is no token is refused") {
  const LinkSigner signer = signer_of({"secret"});
  const std::string token = signer.sign(LinkPurpose::unsubscribe, claim);
  const auto text = GENERATE_COPY(values<std::string>({
      "",
      "A",
      "AQ",
      token.substr(1),
      token.substr(0, token.size() - 1),
      token + "A",
      token + "=",
      " " + token,
      token + "\n",
      token + std::string(1, '\0'),
      std::string(1'000'000, 'A'),
      std::string(500, 'A'),
      "../../../etc/passwd",
      "%00",
      "<script>alert(1)</script>",
      token + token,
  }));
  CHECK(is_refused(signer, text));
}

TEST_CASE("even a signed text that is no claim is refused") {
  const std::string secret(base::view(base::hmac_sha256("secret", "nurtured link secret")));
  const std::string id(
      base::view(base::hmac_sha256("secret", "nurtured link key id")).substr(0, 4));
  const std::string contact("\0\0\0\0\0\0\0\7", 8);
  const std::string nobody(8, '\0');
  const auto rest = GENERATE_COPY(values<std::string>({
      "",
      contact,
      contact + "\5ema",
      contact + "\5email",
      nobody + std::string("\5email\0\0", 8),
      contact + std::string("\0\0\0", 3),
      contact + std::string("\5email\0\0x", 9),
      contact + "\xff",
  }));
  std::string bytes = std::string("\1\1", 2) + id + rest;
  bytes += base::view(base::hmac_sha256(secret, bytes)).substr(0, 16);
  CHECK(is_refused(signer_of({"secret"}), base::to_base64url(bytes)));
}

TEST_CASE("what was signed is what is read") {
  const LinkSigner signer = signer_of({"a", "b"});
  rc::check("any claim", [&] {
    LinkClaim any;
    any.contact = {*rc::gen::inRange<std::int64_t>(1, INT64_MAX)};
    any.channel = *rc::gen::nonEmpty<std::string>();
    any.delivery = *rc::gen::arbitrary<std::string>();
    any.locale = *rc::gen::arbitrary<std::string>();
    RC_PRE(any.channel.size() <= link_field_bytes_max);
    LinkClaim expected = any;
    if (any.delivery.size() > link_field_bytes_max) expected.delivery.clear();
    if (any.locale.size() > link_field_bytes_max) expected.locale.clear();
    const std::string token = signer.sign(LinkPurpose::unsubscribe, any);
    RC_ASSERT(token.size() <= link_token_bytes_max);
    RC_ASSERT(signer.verify(token, LinkPurpose::unsubscribe) == expected);
  });
}

TEST_CASE("a signer without a key is a bug") {
  CHECK_THROWS_AS(signer_of({}), std::invalid_argument);
}

TEST_CASE("a visit's token holds its destination, and serves its purpose alone") {
  const LinkSigner signer = signer_of({"secret"});
  const VisitClaim visit{
      .delivery = "7.3.1.0.email", .link = "webinar", .url = "https://example.org/?a=b"};
  const auto token = signer.sign(LinkPurpose::click, visit);
  REQUIRE(token);
  const auto read = signer.verify_visit(*token, LinkPurpose::click);
  REQUIRE(read);
  CHECK(*read == visit);
  CHECK_FALSE(signer.verify_visit(*token, LinkPurpose::open));
  CHECK_FALSE(signer.verify(*token, LinkPurpose::unsubscribe));
  CHECK_FALSE(
      signer.verify_visit(signer.sign(LinkPurpose::unsubscribe, claim), LinkPurpose::click));
  // Tokens are in mails that were sent years ago.
  CHECK(*token ==
        "AQLcH-uaDTcuMy4xLjAuZW1haWwHd2ViaW5hcgAYaHR0cHM6Ly9leGFtcGxl"
        "Lm9yZy8_YT1iBvDRd3mY_u7-ZW2zJYkb8Q");
}

TEST_CASE("ten thousand damaged links lead nowhere") {
  const LinkSigner signer = signer_of({"secret"});
  const std::string token = *signer.sign(
      LinkPurpose::click,
      VisitClaim{.delivery = "7.3.1.0.email", .link = "a", .url = "https://example.org/"});
  base::Random random(1);
  for (int damage = 0; damage < 10'000; ++damage) {
    std::string damaged = token;
    const auto changes = 1 + random.below(4);
    for (std::uint64_t i = 0; i < changes; ++i) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    }
    if (damaged == token) continue;
    const auto read = signer.verify_visit(damaged, LinkPurpose::click);
    // The last character's spare bits say nothing.
    const bool leads_elsewhere = read && read->url != "https://example.org/";
    if (leads_elsewhere) FAIL_CHECK(damaged);
  }
}

TEST_CASE("a claim beyond its limits is not signed") {
  const LinkSigner signer = signer_of({"secret"});
  const std::string longest_url(link_url_bytes_max, 'u');
  const std::string longest(link_field_bytes_max, 'd');
  const VisitClaim fits{.delivery = longest, .link = longest, .url = longest_url};
  const auto token = signer.sign(LinkPurpose::click, fits);
  REQUIRE(token);
  CHECK(token->size() <= link_token_bytes_max);
  CHECK(signer.verify_visit(*token, LinkPurpose::click) == fits);
  CHECK_FALSE(
      signer.sign(LinkPurpose::click, VisitClaim{.delivery = "d", .url = longest_url + "u"}));
  CHECK_FALSE(signer.sign(LinkPurpose::click, VisitClaim{.delivery = longest + "d"}));
  CHECK_FALSE(signer.sign(LinkPurpose::click, VisitClaim{.delivery = "d", .link = longest + "l"}));
}

TEST_CASE("a touch's token says who was where, until when") {
  const LinkSigner signer = signer_of({"secret"});
  const TouchClaim whoever{.contact = {}, .kind = "talk", .note = "spring", .url = "https://e.org"};
  const TouchClaim anna{.contact = {7},
                        .kind = "visit",
                        .note = "",
                        .url = "",
                        .until = base::parse_instant("2026-03-04T18:00:00Z").value()};
  for (const TouchClaim& claim : {whoever, anna}) {
    const auto token = signer.sign(claim);
    REQUIRE(token);
    const auto read = signer.verify_touch(*token);
    REQUIRE(read);
    CHECK(*read == claim);
    CHECK_FALSE(signer.verify_visit(*token, LinkPurpose::click));
    CHECK_FALSE(signer.verify(*token, LinkPurpose::unsubscribe));
  }
  CHECK_FALSE(signer.sign(TouchClaim{.kind = std::string(link_field_bytes_max + 1, 'k')}));
  CHECK_FALSE(signer.verify_touch(signer.sign(LinkPurpose::unsubscribe, claim)));
}
