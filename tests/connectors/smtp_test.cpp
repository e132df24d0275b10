#include "connectors/smtp.h"

#include <algorithm>

#include "tests/catch.h"
#include "tests/connectors/caller.h"
#include "tests/connectors/smtp_script.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;
using namespace std::chrono_literals;

namespace {

SmtpOptions options_for(std::uint16_t port) {
  SmtpOptions options;
  options.url = "smtp://127.0.0.1:" + std::to_string(port);
  options.from = {"Anna", "anna@example.org"};
  options.tls = SmtpTls::none;
  options.total_time_max = 20s;
  options.limits = {.rate = 0, .concurrency = 1};
  return options;
}

struct Run {
  Outcome outcome;
  std::vector<std::string> lines;
  std::vector<std::string> messages;
};

Run run(const SmtpScript& script, const std::function<void(SmtpOptions&)>& adjust = {},
        const OutboundMessage& message = sample_message()) {
  SmtpLog log;
  ScriptedPeer peer([&](auto& connection, int) { run_smtp(connection, script, log); });
  Caller caller;
  SmtpOptions options = options_for(peer.port());
  if (adjust) adjust(options);
  const auto connector = make_smtp(std::move(options), caller.environment());
  Outcome outcome = caller.send(*connector, message);
  return {std::move(outcome), log.lines(), log.messages()};
}

}  // namespace

TEST_CASE("a mail is handed over in one short conversation") {
  const Run done = run({});
  CHECK(to_string(done.outcome) == "delivered: queued as ABC123");
  CHECK(done.lines == std::vector<std::string>{"EHLO example.org",
                                               "MAIL FROM:<anna@example.org> SIZE=" +
                                                   std::to_string(done.messages.at(0).size()),
                                               "RCPT TO:<u1@example.org>", "DATA"});
  const std::string& mail = done.messages.at(0);
  CHECK(mail.find("From: Anna <anna@example.org>\r\n") != std::string::npos);
  CHECK(mail.find("Message-Id: <4f1c0a7be2d94c55@example.org>\r\n") != std::string::npos);
  CHECK(mail.find("List-Unsubscribe: <https://t.example.org/u/abc>\r\n") != std::string::npos);
  CHECK(mail.find("Feedback-ID: webinar-invite:checklist-to-webinar:value:example.org\r\n") !=
        std::string::npos);
  CHECK(mail.find("Auto-Submitted") == std::string::npos);
}

TEST_CASE("dots at the start of a line are doubled on the way") {
  OutboundMessage message = sample_message();
  message.rendered.html.clear();
  message.rendered.text = ".one\n..two\nend\n";
  const Run done = run({}, {}, message);
  CHECK(kind_of(done.outcome) == "delivered");
  CHECK(done.messages.at(0).ends_with("\r\n..one\r\n...two\r\nend\r\n"));
}

TEST_CASE("a receipt says that no person wrote it, and offers no list to leave") {
  OutboundMessage message = sample_message();
  message.kind = rules::Kind::receipt;
  message.unsubscribe_url.clear();
  message.one_click = false;
  const Run done =
      run({}, [](SmtpOptions& options) { options.list_id = "letters.example.org"; }, message);
  const std::string& mail = done.messages.at(0);
  CHECK(mail.find("Auto-Submitted: auto-generated\r\n") != std::string::npos);
  CHECK(mail.find("List-") == std::string::npos);
  CHECK(mail.find("Feedback-ID") == std::string::npos);
}

TEST_CASE("one connection carries many mails") {
  SmtpLog log;
  ScriptedPeer peer([&](auto& connection, int) { run_smtp(connection, {}, log); });
  Caller caller;
  const auto connector = make_smtp(options_for(peer.port()), caller.environment());
  for (int i = 0; i < 5; ++i) {
    REQUIRE(kind_of(caller.send(*connector, sample_message())) == "delivered");
  }
  CHECK(log.messages().size() == 5);
  CHECK(peer.connections() == 1);
}

TEST_CASE("settings reach the conversation") {
  const Run done = run({}, [](SmtpOptions& options) {
    options.helo = "sender.example.org";
    options.envelope_from = "bounces@example.org";
    options.user = "anna";
    options.password = config::Secret("secret");
    options.reply_to = "Help <help@example.org>";
    options.list_id = "Letters <letters.example.org>";
  });
  CHECK(done.lines.at(0) == "EHLO sender.example.org");
  CHECK(done.lines.at(1).starts_with("AUTH PLAIN"));
  const std::string& mail = done.messages.at(0);
  CHECK(mail.find("Reply-To: Help <help@example.org>\r\n") != std::string::npos);
  CHECK(mail.find("List-Id: Letters <letters.example.org>\r\n") != std::string::npos);
  bool envelope = false;
  for (const std::string& line : done.lines) {
    envelope = envelope || line.starts_with("MAIL FROM:<bounces@example.org>");
  }
  CHECK(envelope);
}

TEST_CASE("each mail may have an address of its own for bounces") {
  const Run done = run({}, [](SmtpOptions& options) { options.bounce = "bounces@example.org"; });
  const std::string own = "MAIL FROM:<bounces+" + sample_message().message_id + "@example.org>";
  CHECK(std::ranges::any_of(done.lines,
                            [&](const std::string& line) { return line.starts_with(own); }));
}

TEST_CASE("a token without room in the local part is left out") {
  CHECK(bounce_address("b@example.org", "token") == "b+token@example.org");
  CHECK(bounce_address("b@example.org", std::string(62, 't')) ==
        "b+" + std::string(62, 't') + "@example.org");
  CHECK(bounce_address("b@example.org", std::string(63, 't')) == "b@example.org");
}

TEST_CASE("refusals are judged by what they answer") {
  const auto [at, answer, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"GREETING", "554 no service\r\n", "deferred (connector): 554 no service"},
      {"GREETING", "421 busy\r\n", "deferred (connector): 421 busy"},
      {"MAIL", "550 5.1.8 bad domain\r\n", "rejected (configuration): 550 5.1.8 bad domain"},
      {"MAIL", "451 4.3.0 later\r\n", "deferred (message): 451 4.3.0 later"},
      {"MAIL", "530 5.7.0 log in\r\n", "rejected (configuration): 530 5.7.0 log in"},
      {"RCPT", "550 5.1.1 nobody\r\n", "rejected (address): 550 5.1.1 nobody"},
      {"RCPT", "550 nobody\r\n", "rejected (address): 550 nobody"},
      {"RCPT", "550-5.7.1 first\r\n550 5.7.1 second\r\n",
       "rejected (policy): 550 5.7.1 first second"},
      {"RCPT", "450 greylisted\r\n", "deferred (message): 450 greylisted"},
      {"RCPT", "452 4.2.2 full\r\n", "deferred (message): 452 4.2.2 full"},
      {"RCPT", "421 4.7.0 slow down\r\n", "deferred (destination): 421 4.7.0 slow down"},
      {"DATA", "554 5.7.1 not you\r\n", "rejected (policy): 554 5.7.1 not you"},
      {"DATA", "451 4.3.0 later\r\n", "deferred (message): 451 4.3.0 later"},
      {"CONTENT", "550 5.7.1 spam\r\n", "rejected (policy): 550 5.7.1 spam"},
      {"CONTENT", "554 5.6.0 bad\r\n", "rejected (content): 554 5.6.0 bad"},
      {"CONTENT", "451 4.7.1 later\r\n", "deferred (destination): 451 4.7.1 later"},
      {"CONTENT", "552 5.2.2 full\r\n", "rejected (mailbox): 552 5.2.2 full"},
  }));
  CAPTURE(at, answer);
  CHECK(to_string(run({.answers = {{at, answer}}}).outcome) == expected);
}

TEST_CASE("a refused login pauses the connector") {
  const auto [answer, expected] = GENERATE(table<std::string, std::string>({
      {"535 5.7.8 wrong\r\n", "rejected (configuration): 535 5.7.8 wrong"},
      {"454 4.7.0 busy\r\n", "deferred (connector): 454 4.7.0 busy"},
  }));
  const Run done = run({.answers = {{"AUTH", answer}}}, [](SmtpOptions& options) {
    options.user = "anna";
    options.password = config::Secret("secret");
  });
  CHECK(to_string(done.outcome) == expected);
}

TEST_CASE("a server without TLS gets nothing where TLS is required") {
  const Run done = run({}, [](SmtpOptions& options) {
    options.tls = SmtpTls::required;
    options.user = "anna";
    options.password = config::Secret("secret");
  });
  CHECK(std::get<Rejected>(done.outcome).blame == Blame::configuration);
  CHECK(done.messages.empty());
  for (const std::string& line : done.lines) CHECK_FALSE(line.starts_with("AUTH"));
}

TEST_CASE("a mail is uncertain from its final dot on and not before") {
  const auto [at, expected] = GENERATE(table<std::string, std::string>({
      {"GREETING", "deferred (connector)"},
      {"EHLO", "deferred (connector)"},
      {"MAIL", "deferred (message)"},
      {"RCPT", "deferred (message)"},
      {"DATA", "deferred (message)"},
      {"CONTENT", "uncertain"},
  }));
  const bool silent = GENERATE(false, true);
  CAPTURE(at, silent);
  SmtpScript script;
  (silent ? script.silent_at : script.hang_up_at) = at;
  const Run done = run(script, [&](SmtpOptions& options) {
    if (silent) options.total_time_max = 150ms;
  });
  CHECK(to_string(done.outcome).starts_with(expected));
}

TEST_CASE("a connection cut in the middle of a mail leaves it unsent") {
  ScriptedPeer peer([](ScriptedPeer::Connection& connection, int) {
    connection.send("220 hi\r\n");
    connection.read_until("\r\n");
    connection.send("250 hi\r\n");
    connection.read_until("\r\n");
    connection.send("250 ok\r\n");
    connection.read_until("\r\n");
    connection.send("250 ok\r\n");
    connection.read_until("\r\n");
    connection.send("354 go\r\n");
    connection.read(10'000);
    connection.reset();
  });
  Caller caller;
  const auto connector = make_smtp(options_for(peer.port()), caller.environment());
  OutboundMessage message = sample_message();
  message.attachments = {{"large.bin", "application/octet-stream", std::string(20'000'000, 'x')}};
  CHECK(to_string(caller.send(*connector, message)).starts_with("deferred (message)"));
}

TEST_CASE("garbage instead of a conversation defers") {
  const auto at = GENERATE(as<std::string>(), "GREETING", "EHLO", "MAIL", "RCPT", "DATA");
  const auto garbage = GENERATE(as<std::string>(), "\x01\x02\x03\r\n", "HTTP/1.1 200 OK\r\n\r\n");
  CAPTURE(at, garbage);
  const Run done = run({.answers = {{at, garbage}}},
                       [](SmtpOptions& options) { options.total_time_max = 150ms; });
  CHECK(kind_of(done.outcome) == "deferred");
}

TEST_CASE("an answer without end is cut") {
  std::string endless;
  for (int i = 0; i < 20'000; ++i) endless += "550-5.1.1 " + std::string(60, 'x') + "\r\n";
  const Run done = run({.answers = {{"RCPT", endless + "550 5.1.1 end\r\n"}}});
  CHECK(kind_of(done.outcome) != "delivered");
}

TEST_CASE("addresses that are none never reach the server") {
  const auto to = GENERATE(as<std::string>(), "nobody", "a@b>\r\nRCPT TO:<c@d", "a@b, c@d", "");
  OutboundMessage message = sample_message();
  message.to = to;
  const Run done = run({}, {}, message);
  CHECK(std::get<Rejected>(done.outcome).blame == Blame::address);
  CHECK(done.lines.empty());
}

TEST_CASE("a subject with a line break is refused, and the contact is not blamed") {
  OutboundMessage message = sample_message();
  message.rendered.subject = "a\r\nBcc: victim@example.org";
  const Run done = run({}, {}, message);
  CHECK(std::get<Rejected>(done.outcome).blame == Blame::content);
  CHECK(done.lines.empty());
}

TEST_CASE("a server that never answers QUIT holds up nothing for long") {
  SmtpLog log;
  SmtpScript script;
  script.silent_at = "QUIT";
  ScriptedPeer peer([&](auto& connection, int) { run_smtp(connection, script, log); });
  Caller caller;
  auto connector = make_smtp(options_for(peer.port()), caller.environment());
  CHECK(kind_of(caller.send(*connector, sample_message())) == "delivered");
  connector.reset();  // would wait two minutes otherwise
}
