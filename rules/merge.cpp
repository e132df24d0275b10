#include "rules/merge.h"

#include <algorithm>

namespace nurtured::rules {
namespace {

void merge_ledger(Ledger& into, const Ledger& from) {
  into.departures.insert(into.departures.end(), from.departures.begin(), from.departures.end());
  std::ranges::stable_sort(into.departures, {}, &Departure::at);
  while (into.departures.size() > Ledger::departures_max) {
    into.departures.erase(into.departures.begin());
  }
}

// What humans wrote and has not left belongs to no enrollment.
void merge_human_messages(Contact& into, const Contact& from) {
  for (Pending pending : from.pending) {
    if (pending.message != human_message) continue;
    pending.enrollment = ++into.enrollments_made;
    into.pending.push_back(std::move(pending));
  }
}

// The longer one, and the channel that was written on last.
void merge_handoff(Contact& into, const Contact& from) {
  if (!from.handoff) return;
  if (!into.handoff) {
    into.handoff = from.handoff;
    return;
  }
  Handoff& own = *into.handoff;
  if (from.handoff->since > own.since) own.channel = from.handoff->channel;
  const bool for_ever = !own.until || !from.handoff->until;
  own.until = for_ever ? std::nullopt : std::max(own.until, from.handoff->until);
}

void merge_enrollments(Contact& into, const Contact& from) {
  for (const auto& enrollment : from.enrollments) {
    const bool there = std::ranges::any_of(into.enrollments, [&](const Enrollment& known) {
      return known.playbook == enrollment.playbook && known.key == enrollment.key &&
             known.state != EnrollmentState::finished;
    });
    if (there) continue;
    Enrollment moved = enrollment;
    moved.number = ++into.enrollments_made;
    for (Pending pending : from.pending) {
      if (pending.enrollment != enrollment.number) continue;
      pending.enrollment = moved.number;
      into.pending.push_back(std::move(pending));
    }
    for (Call call : from.calls) {
      if (call.enrollment != enrollment.number) continue;
      call.enrollment = moved.number;
      into.calls.push_back(std::move(call));
    }
    into.enrollments.push_back(std::move(moved));
  }
  for (const auto& start : from.starts) {
    const auto known = std::ranges::find_if(into.starts, [&](const LastStart& last) {
      return last.playbook == start.playbook && last.key == start.key;
    });
    if (known == into.starts.end()) {
      into.starts.push_back(start);
    } else {
      known->at = std::max(known->at, start.at);
    }
  }
}

}  // namespace

bool may_merge(const Contact& from) {
  const bool is_calling = std::ranges::any_of(
      from.calls, [](const Call& call) { return call.state != CallState::held; });
  return !is_calling && std::ranges::none_of(from.pending, [](const Pending& pending) {
    return std::ranges::any_of(pending.targets, [](const Target& target) {
      return target.state == TargetState::ready || target.state == TargetState::committing;
    });
  });
}

Contact merged(Contact into, const Contact& from, std::vector<AddressState>& addresses) {
  for (const auto& id : from.anonymous_ids) {
    if (std::ranges::find(into.anonymous_ids, id) == into.anonymous_ids.end()) {
      into.anonymous_ids.push_back(id);
    }
  }
  into.attributes.insert(from.attributes.begin(), from.attributes.end());
  into.addresses.insert(from.addresses.begin(), from.addresses.end());
  for (const auto& [channel, consent] : from.consents) {
    const auto [own, is_new] = into.consents.try_emplace(channel, consent);
    if (!is_new && is_unsubscribed(consent)) own->second = consent;
  }
  for (const auto& tag : from.tags) {
    const auto place = std::ranges::lower_bound(into.tags, tag);
    if (place == into.tags.end() || *place != tag) into.tags.insert(place, tag);
  }
  // What bars a person bars them under any name.
  if (from.suppression && (!into.suppression || from.suppression->scope == SuppressionScope::all)) {
    into.suppression = from.suppression;
  }
  if (into.timezone.empty()) into.timezone = from.timezone;
  if (into.locale.empty()) into.locale = from.locale;
  if (into.stage.empty()) into.stage = from.stage;
  into.score += from.score;
  into.created = std::min(into.created, from.created);
  for (const auto& [event, tally] : from.history) {
    into.history[event] = merged(into.history[event], tally);
  }
  into.touches = merged(into.touches, from.touches);
  for (const auto& [event, tally] : from.touch_counted) {
    into.touch_counted[event] = merged(into.touch_counted[event], tally);
  }
  // Where the other was, this person has been: that is not entered anew. What it was judged by may
  // be older rules, which adopt_rules() then sees.
  MergedFrom& others = into.merged_from ? *into.merged_from : into.merged_from.emplace();
  for (const Membership& membership : from.memberships) {
    if (membership.is_in) others.segments.push_back(membership.segment);
  }
  for (const auto& way : from.ways) {
    const bool is_known = std::ranges::any_of(into.ways, [&](const ChosenWay& known) {
      return known.playbook == way.playbook && known.step == way.step;
    });
    if (!is_known) into.ways.push_back(way);
  }
  merge_ledger(into.ledger, from.ledger);
  merge_enrollments(into, from);
  merge_human_messages(into, from);
  merge_handoff(into, from);
  for (const auto& last : from.last_messages) {
    if (std::ranges::find(into.last_messages, last.channel, &LastMessage::channel) ==
        into.last_messages.end()) {
      into.last_messages.push_back(last);
    }
  }
  for (const auto& piece : from.fill_sent) {
    if (std::ranges::find(into.fill_sent, piece) == into.fill_sent.end()) {
      into.fill_sent.push_back(piece);
    }
  }
  if (from.fill_last && (!into.fill_last || *from.fill_last > *into.fill_last)) {
    into.fill_last = from.fill_last;
  }
  for (const auto& topic : from.topics_declined) {
    const auto place = std::ranges::lower_bound(into.topics_declined, topic);
    if (place == into.topics_declined.end() || *place != topic) {
      into.topics_declined.insert(place, topic);
    }
  }
  into.clicks.insert(into.clicks.end(), from.clicks.begin(), from.clicks.end());
  std::ranges::stable_sort(into.clicks, {}, &Click::at);
  for (auto& state : addresses) {
    if (std::erase(state.holders, from.id) == 0) continue;
    if (std::ranges::find(state.holders, into.id) == state.holders.end()) {
      const auto held = into.addresses.find(state.address.channel);
      if (held != into.addresses.end() &&
          to_key({held->first, held->second}) == to_key(state.address)) {
        state.holders.push_back(into.id);
      }
    }
  }
  return into;
}

}  // namespace nurtured::rules
