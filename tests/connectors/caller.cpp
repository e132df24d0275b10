#include "tests/connectors/caller.h"

#include <optional>

#include "tests/catch.h"

namespace nurtured::test {

connectors::OutboundMessage sample_message() {
  connectors::OutboundMessage message;
  message.delivery_key = "checklist/u1/invite/0/email";
  message.message_id = "4f1c0a7be2d94c55";
  message.contact = "u1";
  message.channel = "email";
  message.to = "u1@example.org";
  message.kind = rules::Kind::value;
  message.message = "webinar-invite";
  message.playbook = "checklist-to-webinar";
  message.rendered.subject = "Друг, три ошибки";
  message.rendered.html = "<p>Привет</p>";
  message.rendered.text = "Привет\n.точка\n";
  message.rendered.buttons = {{"webinar", "Sign up", "https://example.org/webinar"}};
  message.unsubscribe_url = "https://t.example.org/u/abc";
  message.one_click = true;
  message.sent_at = base::from_millis(1'795'330'800'000);
  return message;
}

connectors::Outcome Caller::send(connectors::Connector& connector,
                                 connectors::OutboundMessage message) {
  std::optional<connectors::Outcome> outcome;
  connector.send(std::move(message), [&](connectors::Outcome got) {
    CHECK_FALSE(outcome.has_value());
    outcome = std::move(got);
  });
  CHECK_FALSE(outcome.has_value());
  while (!outcome) io_.run_one();
  io_.poll();  // a second call would show itself here
  return std::move(*outcome);
}

std::string kind_of(const connectors::Outcome& outcome) {
  const std::string words = to_string(outcome);
  return words.substr(0, words.find_first_of(" :"));
}

}  // namespace nurtured::test
