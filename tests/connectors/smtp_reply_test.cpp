#include "connectors/smtp_reply.h"

#include <rapidcheck.h>

#include "tests/catch.h"

using namespace nurtured::connectors;
using namespace std::chrono_literals;

namespace {

SmtpReply parsed(const std::string& lines) {
  const auto reply = parse_smtp_reply(lines);
  REQUIRE(reply);
  return *reply;
}

}  // namespace

TEST_CASE("replies fall into code, enhanced code and text") {
  const auto [lines, expected] = GENERATE(table<std::string, SmtpReply>({
      {"250 ok\r\n", {250, std::nullopt, "ok"}},
      {"250\r\n", {250, std::nullopt, ""}},
      {"550 5.1.1 no such user\r\n", {550, EnhancedCode{5, 1, 1}, "no such user"}},
      {"550-5.1.1 first\r\n550 5.1.1 second\r\n", {550, EnhancedCode{5, 1, 1}, "first second"}},
      {"550-first\r\n550 5.7.26 second\r\n", {550, EnhancedCode{5, 7, 26}, "first second"}},
      {"421 4.7.28 slow\n", {421, EnhancedCode{4, 7, 28}, "slow"}},
      {"550 5.1.1", {550, EnhancedCode{5, 1, 1}, ""}},
      {"550 5.1 text\r\n", {550, std::nullopt, "5.1 text"}},
      {"550 5.1.1234 text\r\n", {550, std::nullopt, "5.1.1234 text"}},
      {"550 3.1.1 text\r\n", {550, std::nullopt, "3.1.1 text"}},
      {"550 5.1.1text\r\n", {550, std::nullopt, "5.1.1text"}},
      {"250 127.0.0.1 hello\r\n", {250, std::nullopt, "127.0.0.1 hello"}},
  }));
  CAPTURE(lines);
  CHECK(parse_smtp_reply(lines) == expected);
}

TEST_CASE("what is no reply is refused") {
  const auto lines =
      GENERATE(as<std::string>(), "", "ok", "25", "25x ok", "2500 ok", "100 ok", "600 ok", "000 ok",
               "250-one\r\n550 two\r\n", "250 one\r\ngarbage\r\n", "\xff\xfe\xfd", "-250 ok",
               " 250 ok", std::string("\0\0\0", 3), "HTTP/1.1 400 Bad Request\r\n");
  CAPTURE(lines);
  CHECK_FALSE(parse_smtp_reply(lines));
}

TEST_CASE("any bytes are parsed or refused, and what is classified has a reason that fits a line") {
  CHECK(rc::check([](const std::string& noise) {
    if (const auto reply = parse_smtp_reply("550 " + noise)) {
      const std::string words = to_string(classify(*reply, SmtpStage::recipient));
      RC_ASSERT(words.find_first_of("\r\n") == std::string::npos);
      RC_ASSERT(words.size() <= reason_bytes_max + 50);
    }
  }));
  CHECK(parse_smtp_reply("550 " + std::string(1'000'000, 'x'))->text.size() <=
        smtp_reply_bytes_max);
}

TEST_CASE("permanent refusals are blamed on who is to blame") {
  const auto [lines, stage, blame] = GENERATE(table<std::string, SmtpStage, Blame>({
      // The address.
      {"550 5.1.1 no such user", SmtpStage::recipient, Blame::address},
      {"550 5.1.1 no such user", SmtpStage::content, Blame::address},
      {"550 5.1.2 no such domain", SmtpStage::recipient, Blame::address},
      {"501 5.1.3 bad syntax", SmtpStage::recipient, Blame::address},
      {"551 5.1.6 moved", SmtpStage::recipient, Blame::address},
      {"556 5.1.10 null MX", SmtpStage::recipient, Blame::address},
      {"550 5.1.0 unknown", SmtpStage::recipient, Blame::address},
      {"550 5.2.1 disabled", SmtpStage::recipient, Blame::address},
      {"550 5.4.4 unroutable", SmtpStage::recipient, Blame::address},
      {"550 no such user", SmtpStage::recipient, Blame::address},
      {"551 not local", SmtpStage::recipient, Blame::address},
      {"553 bad name", SmtpStage::recipient, Blame::address},
      {"550 5.0.0 no such user", SmtpStage::recipient, Blame::address},
      // The mailbox.
      {"552 5.2.2 full", SmtpStage::recipient, Blame::mailbox},
      {"550 5.2.2 full", SmtpStage::content, Blame::mailbox},
      {"550 4.2.2 full", SmtpStage::recipient, Blame::mailbox},
      {"550 5.2.0 something", SmtpStage::recipient, Blame::mailbox},
      {"550 5.2.4 list", SmtpStage::recipient, Blame::mailbox},
      {"552 full", SmtpStage::recipient, Blame::mailbox},
      {"550 5.4.7 expired", SmtpStage::content, Blame::mailbox},
      // The message.
      {"552 5.2.3 too large", SmtpStage::recipient, Blame::content},
      {"552 5.3.4 too large", SmtpStage::sender, Blame::content},
      {"554 5.6.0 bad MIME", SmtpStage::content, Blame::content},
      {"554 5.6.7 UTF-8 not supported", SmtpStage::content, Blame::content},
      {"550 refused", SmtpStage::content, Blame::content},
      {"554 refused", SmtpStage::content, Blame::content},
      {"552 too large", SmtpStage::sender, Blame::content},
      {"500 what", SmtpStage::data, Blame::content},
      {"555 5.5.4 unknown parameters", SmtpStage::recipient, Blame::content},
      // Our standing with the receiver.
      {"550 5.7.1 blocked", SmtpStage::content, Blame::policy},
      {"554 5.7.1 listed", SmtpStage::recipient, Blame::policy},
      {"550 5.7.0 policy", SmtpStage::recipient, Blame::policy},
      {"550 5.7.26 DMARC", SmtpStage::content, Blame::policy},
      {"550 5.7.23 SPF", SmtpStage::recipient, Blame::policy},
      {"550 5.7.25 reverse DNS", SmtpStage::recipient, Blame::policy},
      {"550 5.7.510 not liked", SmtpStage::recipient, Blame::policy},
      {"554 no", SmtpStage::recipient, Blame::policy},
      // Our own settings.
      {"535 5.7.8 bad credentials", SmtpStage::authentication, Blame::configuration},
      {"535 bad credentials", SmtpStage::authentication, Blame::configuration},
      {"534 5.7.9 too weak", SmtpStage::authentication, Blame::configuration},
      {"538 5.7.11 needs TLS", SmtpStage::authentication, Blame::configuration},
      {"504 5.5.4 unknown mechanism", SmtpStage::authentication, Blame::configuration},
      {"530 5.7.0 log in first", SmtpStage::sender, Blame::configuration},
      {"530 log in first", SmtpStage::sender, Blame::configuration},
      {"530 5.7.3 log in first", SmtpStage::sender, Blame::configuration},
      {"550 5.1.7 bad sender", SmtpStage::sender, Blame::configuration},
      {"550 5.1.8 bad sender domain", SmtpStage::recipient, Blame::configuration},
      {"550 5.1.1 no such sender", SmtpStage::sender, Blame::configuration},
      {"554 5.4.6 loop", SmtpStage::content, Blame::configuration},
  }));
  CAPTURE(lines);
  const Outcome outcome = classify(parsed(lines), stage);
  const auto* const rejected = std::get_if<Rejected>(&outcome);
  REQUIRE(rejected != nullptr);
  CHECK(to_string(rejected->blame) == to_string(blame));
  CHECK(rejected->code.starts_with(lines.substr(0, 3)));
  CHECK(rejected->reason.starts_with(rejected->code));
}

TEST_CASE("passing refusals are tried again, and hold up no more than they must") {
  const auto [lines, stage, scope, pause] =
      GENERATE(table<std::string, SmtpStage, Scope, std::optional<nurtured::base::Milliseconds>>({
          {"450 greylisted", SmtpStage::recipient, Scope::message, 5min},
          {"451 try later", SmtpStage::recipient, Scope::message, 5min},
          {"452 too many", SmtpStage::recipient, Scope::message, 5min},
          {"450 4.2.0 greylisted", SmtpStage::recipient, Scope::message, std::nullopt},
          {"450 4.2.1 too fast", SmtpStage::recipient, Scope::message, std::nullopt},
          {"452 4.2.2 full", SmtpStage::recipient, Scope::message, std::nullopt},
          {"450 5.1.1 maybe no such user", SmtpStage::recipient, Scope::message, std::nullopt},
          {"451 4.3.0 internal", SmtpStage::content, Scope::message, std::nullopt},
          {"451 4.4.1 network", SmtpStage::content, Scope::message, std::nullopt},
          {"452 4.5.3 too many", SmtpStage::recipient, Scope::message, std::nullopt},
          {"450 4.1.2 no such domain yet", SmtpStage::recipient, Scope::message, std::nullopt},
          {"421 closing", SmtpStage::recipient, Scope::destination, std::nullopt},
          {"421 4.7.28 rate", SmtpStage::content, Scope::destination, std::nullopt},
          {"450 4.7.1 slow down", SmtpStage::recipient, Scope::destination, std::nullopt},
          {"451 4.7.23 PTR", SmtpStage::content, Scope::destination, std::nullopt},
          {"421 too many connections", SmtpStage::greeting, Scope::connector, std::nullopt},
          {"454 4.7.0 busy", SmtpStage::authentication, Scope::connector, std::nullopt},
          {"454 4.3.0 TLS unavailable", SmtpStage::tls, Scope::connector, std::nullopt},
          {"554 no service here", SmtpStage::greeting, Scope::connector, std::nullopt},
          {"550 we do not know you", SmtpStage::hello, Scope::connector, std::nullopt},
      }));
  CAPTURE(lines);
  const Outcome outcome = classify(parsed(lines), stage);
  const auto* const deferred = std::get_if<Deferred>(&outcome);
  REQUIRE(deferred != nullptr);
  CHECK(to_string(deferred->scope) == to_string(scope));
  CHECK(deferred->retry_after == pause);
}
