#include "daemon/mail_feedback.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"
#include "connectors/inbound_mail.h"
#include "daemon/humans.h"
#include "daemon/mail_token.h"

namespace nurtured::daemon {
namespace {

using rules::Feedback;
using rules::FeedbackKind;

// Stands for a write key among the messageIds that are remembered. Stored: must never change.
constexpr std::string_view mail_source = "inbound mail";

rules::BounceClass class_of(connectors::Blame blame) {
  switch (blame) {
    case connectors::Blame::address:
      return rules::BounceClass::address;
    case connectors::Blame::mailbox:
      return rules::BounceClass::mailbox;
    case connectors::Blame::content:
      return rules::BounceClass::content;
    case connectors::Blame::policy:
      return rules::BounceClass::policy;
    case connectors::Blame::configuration:
      return rules::BounceClass::configuration;
  }
  return rules::BounceClass::mailbox;
}

// A delivery has one recipient. A report of several tells of an address that leads to others: it is
// a bounce where none of them was reached, and a hard one where none of them exists.
std::optional<Feedback> feedback_of(const connectors::DeliveryReport& report) {
  using connectors::Blame;
  using connectors::ReportAction;
  const auto& all = report.recipients;
  const auto is_failed = [](const auto& one) { return one.action == ReportAction::failed; };
  if (std::ranges::all_of(all, is_failed)) {
    const auto mildest =
        std::ranges::find_if(all, [](const auto& one) { return one.blame != Blame::address; });
    const auto& told = mildest == all.end() ? all.front() : *mildest;
    const std::string words = told.diagnostic.empty() ? told.status : told.diagnostic;
    return Feedback{.kind = FeedbackKind::bounced, .bounce = class_of(told.blame), .reason = words};
  }
  const auto is_delivered = [](const auto& one) { return one.action == ReportAction::delivered; };
  if (std::ranges::any_of(all, is_delivered)) return Feedback{.kind = FeedbackKind::delivered};
  return std::nullopt;  // delayed, or handed on to where no report comes from
}

struct Meaning {
  std::optional<Feedback> operator()(const connectors::DeliveryReport& report) const {
    return feedback_of(report);
  }
  std::optional<Feedback> operator()(const connectors::Complaint&) const { return Feedback{}; }
  std::optional<Feedback> operator()(const connectors::Reply& reply) const {
    return Feedback{
        .kind = reply.is_automatic ? FeedbackKind::answered_by_machine : FeedbackKind::replied,
        .subject = reply.subject,
        .text = reply.text};
  }
  std::optional<Feedback> operator()(const connectors::Other&) const { return std::nullopt; }
};

std::optional<std::string> delivery_of(const config::Secret& store_key,
                                       const connectors::InboundMail& mail) {
  for (const std::string& token : mail.tokens) {
    if (auto key = delivery_of_token(store_key, token)) return key;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<EngineInput>> inputs_of_mail(const config::Secret& store_key,
                                                       std::string_view bytes) {
  const connectors::InboundMail mail = connectors::parse_inbound_mail(bytes);
  const auto key = delivery_of(store_key, mail);
  const rules::ContactId contact = key ? contact_of(*key) : rules::ContactId{};
  if (!contact) return std::nullopt;
  std::vector<EngineInput> inputs;
  const std::string identity =
      mail.message_id.empty() ? base::to_hex(base::view(base::sha256(bytes))) : mail.message_id;
  const auto once = store::dedup_key(mail_source, *key + " " + identity);
  if (const auto answered = answered_contact(*key)) {
    // A human's, to what they were told of a contact.
    const auto* reply = std::get_if<connectors::Reply>(&mail.content);
    if (reply == nullptr || reply->is_automatic) return inputs;
    if (auto input = human_input(reply->text, "mail")) {
      inputs.emplace_back(ContactInput{answered, *std::move(input), once});
    }
    return inputs;
  }
  auto feedback = std::visit(Meaning{}, mail.content);
  if (!feedback) return inputs;
  if (std::holds_alternative<connectors::Complaint>(mail.content)) {
    // What a repeat changes nothing of.
    inputs.emplace_back(
        ContactInput{.contact = contact,
                     .input = rules::Suppress{.scope = rules::SuppressionScope::marketing,
                                              .reason = std::string(rules::complained),
                                              .delivery = *key}});
  }
  feedback->delivery = *key;
  inputs.emplace_back(
      ContactInput{.contact = contact, .input = *std::move(feedback), .message_id = once});
  return inputs;
}

}  // namespace nurtured::daemon
