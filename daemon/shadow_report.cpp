#include "daemon/shadow_report.h"

#include <array>

#include <fmt/format.h>

#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

constexpr std::array<ShadowChange, 4> changes = {ShadowChange::only_before,
                                                 ShadowChange::only_after, ShadowChange::moved,
                                                 ShadowChange::held_otherwise};

cel::Value fate_value(const std::optional<ShadowFate>& fate) {
  if (!fate) return {};
  cel::Map map;
  if (fate->sent) map.set("sent", base::to_rfc3339(*fate->sent));
  if (fate->reason != rules::Reason::none) map.set("reason", rules::to_string(fate->reason));
  if (!fate->sent) map.set("do", fate->skipped ? "skip" : "hold");
  return map;
}

}  // namespace

std::string_view to_string(ShadowChange change) {
  switch (change) {
    case ShadowChange::only_before:
      return "only_before";
    case ShadowChange::only_after:
      return "only_after";
    case ShadowChange::moved:
      return "moved";
    case ShadowChange::held_otherwise:
      return "held_otherwise";
  }
  return {};
}

std::string to_json_line(const ShadowDifference& difference) {
  return cel::to_json(cel::Map{{"at", base::to_rfc3339(difference.at)},
                               {"contact", difference.contact},
                               {"playbook", difference.playbook},
                               {"step", difference.step},
                               {"message", difference.message},
                               {"kind", rules::to_string(difference.kind)},
                               {"change", to_string(difference.change)},
                               {"before", fate_value(difference.before)},
                               {"after", fate_value(difference.after)}});
}

std::string shadow_summary_json(const ShadowComparison& comparison, const ShadowRecord& record) {
  cel::Map counts;
  for (const ShadowChange change : changes) {
    counts.set(to_string(change), comparison.count(change));
  }
  cel::List words;
  for (std::string& sentence : limits_of(record)) words.emplace_back(std::move(sentence));
  return cel::to_json(cel::Map{{"summary", cel::Map{{"from", base::to_rfc3339(comparison.from)},
                                                    {"until", base::to_rfc3339(comparison.until)},
                                                    {"sent_before", comparison.before.sent},
                                                    {"sent_after", comparison.after.sent},
                                                    {"same", comparison.same},
                                                    {"changes", std::move(counts)},
                                                    {"unknown", std::move(words)}}}});
}

std::string fate_text(const std::optional<ShadowFate>& fate) {
  if (!fate) return "not wanted";
  const std::string reason = fate->reason == rules::Reason::none
                                 ? ""
                                 : fmt::format(" ({})", rules::to_string(fate->reason));
  if (fate->sent) return "sent " + base::to_rfc3339(*fate->sent) + reason;
  return (fate->skipped ? "left out" : "held") + reason;
}

std::vector<std::string> in_words(const ShadowComparison& comparison) {
  return {
      fmt::format(
          "Messages sent from {} to {}: {} by the former book, {} by the new one; the same: {}.",
          base::to_rfc3339(comparison.from), base::to_rfc3339(comparison.until),
          comparison.before.sent, comparison.after.sent, comparison.same),
      fmt::format("Only by the former: {}; only by the new: {}; at another time: {}; held or "
                  "left out otherwise: {}.",
                  comparison.count(ShadowChange::only_before),
                  comparison.count(ShadowChange::only_after), comparison.count(ShadowChange::moved),
                  comparison.count(ShadowChange::held_otherwise))};
}

std::vector<std::string> limits_of(const ShadowRecord& record) {
  std::vector<std::string> words = {
      "The log has what came in, not what people would have done about other messages: clicks and "
      "answers to a message that only one book sends are missing, or come all the same.",
      "Every message counts as delivered at once; what operators did by hand or by API "
      "(starts, takeovers, stops, suppressions, resends) is not in the log."};
  if (record.older_contacts > 0) {
    words.push_back(fmt::format(
        "{} of {} contacts are older than the log, which begins at {}: they start with what is "
        "known of them now, and without the messages and touches of before.",
        record.older_contacts, record.contacts, base::to_rfc3339(*record.begins)));
  }
  return words;
}

std::string shadow_text(const ShadowComparison& comparison, const ShadowRecord& record) {
  std::string out;
  for (const auto& sentence : in_words(comparison)) out += sentence + "\n";
  for (const auto& sentence : limits_of(record)) out += sentence + "\n";
  if (!comparison.differences.empty()) out += "\n";
  for (const auto& its : comparison.differences) {
    out += fmt::format("{}  {}  {} ({}, {}): former {}; new {}\n", base::to_rfc3339(its.at),
                       its.contact, its.message, its.playbook, its.step, fate_text(its.before),
                       fate_text(its.after));
  }
  return out;
}

}  // namespace nurtured::daemon
