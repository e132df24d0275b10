// Operations around a talk: the link that opens a chat, and a human who has the contact.
#include "daemon/chat_intake.h"
#include "daemon/operations_request.h"
#include "daemon/operations_tools.h"

namespace nurtured::daemon {

using base::ErrorKind;
using base::Result;

Result<Answer> run_contact_link(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  const auto channel = fields.optional_text("channel");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  const auto signer = signer_of(context);
  if (!signer) return base::fail(signer.error());
  const auto config = context.keeper.current();
  const auto links =
      start_links(*config, chat_sides(*config, nullptr), signer->sign_start(snapshot->contact.id));
  Answer answer;
  cel::Map urls;
  for (const auto& [its, url] : links) {
    if (channel && its != *channel) continue;
    urls.set(its, url);
    answer.text += channel ? url + "\n" : its + ": " + url + "\n";
  }
  if (urls.empty()) {
    return base::fail(ErrorKind::not_found,
                      channel ? "no link opens a chat on " + *channel : "no link opens a chat",
                      "name the bot in its connector's section: bot: my_school_bot");
  }
  answer.result = cel::Map{{"links", std::move(urls)}};
  return answer;
}

Result<Answer> run_contact_handoff(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  const auto pause = fields.optional_text("for");
  rules::TakeOver command{.pause = {},
                          .by = fields.optional_text("by").value_or("operator"),
                          .reason = fields.optional_text("reason").value_or("")};
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (pause) {
    const auto span = rules::parse_span(*pause);
    if (!span) return base::fail(span.error());
    command.pause = *span;
  }
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  return command_contact(context, snapshot->contact, std::move(command));
}

Result<Answer> run_contact_answer(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  rules::HumanMessage command{.text = fields.text("text"),
                              .by = fields.optional_text("by").value_or("operator")};
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  return command_contact(context, snapshot->contact, std::move(command));
}

Result<Answer> run_contact_hand_back(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  rules::HandBack command{.by = fields.optional_text("by").value_or("operator")};
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  if (!snapshot->contact.handoff) {
    return base::fail(ErrorKind::conflict, "no human has the contact");
  }
  return command_contact(context, snapshot->contact, std::move(command));
}

}  // namespace nurtured::daemon
