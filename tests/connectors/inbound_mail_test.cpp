#include "connectors/inbound_mail.h"

#include <algorithm>

#include <rapidcheck.h>

#include "base/encoding.h"
#include "connectors/mime_reader.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

const std::string token = "mfrggzdfmztwq2lkmfrggzdf";

std::string answer(const std::string& headers, const std::string& body) {
  return "From: Anna <anna@receiver.example>\nTo: hello@example.org\nSubject: Re: Three mistakes\n"
         "Message-ID: <r1@receiver.example>\nIn-Reply-To: <" +
         token + "@example.org>\n" + headers + "Content-Type: text/plain; charset=utf-8\n\n" + body;
}

Reply reply_in(const std::string& bytes) {
  const InboundMail mail = parse_inbound_mail(bytes);
  const auto* reply = std::get_if<Reply>(&mail.content);
  REQUIRE(reply != nullptr);
  return *reply;
}

std::string feedback(const std::string& type, const std::string& fields = "") {
  return "From: feedback@provider.example\nTo: abuse@example.org\nSubject: complaint\n"
         "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; "
         "boundary=b\n\n--b\nContent-Type: text/plain\n\nA complaint.\n\n--b\n"
         "Content-Type: message/feedback-report\n\nFeedback-Type: " +
         type + "\nUser-Agent: Some/1.0\nVersion: 1\n" + fields +
         "\n--b\nContent-Type: message/rfc822\n\nFrom: a@example.org\nMessage-ID: <" + token +
         "@example.org>\nSubject: x\n\ntext\n--b--\n";
}

}  // namespace

TEST_CASE("a reply is what the person wrote, without what it quotes") {
  const auto [body, text] = GENERATE(table<std::string, std::string>({
      {"Yes, please.\n", "Yes, please."},
      {"Yes.\n\nOn Mon, 2 Mar 2026 at 10:00, Anna <a@example.org> wrote:\n> Come?\n", "Yes."},
      {"Yes.\r\n\r\nOn Mon, 2 Mar 2026 at 10:00, Anna\r\n<a@example.org> wrote:\r\n\r\n> Come?\r\n",
       "Yes."},
      {"On Mon, Anna <a@example.org> wrote:\n> Come?\n\nYes, below.\n", "Yes, below."},
      {"On Mon, Anna wrote:\n> One?\nFirst.\n> Two?\nSecond.\n", "First.\nSecond."},
      {"Да!\n\n2 марта 2026, 10:00 +03:00 от Anna <a@example.org> написал(а):\n> Придёте?\n",
       "Да!"},
      {"Да.\n\nпн, 2 мар. 2026 г. в 10:00, Anna <a@example.org>:\n> Придёте?\n", "Да."},
      {"Да.\n\nвс, 22 нояб. 2026 г. в 16:48, Anna Petrova\n<anna@example.org>:\n\n> Придёте?\n",
       "Да."},
      {"Да.\n\n22.11.2026, 16:48, \"Anna\" <a@example.org>:\n\nПридёте?\n", "Да."},
      {"Meet at 16:48, by <the door>:\nno\n", "Meet at 16:48, by <the door>:\nno"},
      {"Да\n\nAnna пишет:\n\nПридёте?\n", "Да"},
      {"好的\n\nAnna 于2026年3月2日周一 10:00写道：\n> 来吗？\n", "好的"},
      {"Yes\n\n-----Original Message-----\nFrom: Anna\nSent: Monday\n\nCome?\n", "Yes"},
      {"Yes\n\n________________________________\nFrom: Anna\nSent: Monday\n", "Yes"},
      {"Yes\n\nFrom: Anna <a@example.org>\nSent: Monday, 2 March 2026\nTo: me\n\nCome?", "Yes"},
      {"Да\n\nОт: Anna <a@example.org>\nОтправлено: 2 марта 2026\n\nПридёте?", "Да"},
      {"Yes\n-- \nBob\nDirector\n", "Yes"},
      {"> Come?\n", ""},
      {"", ""},
      {"From: is a fine word\nand so on\n", "From: is a fine word\nand so on"},
      {"a\n\n\n\nb\n", "a\n\nb"},
  }));
  CAPTURE(body);
  CHECK(reply_in(answer("", body)).text == text);
}

TEST_CASE("a reply in HTML alone is read as text") {
  const std::string mail =
      "From: a@receiver.example\nSubject: Re: x\nContent-Type: text/html; charset=utf-8\n\n"
      "<html><style>p{}</style><body>Yes &amp; thanks<br>Bob</body></html>";
  CHECK(reply_in(mail).text == "Yes & thanks\nBob");
}

TEST_CASE("what HTML quotes is no part of an answer") {
  const auto [body, text] = GENERATE(table<std::string, std::string>({
      {"Yes<br><div>On Mon, Anna wrote:</div><blockquote class=q>Come?</blockquote>", "Yes"},
      {"<p>Yes</p><BLOCKQUOTE><p>a<blockquote>b</blockquote>c</p></BLOCKQUOTE><p>below</p>",
       "Yes\n\nbelow"},
      {"Yes<blockquote>never closed <b>x", "Yes"},
      {"Yes</blockquote> and no", "Yes and no"},
      {"Да<div>вс, 22 нояб. 2026 г. в 16:48, Anna &lt;a@example.org&gt;:<br></div>"
       "<blockquote>Придёте?</blockquote>",
       "Да"},
  }));
  CAPTURE(body);
  const std::string mail =
      "From: a@receiver.example\nSubject: Re: x\nContent-Type: text/html; charset=utf-8\n\n" + body;
  CHECK(reply_in(mail).text == text);
}

TEST_CASE("a reply's charset and encodings are read") {
  const std::string mail =
      "From: a@receiver.example\nSubject: =?koi8-r?B?5MHbwQ==?=\n"
      "Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n5MHbwQ==\n";
  const Reply reply = reply_in(mail);
  CHECK(reply.subject == "Даша");
  CHECK(reply.text == "Даша");
}

TEST_CASE("answers of machines are told from those of people") {
  const auto [headers, automatic] = GENERATE(table<std::string, bool>({
      {"", false},
      {"Auto-Submitted: no\n", false},
      {"Auto-Submitted: auto-replied\n", true},
      {"Auto-Submitted: Auto-Generated; x=y\n", true},
      {"Precedence: bulk\n", true},
      {"Precedence: junk\n", true},
      {"Precedence: list\n", true},
      {"Precedence: auto_reply\n", true},
      {"Precedence: first-class\n", false},
      {"X-Autoreply: yes\n", true},
      {"X-Autorespond: yes\n", true},
      {"X-Auto-Response-Suppress: All\n", true},
      {"List-Id: <l.example.org>\n", true},
      {"Return-Path: <>\n", true},
      {"Return-Path: <anna@receiver.example>\n", false},
      {"X-Priority: 1\n", false},
  }));
  CAPTURE(headers);
  CHECK(reply_in(answer(headers, "Hello\n")).is_automatic == automatic);
}

TEST_CASE(
    "an absence notice's subject tells where nothing else does, and an answer to one does not") {
  const auto [subject, automatic] = GENERATE(table<std::string, bool>({
      {"Automatic reply: Three mistakes", true},
      {"Out of Office: Three mistakes", true},
      {"Автоответ: Три ошибки", true},
      {"自动回复：三个错误", true},
      {"Re: Automatic reply: Three mistakes", false},
      {"Re: Out of office tips", false},
      {"I am out of office furniture", false},
      {"", false},
  }));
  CAPTURE(subject);
  CHECK(reply_in("From: a@receiver.example\nSubject: " + subject + "\n\nHello\n").is_automatic ==
        automatic);
}

TEST_CASE("complaints are those that people make") {
  const auto [type, complaint] = GENERATE(table<std::string, bool>({
      {"abuse", true},
      {"Abuse", true},
      {"fraud", true},
      {"opt-out", true},
      {"other", true},
      {"not-spam", false},
      {"auth-failure", false},
      {"", false},
      {"dkim", false},
  }));
  CAPTURE(type);
  const InboundMail mail = parse_inbound_mail(feedback(type));
  CHECK(std::holds_alternative<Complaint>(mail.content) == complaint);
  CHECK_FALSE(std::holds_alternative<Reply>(mail.content));
  CHECK(mail.tokens == std::vector{token});
}

TEST_CASE("a complaint with its recipient struck out is known by the address that it came from") {
  const InboundMail mail = parse_inbound_mail(
      feedback("abuse", "Original-Mail-From: <bounces+aaaabbbbccccddddeeee@example.org>\n"));
  CHECK(std::ranges::find(mail.tokens, "aaaabbbbccccddddeeee") != mail.tokens.end());
}

TEST_CASE("tokens come from where our address or Message-ID stands") {
  const auto [headers, found] = GENERATE_COPY(table<std::string, bool>({
      {"Delivered-To: bounces+" + token + "@example.org\n", true},
      {"X-Original-To: <bounces+" + token + "@example.org>\n", true},
      {"To: x <bounces+" + token + "@example.org>\n", true},
      {"In-Reply-To: <" + token + "@example.org>\n", true},
      {"References: <a@b> <" + token + "@example.org>\n", true},
      {"In-Reply-To: <MFRGGZDFMZTWQ2LKMFRGGZDF@EXAMPLE.ORG>\n", true},
      {"X-Other: <" + token + "@example.org>\n", false},
      {"In-Reply-To: <short@example.org>\n", false},
      {"In-Reply-To: <" + token + "!@example.org>\n", false},
      {"In-Reply-To: " + token + "\n", false},
  }));
  CAPTURE(headers);
  const InboundMail mail = parse_inbound_mail("From: a@b.example\n" + headers + "\nHello\n");
  CHECK(mail.tokens == (found ? std::vector{token} : std::vector<std::string>{}));
}

TEST_CASE("hostile mail is read within its limits or left alone") {
  const auto repeated = [](std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  const std::string head = "From: a@b.example\nMIME-Version: 1.0\n";
  std::string nested = head;
  for (int i = 0; i < 40; ++i) {
    const std::string mark = "n" + std::to_string(i);
    nested += "Content-Type: multipart/mixed; boundary=" + mark + "\n\n--" + mark + "\n";
  }
  const auto bytes = GENERATE_COPY(
      as<std::string>(), "", "\n", "\n\n\n", "no header at all", std::string(3, '\0'), "\xff\xfe",
      ":", "From", "From:", head + repeated("Content-Type: message/rfc822\n\n", 20000),
      head + "Content-Type:\n " + repeated("message/rfc822\n\nContent-Type:\n ", 20000),
      head + "Content-Type: multipart/mixed; boundary=b\n\n" + repeated("--b\n\n", 100000), nested,
      head + repeated("a:\n", 100000) + "\nx",
      head + "Subject: " + std::string(300000, 'x') + "\n\n",
      head +
          "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
          "Content-Type: message/delivery-status\n\n" +
          repeated("\nFinal-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n", 5000),
      head + "Subject: failure notice\n\nHi. This is x\n\n" +
          repeated("<a@b.example>:\nx\n\n", 5000),
      head + "\n" + repeated("Anna wrote:\n", 40000) + "> x",
      head + "\n" + repeated("On a\n", 100000), head + "\n" + std::string(2 << 20, '<'),
      head + "References: " + repeated("<aaaabbbbccccddddeeee@b> ", 10000) + "\n\nx",
      head + "To: " + std::string(400000, '@') + "\n\nx",
      head + "Content-Type: text/plain; charset=no-such\n\n\xff\xfe\xfd",
      head + "Content-Type: text/html\n\n" + repeated("<script", 50000),
      head + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!====",
      head + "Content-Type: multipart/mixed; boundary=\n\n--\n\nx\n----\n",
      head + "Subject: =?utf-8?B?" + std::string(1000, '=') + "?=\n\nx");
  const InboundMail mail = parse_inbound_mail(bytes);
  CHECK(mail.tokens.size() <= tokens_max);
  if (const auto* reply = std::get_if<Reply>(&mail.content)) {
    CHECK(reply->text.size() <= reply_text_bytes_max);
    CHECK(base::is_utf8(reply->text));
    CHECK(reply->subject.size() <= subject_bytes_max);
    CHECK(reply->subject.find_first_of("\r\n") == std::string::npos);
  }
  if (const auto* report = std::get_if<DeliveryReport>(&mail.content)) {
    CHECK(report->recipients.size() <= reported_recipients_max);
  }
}

TEST_CASE("any bytes are read or left alone") {
  CHECK(rc::check([](const std::string& noise) {
    const InboundMail mail = parse_inbound_mail("From: a@b.example\n" + noise);
    RC_ASSERT(mail.tokens.size() <= tokens_max);
  }));
}
