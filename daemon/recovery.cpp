#include "daemon/recovery.h"

#include <algorithm>
#include <utility>

#include "daemon/channels.h"

namespace nurtured::daemon {
namespace {

constexpr std::size_t recovered_max = 1'000'000;  // deliveries that a start hands on
constexpr std::size_t untold_max = 1000;          // notifications likewise, the latest

bool knows_our_key(const config::Config& config, const rules::Delivery& delivery) {
  const auto* descriptor = delivery.is_call() ? connector_descriptor(config, delivery.connector)
                                              : descriptor_of(config, delivery.to.channel);
  return descriptor != nullptr && descriptor->honours_key;
}

EngineInput outcome_of_rendering(const rules::Delivery& delivery, const Suspect& rendering) {
  rules::Outcome outcome{.delivery = delivery.key,
                         .kind = rules::OutcomeKind::unsent,
                         .reason = "the daemon ended while the message was being rendered"};
  if (rendering.deaths >= CrashRecord::deaths_max) {
    outcome.kind = rules::OutcomeKind::failed;
    outcome.reason = "rendering the message ended the daemon " + std::to_string(rendering.deaths) +
                     " times in a row";
  }
  return ContactInput{delivery.contact, std::move(outcome)};
}

EngineInput outcome_of(const rules::Delivery& delivery, const config::Config& config) {
  rules::Outcome outcome{.delivery = delivery.key,
                         .kind = knows_our_key(config, delivery) ? rules::OutcomeKind::unsent
                                                                 : rules::OutcomeKind::uncertain,
                         .reason = "the daemon ended before the outcome was known"};
  return ContactInput{delivery.contact, std::move(outcome)};
}

}  // namespace

base::Result<RecoveredDeliveries> recover_deliveries(store::Reader& reader,
                                                     const config::Config& config,
                                                     const std::optional<Suspect>& rendering) {
  RecoveredDeliveries recovered;
  auto ready = reader.deliveries({.state = rules::DeliveryChange::ready, .limit = recovered_max});
  if (!ready) return base::fail(ready.error());
  for (auto& delivery : *ready) recovered.ready.push_back({.delivery = std::move(delivery)});
  const auto committing =
      reader.deliveries({.state = rules::DeliveryChange::committing, .limit = recovered_max});
  if (!committing) return base::fail(committing.error());
  for (const auto& delivery : *committing) {
    const bool was_rendered = rendering && rendering->payload == delivery.key;
    recovered.outcomes.push_back(was_rendered ? outcome_of_rendering(delivery, *rendering)
                                              : outcome_of(delivery, config));
  }
  return recovered;
}

store::MetaEntry told_entry(base::Instant until) {
  return {std::string(told_key), base::to_rfc3339(until)};
}

base::Result<std::vector<rules::Notification>> untold_notifications(store::Reader& reader) {
  const auto told = reader.meta(told_key);
  if (!told) return base::fail(told.error());
  const base::Instant until =
      *told ? base::parse_instant(**told).value_or(base::instant_min) : base::instant_min;
  auto notifications = reader.notifications(untold_max);
  if (!notifications) return notifications;
  std::erase_if(*notifications, [&](const auto& its) { return its.at <= until; });
  std::ranges::reverse(*notifications);
  return notifications;
}

}  // namespace nurtured::daemon
