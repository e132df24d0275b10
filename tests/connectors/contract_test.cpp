// What every connector promises, whatever is at the other end: one outcome, later, on the caller's
// thread; never "sent" for what may not have been, never "not sent" for what may; and no secret in
// any word.
#include <filesystem>

#include <unistd.h>

#include "config/yaml.h"
#include "connectors/registry.h"
#include "tests/catch.h"
#include "tests/connectors/caller.h"
#include "tests/connectors/smtp_script.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;
using namespace std::chrono_literals;

namespace {

enum class Situation {
  accepts,
  refuses,
  fails,
  slows_down,
  silent,
  garbage,
  cut_before,
  cut_after
};

constexpr std::pair<Situation, const char*> situations[] = {
    {Situation::accepts, "2xx"},
    {Situation::refuses, "4xx"},
    {Situation::fails, "5xx"},
    {Situation::slows_down, "429 with Retry-After"},
    {Situation::silent, "time-out"},
    {Situation::garbage, "garbage"},
    {Situation::cut_before, "cut before the message was sent"},
    {Situation::cut_after, "cut after the message was sent"},
};

constexpr std::string_view secret = "123456:AAcanarycanarycanary";

// The counterpart of everything that speaks HTTP.
void answer_http(ScriptedPeer::Connection& peer, Situation situation, std::string_view type) {
  const std::string head = peer.read_until("\r\n\r\n");
  const std::size_t length = head.find("Content-Length: ");
  if (length == std::string::npos) return;
  peer.read(std::strtoul(head.c_str() + length + 16, nullptr, 10));
  const auto respond = [&](int status, const std::string& headers, const std::string& body) {
    peer.send("HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  const bool telegram = type == "telegram";
  const auto refusal = [&](int status) {
    return telegram ? R"({"ok":false,"error_code":)" + std::to_string(status) +
                          R"(,"description":"no","parameters":{"retry_after":30}})"
                    : std::string("no");
  };
  switch (situation) {
    case Situation::accepts:
      return respond(200, "", telegram ? R"({"ok":true,"result":{"message_id":1}})" : "");
    case Situation::refuses:
      return respond(400, "", refusal(400));
    case Situation::fails:
      return respond(500, "", refusal(500));
    case Situation::slows_down:
      return respond(429, "Retry-After: 30\r\n", refusal(429));
    case Situation::silent:
      return peer.wait_for_end();
    case Situation::garbage:
      return peer.send("\x01\x02\x03 garbage\r\n\r\n");
    case Situation::cut_before:
    case Situation::cut_after:
      return;
  }
}

SmtpScript smtp_script(Situation situation) {
  switch (situation) {
    case Situation::accepts:
      return {};
    case Situation::refuses:
      return {.answers = {{"RCPT", "550 5.1.1 nobody\r\n"}}};
    case Situation::fails:
      return {.answers = {{"CONTENT", "451 4.3.0 trouble\r\n"}}};
    case Situation::slows_down:
      return {.answers = {{"MAIL", "421 4.7.0 slow down\r\n"}}};
    case Situation::silent:
      return {.silent_at = "CONTENT"};
    case Situation::garbage:
      return {.answers = {{"CONTENT", "\x01\x02\x03 garbage\r\n"}}};
    case Situation::cut_before:
      return {.hang_up_at = "DATA"};
    case Situation::cut_after:
      return {.hang_up_at = "CONTENT"};
  }
  return {};
}

// `timeout`: a duration as in nurtured.yaml.
std::string section_for(std::string_view type, std::uint16_t port, const std::string& folder,
                        const std::string& timeout = "1m") {
  const std::string host = "127.0.0.1:" + std::to_string(port);
  if (type == "file") return "path: " + folder + "\n";
  if (type == "smtp") {
    return "url: smtp://" + host +
           "\nfrom: Anna <anna@example.org>\nuser: anna\npassword: " + std::string(secret) +
           "\ntls: none\ntimeout: " + timeout + "\n";
  }
  if (type == "telegram") {
    return "token: \"" + std::string(secret) + "\"\napi: http://" + host +
           "\nallow_private: true\ntimeout: " + timeout + "\n";
  }
  if (type == "webhook") {
    return "url: http://" + host + "/" + std::string(secret) + "\nsecret: " + std::string(secret) +
           "\nallow_private: true\ntimeout: " + timeout + "\n";
  }
  FAIL("a new type of connector has no counterpart here: " << type);
  return {};
}

std::unique_ptr<Connector> make(std::string_view type, const std::string& text, Caller& caller) {
  config::Problems problems;
  const auto node = config::parse_yaml(text, "nurtured.yaml", problems);
  REQUIRE(node);
  config::Section section(*node, "connectors.x", problems);
  auto connector = make_connector(type, section, caller.environment());
  section.finish();
  for (const config::Problem& problem : problems.take()) UNSCOPED_INFO(problem.message);
  REQUIRE(connector != nullptr);
  return connector;
}

OutboundMessage message_for(const Connector& connector) {
  OutboundMessage message = sample_message();
  if (connector.format() == content::Format::telegram) message.to = "987654321";
  return message;
}

std::string expected_kind(const Descriptor& descriptor, Situation situation) {
  switch (situation) {
    case Situation::accepts:
      return "delivered";
    case Situation::refuses:
      return "rejected";
    case Situation::fails:
    case Situation::slows_down:
    case Situation::cut_before:
      return "deferred";
    case Situation::silent:
    case Situation::garbage:
    case Situation::cut_after:
      // Nobody can tell whether it was taken: only a key makes another try harmless.
      return descriptor.honours_key ? "deferred" : "uncertain";
  }
  return {};
}

}  // namespace

TEST_CASE("every connector keeps the contract in every situation") {
  for (const Descriptor* descriptor : descriptors()) {
    if (descriptor->type == "file") continue;  // there is no other end
    for (const auto& [situation, name] : situations) {
      CAPTURE(descriptor->type, name);
      SmtpLog log;
      ScriptedPeer peer([&, now = situation](ScriptedPeer::Connection& connection, int) {
        if (descriptor->type == "smtp") return run_smtp(connection, smtp_script(now), log);
        answer_http(connection, now, descriptor->type);
      });
      const ClosedPort nobody;
      const bool unreachable = situation == Situation::cut_before && descriptor->type != "smtp";
      const std::uint16_t port = unreachable ? nobody.port() : peer.port();
      Caller caller;
      const bool waits = situation == Situation::silent || situation == Situation::garbage;
      const auto connector = make(
          descriptor->type, section_for(descriptor->type, port, "", waits ? "2s" : "1m"), caller);
      const Outcome outcome = caller.send(*connector, message_for(*connector));
      CHECK(kind_of(outcome) == expected_kind(*descriptor, situation));
      CHECK(to_string(outcome).find("canary") == std::string::npos);
      if (situation == Situation::slows_down && descriptor->type != "smtp") {
        CHECK(std::get<Deferred>(outcome).retry_after == base::Milliseconds(30s));
      }
    }
  }
}

TEST_CASE("every connector drops what is under way when it ends") {
  for (const Descriptor* descriptor : descriptors()) {
    CAPTURE(descriptor->type);
    std::string folder =
        (std::filesystem::temp_directory_path() / "nurtured-contract-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    ScriptedPeer peer([](ScriptedPeer::Connection& connection, int) { connection.wait_for_end(); });
    Caller caller;
    auto connector =
        make(descriptor->type, section_for(descriptor->type, peer.port(), folder), caller);
    bool called = false;
    connector->send(message_for(*connector), [&](const Outcome&) { called = true; });
    connector.reset();
    caller.io().poll();
    CHECK_FALSE(called);
    std::filesystem::remove_all(folder);
  }
}

TEST_CASE("descriptors say what documents and checks need") {
  for (const Descriptor* descriptor : descriptors()) {
    CAPTURE(descriptor->type);
    CHECK(find_descriptor(descriptor->type) == descriptor);
    CHECK_FALSE(descriptor->title.empty());
    CHECK(descriptor->limits.concurrency > 0);
    for (const Option& option : descriptor->options) {
      CAPTURE(option.name);
      CHECK_FALSE(option.description.empty());
      CHECK((option.type == OptionType::choice) == !option.choices.empty());
      CHECK_FALSE((option.required && !option.fallback.empty()));
    }
  }
}
