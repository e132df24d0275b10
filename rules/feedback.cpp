// What comes back of a message after it has left: bounces, answers, signs that it arrived. Each
// settles a delivery of which it was not known whether it had left.
#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// After how many soft bounces in a row an address counts as gone. They are in a row while no more
// than the gap lies between two and no sign of life came; several of one day are one. GNU Mailman's
// defaults: bounce_score_threshold, bounce_info_stale_after, one bounce counted a day.
constexpr std::size_t soft_bounces_max = 5;
constexpr base::Milliseconds soft_bounce_gap_max = std::chrono::hours{24 * 7};
constexpr base::Milliseconds soft_bounce_gap_min = std::chrono::hours{24};

cel::Map properties_of(const Delivery& delivery) {
  return message_properties(delivery.message, delivery.kind, delivery.to.channel,
                            delivery.playbook);
}

}  // namespace

std::string_view to_string(BounceClass bounce) {
  switch (bounce) {
    case BounceClass::address:
      return "address";
    case BounceClass::mailbox:
      return "mailbox";
    case BounceClass::content:
      return "content";
    case BounceClass::policy:
      return "policy";
    case BounceClass::configuration:
      return "configuration";
  }
  return {};
}

Decision& Machine::record(std::string action, const Delivery& delivery) {
  Decision& decision = out_.decisions.emplace_back();
  decision.at = now_;
  decision.action = std::move(action);
  decision.enrollment = delivery.enrollment;
  decision.playbook = delivery.playbook;
  decision.step = delivery.step;
  decision.message = delivery.message;
  decision.kind = delivery.kind;
  decision.to = delivery.to;
  decision.delivery = delivery.key;
  return decision;
}

void Machine::handle(const Feedback& feedback) {
  if (!feedback.message) return;  // no delivery of ours, or one that is forgotten
  const Delivery& delivery = *feedback.message;
  // What a provider tells of a message follows from what we did; what a person answers does not.
  const auto* enrollment = find_enrollment(delivery.enrollment);
  const bool is_answer = feedback.kind == FeedbackKind::replied;
  if (enrollment != nullptr && !is_answer) hops_ = hops_of(*enrollment);
  if (feedback.kind == FeedbackKind::bounced) return bounced(feedback, delivery);
  if (delivery.change == DeliveryChange::uncertain) departed_after_all(delivery);
  address_state(delivery.to).soft_bounces.clear();
  cel::Map properties = properties_of(delivery);
  switch (feedback.kind) {
    case FeedbackKind::seen:
    case FeedbackKind::bounced:
      return;
    case FeedbackKind::delivered:
      return emit("message.delivered", std::move(properties));
    case FeedbackKind::replied:
      properties.set("subject", feedback.subject);
      properties.set("text", feedback.text);
      return emit("message.replied", std::move(properties));
    case FeedbackKind::answered_by_machine:
      record("ignored", delivery).detail = "an automatic answer: " + feedback.subject;
      return;
  }
}

// It counted against shares and caps from its departure on, and becomes the touch that it was.
void Machine::departed_after_all(const Delivery& delivery) {
  if (const auto [index, target] = find_delivery(delivery.key); target != nullptr) {
    if (target->state == TargetState::uncertain) {
      // Another channel of the same message is still under way.
      target->state = TargetState::departed;
    } else {
      // To be sent again by hand, for which its place in the ledgers was given back.
      if (is_marketing(delivery.kind)) {
        const std::size_t window = book_.settings().mix.window;
        contact().ledger.depart({now_, delivery.kind}, window);
        address_state(delivery.to).ledger.depart({now_, delivery.kind}, window);
      }
      contact().pending.erase(contact().pending.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }
  Delivery known = delivery;
  known.change = DeliveryChange::departed;
  known.at = now_;
  out_.deliveries.push_back(std::move(known));
  record("send", delivery).detail = "known by what came back";
  if (is_marketing(delivery.kind)) touched(delivery.at);
  had_piece(delivery.message);
  emit("message.sent", properties_of(delivery));
}

void Machine::bounced(const Feedback& feedback, const Delivery& delivery) {
  const bool had_left =
      delivery.change == DeliveryChange::departed || delivery.change == DeliveryChange::uncertain;
  // The receiver's server tries for days, and may find out in the end that there is nobody.
  const bool is_worse = delivery.change == DeliveryChange::refused &&
                        feedback.bounce == BounceClass::address &&
                        feedback.reason != delivery.reason;
  const auto& known = address_state(delivery.to).suppression;
  if (is_worse && !(known && known->scope == SuppressionScope::all)) {
    return bounce(delivery.to, feedback.bounce, properties_of(delivery), feedback.reason);
  }
  // Told before, or still on its way, whose outcome tells it.
  if (!had_left) return;
  if (const auto [index, target] = find_delivery(delivery.key); target != nullptr) {
    target->state = TargetState::refused;
    target->connector_reason = feedback.reason;
  }
  Delivery refused = delivery;
  refused.change = DeliveryChange::refused;
  refused.at = now_;
  refused.reason = feedback.reason;
  out_.deliveries.push_back(std::move(refused));
  Decision& decision = record("fail", delivery);
  decision.reason = Reason::refused;
  decision.detail = feedback.reason;
  bounce(delivery.to, feedback.bounce, properties_of(delivery), feedback.reason);
}

void Machine::bounce(const Address& address, BounceClass bounce, cel::Map properties,
                     const std::string& reason) {
  AddressState& state = address_state(address);
  const bool gone =
      bounce == BounceClass::address || (bounce == BounceClass::mailbox && is_worn_out(state));
  if (gone && !(state.suppression && state.suppression->scope == SuppressionScope::all)) {
    state.suppression = Suppression{SuppressionScope::all, now_, std::string(hard_bounced)};
    for (const ContactId holder : state.holders) {
      if (holder != contact().id) out_.rejudge.push_back(holder);
    }
    Decision& decision = record("suppress");
    decision.detail = "bounced";
    decision.to = address;
  }
  properties.set("class", to_string(bounce));
  properties.set("hard", gone);
  properties.set("reason", reason);
  emit("message.bounced", std::move(properties));
}

bool Machine::is_worn_out(AddressState& state) {
  auto& row = state.soft_bounces;
  if (!row.empty() && now_ - row.back() > soft_bounce_gap_max) row.clear();
  if (!row.empty() && now_ - row.back() < soft_bounce_gap_min) return false;
  row.push_back(now_);
  return row.size() >= soft_bounces_max;
}

}  // namespace nurtured::rules
