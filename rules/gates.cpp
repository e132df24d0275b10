#include "rules/gates.h"

#include <algorithm>

#include <fmt/format.h>

#include "rules/cel/watch.h"
#include "rules/scope.h"
#include "rules/standing.h"

namespace nurtured::rules {
namespace {

const AddressState* find_address(const Snapshot& snapshot, const Address& address) {
  const std::string key = to_key(address);
  for (const auto& state : snapshot.addresses) {
    if (to_key(state.address) == key) return &state;
  }
  return nullptr;
}

bool needs_consent(Kind kind) {
  return is_marketing(kind) || kind == Kind::reminder;
}

// An unsubscribe takes back the consent, so it keeps whatever needs one.
bool blocks(const std::optional<Suppression>& suppression, Kind kind) {
  return suppression && (suppression->scope == SuppressionScope::all || needs_consent(kind));
}

// How near a channel came to being usable, from the farthest to the nearest gate.
struct ChannelVerdict {
  Reason reason = Reason::none;
  Address address;
};

ChannelVerdict judge_channel(const Book& book, const Snapshot& snapshot, Kind kind,
                             const std::string& channel) {
  const Contact& contact = snapshot.contact;
  const auto known = contact.addresses.find(channel);
  const Address address{channel, known == contact.addresses.end() ? "" : known->second};
  if (address.value.empty()) {
    const Reason consent = judge_address(book, snapshot, kind, address);
    return {consent == Reason::consent ? consent : Reason::unreachable, address};
  }
  return {judge_address(book, snapshot, kind, address), address};
}

// Picks the targets, or the reason why there are none: that of the first channel with an address,
// else of the first.
Verdict choose_targets(const Book& book, const Snapshot& snapshot, const MessageInfo& message,
                       const Route& route) {
  Verdict verdict;
  std::optional<ChannelVerdict> nearest;
  bool all_refused = !route.via.empty();
  for (const auto& channel : route.via) {
    if (std::ranges::find(route.refused, channel) != route.refused.end()) continue;
    all_refused = false;
    const ChannelVerdict judged = judge_channel(book, snapshot, message.kind, channel);
    if (judged.reason == Reason::none) {
      verdict.targets.push_back(judged.address);
      if (!route.all) return verdict;
    } else if (!nearest || (nearest->address.value.empty() && !judged.address.value.empty())) {
      nearest = judged;
    }
  }
  if (!verdict.targets.empty()) return verdict;
  if (all_refused) {
    return {.reason = Reason::refused, .detail = "every channel refused it", .skip = true};
  }
  verdict.reason = nearest ? nearest->reason : Reason::unreachable;
  verdict.detail = nearest ? nearest->address.channel : "no channel is set";
  return verdict;
}

bool is_paused(const Book& book, const Pauses& pauses, const Pending& pending, Kind kind,
               const std::vector<Address>& targets) {
  if (pauses.marketing && is_marketing(kind)) return true;
  if (pauses.all || pauses.playbooks.contains(pending.playbook)) return true;
  return std::ranges::any_of(targets, [&](const Address& target) {
    const auto channel = book.settings().channels.find(target.channel);
    return channel != book.settings().channels.end() &&
           pauses.connectors.contains(channel->second.connector);
  });
}

bool is_muting(const Mute& mute, const Book& book, const Contact& contact,
               const Enrollment* enrollment, Instant now, cel::Watch* watch = nullptr) {
  const auto answer =
      mute.condition.program.test(ConditionScope(book, contact, nullptr, enrollment, now, watch));
  return answer && *answer;
}

bool is_silencing(const Silence& silence, const Book& book, const Contact& contact,
                  const Pending& pending, Kind kind, const std::vector<Address>& targets,
                  Instant now) {
  const auto fits = [](const std::string& wanted, const std::string& name) {
    return wanted.empty() || wanted == name;
  };
  const bool of_kind = silence.kinds.empty()
                           ? is_marketing(kind)
                           : std::ranges::find(silence.kinds, kind) != silence.kinds.end();
  const bool of_channel =
      silence.channel.empty() || std::ranges::any_of(targets, [&](const Address& target) {
        return target.channel == silence.channel;
      });
  return silence.from <= now && now < silence.until && of_kind && of_channel &&
         fits(silence.playbook, pending.playbook) && fits(silence.message, pending.message) &&
         (silence.segment.empty() || is_in_segment(book, contact, silence.segment, now));
}

// The one that lasts longest.
const Silence* silenced_by(const Book& book, const Pauses& pauses, const Contact& contact,
                           const Pending& pending, Kind kind, const std::vector<Address>& targets,
                           Instant now) {
  const Silence* longest = nullptr;
  for (const Silence& silence : pauses.silences) {
    if (longest != nullptr && silence.until <= longest->until) continue;
    if (is_silencing(silence, book, contact, pending, kind, targets, now)) longest = &silence;
  }
  return longest;
}

// Or when the contact may leave the segment by time alone: it is judged again then.
Instant end_of_silence(const Silence& silence, const Contact& contact) {
  const auto known = std::ranges::find(contact.memberships, silence.segment, &Membership::segment);
  const bool has_due = known != contact.memberships.end() && known->due;
  return has_due ? std::min(*known->due, silence.until) : silence.until;
}

const Mute* muted_by(const Book& book, const Contact& contact, const Enrollment* enrollment,
                     Kind kind, Instant now) {
  for (const auto& mute : book.settings().mute) {
    const bool applies = mute.kinds.empty()
                             ? is_marketing(kind)
                             : std::ranges::find(mute.kinds, kind) != mute.kinds.end();
    if (applies && is_muting(mute, book, contact, enrollment, now)) return &mute;
  }
  return nullptr;
}

// When time alone ends it ("a ticket in the last 3 days"): looked for at each moment at which the
// answer can change. After so many looks the next one is answer enough, for it is judged again
// then.
std::optional<Instant> end_of_mute(const Mute& mute, const Book& book, const Contact& contact,
                                   const Enrollment* enrollment, Instant now) {
  constexpr int looks_max = 100;
  Instant at = now;
  for (int look = 0; look < looks_max; ++look) {
    cel::Watch watch;
    if (!is_muting(mute, book, contact, enrollment, at, &watch)) break;
    if (!watch.change_in()) return std::nullopt;
    at = std::min(at + *watch.change_in(), base::instant_max);
  }
  return at;
}

std::int64_t count_days(const Ledger& ledger, const Zone& zone, LocalDay from, LocalDay to) {
  return std::ranges::count_if(ledger.departures, [&](const Departure& departure) {
    const LocalDay day = zone.day_of(departure.at);
    return day >= from && day <= to;
  });
}

// The earliest moment at or after `now` at which this ledger alone has room; nullopt when it never
// will in 9 days, which only a cap of 0 can cause.
std::optional<Instant> next_room(const Limits& limits, const Ledger& ledger, const Zone& zone,
                                 Instant now) {
  Instant at = now;
  if (!ledger.departures.empty()) {
    at = std::max(at, add(ledger.departures.back().at, limits.min_gap, zone));
  }
  const LocalDay first = zone.day_of(at);
  for (LocalDay day = first; day <= first + 8; ++day) {
    if (count_days(ledger, zone, day, day) >= limits.per_day) continue;
    if (count_days(ledger, zone, day - 6, day) >= limits.per_week) continue;
    return day == first ? at : std::max(at, zone.start_of(day));
  }
  return std::nullopt;
}

}  // namespace

std::vector<const Ledger*> ledgers_of(const Snapshot& snapshot,
                                      const std::vector<Address>& targets) {
  std::vector<const Ledger*> ledgers = {&snapshot.contact.ledger};
  for (const auto& target : targets) {
    if (const AddressState* state = find_address(snapshot, target))
      ledgers.push_back(&state->ledger);
  }
  return ledgers;
}

Reason judge_address(const Book& book, const Snapshot& snapshot, Kind kind,
                     const Address& address) {
  const Contact& contact = snapshot.contact;
  const AddressState* state = find_address(snapshot, address);
  if (blocks(contact.suppression, kind) || (state != nullptr && blocks(state->suppression, kind))) {
    return Reason::suppressed;
  }
  const auto channel = book.settings().channels.find(address.channel);
  if (channel == book.settings().channels.end()) return Reason::unreachable;
  if (needs_consent(kind)) {
    const auto consent = contact.consents.find(address.channel);
    const bool given =
        consent != contact.consents.end() ? consent->second.given : channel->second.consent_assumed;
    if (!given) return Reason::consent;
  }
  if (!address.value.empty() && !is_let_out(book.settings(), address)) return Reason::only_to;
  return Reason::none;
}

bool is_let_out(const Settings& settings, const Address& address) {
  return settings.only_to.empty() ||
         std::ranges::any_of(settings.only_to, [&](const std::string& allowed) {
           return to_key({address.channel, allowed}) == to_key(address);
         });
}

bool is_wanted(const Book& book, const Snapshot& snapshot, const std::string& channel) {
  const auto own = snapshot.contact.addresses.find(channel);
  const Address address{channel, own == snapshot.contact.addresses.end() ? "" : own->second};
  const Reason barred = judge_address(book, snapshot, Kind::value, address);
  return barred != Reason::consent && barred != Reason::suppressed;
}

std::size_t share_max(const Mix& mix, Kind kind) {
  int share = 100;
  if (kind == Kind::offer) share = mix.offer;
  if (kind == Kind::engagement) share = mix.engagement;
  if (kind == Kind::value || share >= 100) return mix.window;
  if (share <= 0) return 0;
  return std::max<std::size_t>(1, mix.window * static_cast<std::size_t>(share) / 100);
}

bool mix_allows(const Mix& mix, const Ledger& ledger, Kind kind) {
  if (kind == Kind::value) return true;
  const auto& departures = ledger.departures;
  const std::size_t back = std::min(departures.size(), mix.window - 1);
  const auto same =
      std::count_if(departures.end() - static_cast<std::ptrdiff_t>(back), departures.end(),
                    [&](const Departure& departure) { return departure.kind == kind; });
  return static_cast<std::size_t>(same) + 1 <= share_max(mix, kind);
}

CapVerdict judge_caps(const Limits& limits, const std::vector<const Ledger*>& ledgers, bool capped,
                      const Zone& zone, Instant now) {
  CapVerdict verdict{.earliest = now};
  const auto blame = [&](Reason reason, std::string detail) {
    if (verdict.reason == Reason::none) {
      verdict.reason = reason;
      verdict.detail = std::move(detail);
    }
  };
  // Each pass moves the moment forward past whatever says no there; it ends, because every cap
  // frees within 9 days.
  for (int pass = 0; pass < 64; ++pass) {
    const Instant before = verdict.earliest;
    for (const Ledger* ledger : capped ? ledgers : std::vector<const Ledger*>{}) {
      const auto room = next_room(limits, *ledger, zone, verdict.earliest);
      if (!room) {
        verdict.earliest = base::instant_max;
        blame(Reason::cap, "the limits allow no message");
        return verdict;
      }
      if (*room > verdict.earliest) {
        verdict.earliest = *room;
        blame(Reason::cap, fmt::format("at most {} a day, {} in 7 days, {} apart", limits.per_day,
                                       limits.per_week, to_string(limits.min_gap)));
      }
    }
    const Instant open = next_open(limits.quiet, verdict.earliest, zone);
    if (open > verdict.earliest) {
      verdict.earliest = open;
      blame(Reason::quiet, fmt::format("quiet hours {}-{}", to_string(limits.quiet.start),
                                       to_string(limits.quiet.end)));
    }
    if (verdict.earliest == before) break;
  }
  return verdict;
}

Verdict judge(const Book& book, const Pauses& pauses, const Snapshot& snapshot,
              const Enrollment* enrollment, const MessageInfo& message, const Pending& pending,
              const Route& route, Instant now) {
  const Contact& contact = snapshot.contact;
  Verdict verdict;
  const auto no = [&](Reason reason, std::string detail, std::optional<Instant> until = {}) {
    verdict.reason = reason;
    verdict.detail = std::move(detail);
    verdict.until = until;
    return verdict;
  };
  if (contact.handoff && message.kind != Kind::receipt && message.name != human_message) {
    return no(Reason::handoff, "a human has the contact", contact.handoff->until);
  }
  verdict = choose_targets(book, snapshot, message, route);
  if (!verdict.allowed()) return verdict;
  if (is_marketing(message.kind) &&
      std::ranges::binary_search(contact.topics_declined, message.topic)) {
    return no(Reason::consent, fmt::format("the topic {} is not wanted", message.topic));
  }
  if (is_paused(book, pauses, pending, message.kind, verdict.targets)) {
    return no(Reason::paused, "paused by an operator");
  }
  const auto ledgers = ledgers_of(snapshot, verdict.targets);
  const Settings& settings = book.settings();
  if (message.kind == Kind::offer && contact.touches.count < settings.touches_before_offer) {
    return no(Reason::touches, fmt::format("{} of {} touches before an offer",
                                           contact.touches.count, settings.touches_before_offer));
  }
  if (is_marketing(message.kind)) {
    for (const Ledger* ledger : ledgers) {
      if (mix_allows(settings.mix, *ledger, message.kind)) continue;
      return no(Reason::mix, fmt::format("at most {} of {} messages in a row may be {}",
                                         share_max(settings.mix, message.kind), settings.mix.window,
                                         to_string(message.kind)));
    }
  }
  if (is_marketing(message.kind) || message.kind == Kind::reminder) {
    const CapVerdict caps = judge_caps(settings.limits, ledgers, is_marketing(message.kind),
                                       book.zone(contact.timezone), now);
    if (caps.reason != Reason::none) {
      return no(caps.reason, caps.detail,
                caps.earliest == base::instant_max ? std::nullopt : std::optional(caps.earliest));
    }
  }
  if (const Silence* silence =
          silenced_by(book, pauses, contact, pending, message.kind, verdict.targets, now)) {
    return no(Reason::muted, fmt::format("silence {}: {}", silence->id, silence->why),
              end_of_silence(*silence, contact));
  }
  if (const Mute* mute = muted_by(book, contact, enrollment, message.kind, now)) {
    return no(Reason::muted, mute->condition.source,
              end_of_mute(*mute, book, contact, enrollment, now));
  }
  for (const auto& target : pending.targets) {
    if (target.not_before && *target.not_before > now) {
      return no(Reason::deferred, target.connector_reason, target.not_before);
    }
  }
  return verdict;
}

}  // namespace nurtured::rules
