// What people do in a messenger, from a connector's update to what the store keeps.
#include "daemon/chat_intake.h"

#include <algorithm>

#include "daemon/humans.h"
#include "rules/question.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using connectors::ChatKind;
using connectors::ChatUpdate;

namespace {

constexpr const char* bot_settings =
    "store: sqlite:nurtured.db\ntimezone: UTC\n"
    "http: {public_url: \"https://t.example.org\"}\n"
    "connectors:\n  outbox: {type: file, path: outbox}\n"
    "  bot: {type: telegram, token: \"123:abc\", bot: anna_school_bot}\n"
    "channels:\n  telegram: {connector: bot, consent: assumed}\n  email: outbox\n"
    "handoff: {to: {channel: telegram, to: \"-100\"}}\n"
    "limits: {per_day: 10, per_week: 50, min_gap: 0s, quiet: \"00:00-00:00\"}\n";

class ChatWorld {
 public:
  ChatWorld() {
    world.folder.write("nurtured.yaml", bot_settings);
    world.folder.write("playbooks/p1.yaml", "start: {when: chat.started}\nsteps:\n  - send: m1\n");
    world.start();
  }

  // What the updates change; `false`: nothing of it is ours.
  bool take(const std::vector<ChatUpdate>& updates) {
    const auto config = world.keeper->current();
    auto inputs = daemon::inputs_of_chat({*config, signer, "bot"}, updates, world.clock.now());
    const bool is_ours = !inputs.empty();
    std::vector<daemon::Arrived> arrived;
    for (auto& input : inputs) arrived.push_back({std::move(input), world.clock.now()});
    world.process(std::move(arrived));
    return is_ours;
  }

  ChatUpdate update(ChatKind kind, const std::string& chat = "4711") {
    return {.kind = kind,
            .id = std::to_string(++updates_),
            .at = world.clock.now(),
            .chat = chat,
            .sender = chat,
            .username = "anna_k",
            .first_name = "Anna",
            .locale = "ru"};
  }
  ChatUpdate said(const std::string& text, const std::string& chat = "4711") {
    ChatUpdate its = update(ChatKind::said, chat);
    its.text = text;
    return its;
  }
  ChatUpdate started(const std::string& payload) {
    ChatUpdate its = update(ChatKind::started);
    its.payload = payload;
    return its;
  }
  ChatUpdate human(const std::string& text, const std::string& link,
                   const std::string& chat = "-100") {
    ChatUpdate its = said(text, chat);
    its.is_group = true;
    its.first_name = "Lena";
    its.answered_links = {"https://example.org/", link};
    return its;
  }

  rules::Snapshot contact(const std::string& name = "telegram:4711") {
    const cel::Value shown = world.ask("contact/show", cel::Map{{"contact", name}}).result;
    const auto number = shown.find("number")->as_int();
    return **world.store->contact(rules::ContactId{number});
  }
  std::size_t contacts() { return world.store->contacts_after({}, 100)->size(); }
  std::int64_t count(const std::string& event) {
    const auto history = contact().contact.history;
    const auto found = history.find(event);
    return found == history.end() ? 0 : found->second.count;
  }
  std::string answer_link(base::Instant asked) {
    return daemon::answer_url(signer, "https://t.example.org",
                              {.contact = contact().contact.id, .asked = asked});
  }

  tests::OperatorWorld world;
  daemon::LinkSigner signer{{config::Secret("sign")}};

 private:
  int updates_ = 0;
};

}  // namespace

TEST_CASE("whoever presses Start becomes a contact with a chat, and is answered") {
  ChatWorld chat;
  CHECK(chat.take({chat.started("spring-campaign")}));
  const rules::Contact anna = chat.contact().contact;
  CHECK(anna.addresses.at("telegram") == "4711");
  CHECK(anna.attributes.at("first_name") == cel::Value("Anna"));
  CHECK(anna.attributes.at("telegram_username") == cel::Value("anna_k"));
  CHECK(anna.locale == "ru");
  CHECK(anna.consents.empty());
  CHECK(chat.world.sent == std::map<std::string, int>{{"m1", 1}});
}

TEST_CASE("an update that is told twice is taken once") {
  ChatWorld chat;
  const ChatUpdate start = chat.started("");
  const ChatUpdate hello = chat.said("hello");
  for (int i = 0; i < 3; ++i) chat.take({start, hello});
  CHECK(chat.count("chat.started") == 1);
  CHECK(chat.count("message.replied") == 1);
}

TEST_CASE("a signed link ties the chat to its contact, who keeps their name") {
  ChatWorld chat;
  chat.world.ask("contact/add", cel::Map{{"contact", "u1"},
                                         {"attributes", cel::Map{{"first_name", "Анна"}}},
                                         {"addresses", cel::Map{{"email", "anna@example.org"}}}});
  const bool wrote_before = GENERATE(false, true);
  if (wrote_before) chat.take({chat.said("hello")});
  const auto id = chat.contact("u1").contact.id;
  chat.take({chat.started(chat.signer.sign_start(id))});

  const rules::Contact anna = chat.contact("u1").contact;
  CHECK(anna.addresses.at("telegram") == "4711");
  CHECK(anna.attributes.at("first_name") == cel::Value("Анна"));
  CHECK(anna.history.contains("message.replied") == wrote_before);
  CHECK(chat.contacts() == 1);
}

TEST_CASE("a link that we did not sign ties nothing") {
  ChatWorld chat;
  chat.world.ask("contact/add", cel::Map{{"contact", "u1"}});
  const auto id = chat.contact("u1").contact.id;
  std::string token = chat.signer.sign_start(id);
  SECTION("one of another key") {
    token = daemon::LinkSigner({config::Secret("other")}).sign_start(id);
  }
  SECTION("one that was changed") {
    token.back() = token.back() == 'A' ? 'B' : 'A';
  }
  SECTION("one for another purpose") {
    token = chat.signer.sign({.contact = id, .asked = {}});
  }
  CHECK(token.size() <= connectors::chat_payload_bytes_max);
  chat.take({chat.started(token)});
  CHECK(chat.contact("u1").contact.addresses.empty());
  CHECK(chat.contacts() == 2);
}

TEST_CASE("a chat's number is no other person's id on a site") {
  ChatWorld chat;
  const auto on_site = [&] {
    chat.world.ask("contact/add", cel::Map{{"contact", "4711"},
                                           {"addresses", cel::Map{{"email", "v@example.net"}}}});
  };
  const bool site_first = GENERATE(false, true);
  if (site_first) on_site();
  chat.take({chat.started("")});
  if (!site_first) on_site();
  CHECK(chat.contacts() == 2);
  CHECK_FALSE(chat.contact("4711").contact.addresses.contains("telegram"));
  CHECK(chat.contact().contact.user_id == "telegram:4711");
}

TEST_CASE("the log has what a button stood for") {
  ChatWorld chat;
  chat.world.folder.write(
      "playbooks/p1.yaml",
      "start: {when: chat.started}\nsteps:\n  - ask: m1\n    choices: [Uno, Dos]\n");
  chat.world.stop();
  chat.world.start();
  chat.take({chat.started("")});
  ChatUpdate press = chat.update(ChatKind::pressed);
  press.data = rules::question_mark(chat.contact().contact.enrollments.at(0)) + ".0.1";
  chat.take({press});
  const auto timeline = chat.world.store->timeline(chat.contact().contact.id, 100);
  const auto lines = daemon::said_lines(*timeline);
  CHECK(std::ranges::any_of(lines, [](const auto& line) { return line.what == "Dos"; }));
}

TEST_CASE("a link does not take a chat from somebody who is known by more than it") {
  ChatWorld chat;
  chat.world.ask("contact/add", cel::Map{{"contact", "u1"}});
  chat.world.ask("contact/add",
                 cel::Map{{"contact", "u2"}, {"addresses", cel::Map{{"telegram", "4711"}}}});
  chat.take({chat.started(chat.signer.sign_start(chat.contact("u1").contact.id))});
  CHECK(chat.contact("u2").contact.addresses.at("telegram") == "4711");
  CHECK_FALSE(chat.contact("u1").contact.addresses.contains("telegram"));
  CHECK(chat.contacts() == 2);
}

TEST_CASE("who shuts us out gets nothing until they let us in again or write") {
  ChatWorld chat;
  chat.take({chat.said("hello")});
  chat.take({chat.update(ChatKind::blocked)});
  const auto suppression = [&] { return chat.contact().addresses.at(0).suppression; };
  REQUIRE(suppression());
  CHECK(suppression()->reason == "blocked");
  CHECK(suppression()->scope == rules::SuppressionScope::all);
  CHECK(chat.count("chat.blocked") == 1);
  chat.take({chat.update(ChatKind::blocked)});
  CHECK(chat.count("chat.blocked") == 1);
  SECTION("let in") {
    chat.take({chat.update(ChatKind::unblocked)});
  }
  SECTION("written") {
    chat.take({chat.said("I am back")});
  }
  CHECK_FALSE(suppression());
  CHECK(chat.count("chat.unblocked") == 1);
}

TEST_CASE("an unsubscribe outlasts a bar of the chat, an operator's bar outlasts both") {
  ChatWorld chat;
  chat.take({chat.said("hello")});
  SECTION("unsubscribed") {
    chat.take({chat.said("/stop")});
    CHECK(chat.contact().addresses.at(0).suppression->reason == "unsubscribed");
    CHECK(chat.count("message.replied") == 1);
    chat.take({chat.update(ChatKind::blocked)});
    chat.take({chat.update(ChatKind::unblocked)});
    CHECK(chat.contact().addresses.at(0).suppression->scope == rules::SuppressionScope::marketing);
    CHECK_FALSE(chat.contact().contact.consents.at("telegram").given);
  }
  SECTION("barred by hand") {
    chat.world.ask("contact/suppress",
                   cel::Map{{"contact", "telegram:4711"}, {"channel", "telegram"}});
    chat.take({chat.update(ChatKind::blocked)});
    chat.take({chat.said("hello again")});
    CHECK(chat.contact().addresses.at(0).suppression->reason == "manual");
  }
}

TEST_CASE("the talk of a group is none of ours") {
  ChatWorld chat;
  ChatUpdate talk = chat.said("hello all", "-200");
  talk.is_group = true;
  CHECK_FALSE(chat.take({talk}));
  talk.chat = "-100";
  CHECK_FALSE(chat.take({talk}));
  CHECK(chat.contacts() == 0);
}

TEST_CASE("a human answers from the group and gives the contact back") {
  ChatWorld chat;
  chat.take({chat.said("How much is it?")});
  REQUIRE(chat.contact().contact.handoff);
  const std::string link = chat.answer_link(chat.world.clock.now());
  const ChatUpdate answer = chat.human("Ten.", link);
  chat.take({answer});
  chat.take({answer});
  CHECK(chat.world.sent[std::string(rules::human_message)] == 1);
  CHECK(chat.count("handoff.answered") == 1);
  CHECK(chat.contact().contact.handoff);
  chat.take({chat.human("/back", link)});
  CHECK_FALSE(chat.contact().contact.handoff);
  CHECK(chat.count("handoff.ended") == 1);
}

TEST_CASE("nobody answers for us by a link that is forged, old, or sent from elsewhere") {
  ChatWorld chat;
  chat.take({chat.said("How much is it?")});
  const auto now = chat.world.clock.now();
  std::string link = chat.answer_link(now);
  std::string where = "-100";
  SECTION("forged") {
    link =
        daemon::answer_url(daemon::LinkSigner({config::Secret("other")}), "https://t.example.org",
                           {.contact = chat.contact().contact.id, .asked = now});
  }
  SECTION("a start link's token") {
    link = "https://t.example.org/h/" + chat.signer.sign_start(chat.contact().contact.id);
  }
  SECTION("old") {
    link = chat.answer_link(now - daemon::answer_link_max - std::chrono::hours{1});
  }
  SECTION("from another group") {
    where = "-200";
  }
  SECTION("from a chat of a contact") {
    where = "815";
  }
  chat.take({chat.human("Ten.", link, where)});
  CHECK_FALSE(chat.world.sent.contains(std::string(rules::human_message)));
  CHECK(chat.count("handoff.answered") == 0);
}

TEST_CASE("the humans are told who wrote, what was said before, and where to answer") {
  ChatWorld chat;
  chat.take({chat.started("")});
  chat.take({chat.said("Is it <b>free</b> & good?")});
  const rules::Contact anna = chat.contact().contact;
  const auto timeline = chat.world.store->timeline(anna.id, daemon::talk_entries_max);
  REQUIRE(timeline);
  const auto config = chat.world.keeper->current();
  const rules::Notification told{.at = chat.world.clock.now(),
                                 .playbook = "",
                                 .step = "",
                                 .text = "Is it <b>free</b> & good?",
                                 .contact = anna.id};
  const auto list = daemon::tellings(
      {.config = *config, .signer = chat.signer, .contact = &anna, .timeline = &*timeline}, told);
  REQUIRE(list.size() == 1);
  CHECK(list[0].channel == "telegram");
  CHECK(list[0].to == "-100");
  const std::string& html = list[0].rendered.html;
  CHECK(html.find("Anna (telegram:4711), telegram:\nIs it &lt;b&gt;free&lt;/b&gt; &amp; good?") ==
        0);
  CHECK(html.find("we: m1") != std::string::npos);
  const std::size_t link = html.find("<a href=\"https://t.example.org/h/");
  REQUIRE(link != std::string::npos);
  const std::size_t token = html.find("/h/", link) + 3;
  const auto claim = chat.signer.verify_answer(html.substr(token, html.find('"', token) - token));
  REQUIRE(claim);
  CHECK(claim->contact == anna.id);
}

TEST_CASE("the humans are told in what a messenger takes, however much a contact writes") {
  ChatWorld chat;
  const std::string long_text(9000, 'x');
  for (int i = 0; i < 12; ++i) chat.take({chat.said(long_text)});
  rules::Contact anna = chat.contact().contact;
  anna.attributes["first_name"] = long_text;
  anna.user_id = long_text;
  const auto timeline = chat.world.store->timeline(anna.id, daemon::talk_entries_max);
  REQUIRE(timeline);
  REQUIRE(daemon::said_lines(*timeline).size() == daemon::said_lines_max);
  const auto config = chat.world.keeper->current();
  const rules::Notification told{.at = chat.world.clock.now(),
                                 .playbook = std::string(100, 'p'),
                                 .step = "",
                                 .text = long_text,
                                 .contact = anna.id};
  const auto list = daemon::tellings(
      {.config = *config, .signer = chat.signer, .contact = &anna, .timeline = &*timeline}, told);
  REQUIRE(list.size() == 1);
  CHECK(list[0].rendered.text.size() < content::telegram_units_max);
}

TEST_CASE("operators take a contact over, answer and hand back, and get a link to the bot") {
  ChatWorld chat;
  chat.take({chat.said("hello")});
  chat.world.ask("contact/hand-back", cel::Map{{"contact", "telegram:4711"}});
  const auto shown = chat.world.ask(
      "contact/handoff", cel::Map{{"contact", "telegram:4711"}, {"for", "3d"}, {"by", "lena"}});
  CHECK(shown.text.find("a human has the contact: since") != std::string::npos);
  chat.world.ask("contact/answer", cel::Map{{"contact", "telegram:4711"}, {"text", "Ten."}});
  CHECK(chat.count("handoff.answered") == 1);
  chat.world.ask("contact/hand-back", cel::Map{{"contact", "telegram:4711"}});
  CHECK(chat.world.refuse("contact/hand-back", cel::Map{{"contact", "telegram:4711"}}).message ==
        "no human has the contact");
  CHECK(chat.world.refuse("contact/handoff", cel::Map{{"contact", "telegram:4711"}, {"for", "x"}})
            .message.find("is not a duration") != std::string::npos);
  // The store's key is made by the daemon's first start.
  CHECK(chat.world.refuse("contact/link", cel::Map{{"contact", "telegram:4711"}}).message ==
        "the store has no key yet");
}
