#include "tests/daemon/promises.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/catch.h"

namespace nurtured::tests {
namespace {

using namespace nurtured::rules;

std::string describe(const std::vector<Left>& sent) {
  std::string text;
  for (const auto& l : sent) {
    text += base::to_rfc3339(l.at) + " " + l.key + " " + l.message + " " +
            std::string(to_string(l.kind)) + " to " + l.address +
            (l.outcome == OutcomeKind::uncertain ? " (uncertain)\n" : "\n");
  }
  return text;
}

void check_shares(const Settings& settings, const std::vector<Left>& sent) {
  INFO(describe(sent));
  for (std::size_t start = 0; start < sent.size(); ++start) {
    std::size_t offers = 0;
    std::size_t engagements = 0;
    for (std::size_t i = start; i < std::min(start + settings.mix.window, sent.size()); ++i) {
      offers += sent[i].kind == Kind::offer ? 1U : 0U;
      engagements += sent[i].kind == Kind::engagement ? 1U : 0U;
    }
    const auto most = [&](int share) -> std::size_t {
      if (share == 0) return 0;
      return std::max<std::size_t>(1, settings.mix.window * static_cast<std::size_t>(share) / 100);
    };
    REQUIRE(offers <= most(settings.mix.offer));
    REQUIRE(engagements <= most(settings.mix.engagement));
  }
}

void check_caps(const Settings& settings, const Zone& zone, const std::vector<Left>& sent) {
  INFO(describe(sent));
  std::map<LocalDay, int> days;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ++days[zone.day_of(sent[i].at)];
    if (i > 0) REQUIRE(sent[i].at - sent[i - 1].at >= settings.limits.min_gap.exact);
    const auto local = zone.to_local(sent[i].at).time_since_epoch();
    const auto minute = std::chrono::duration_cast<std::chrono::minutes>(local).count() % 1440;
    const auto& quiet = settings.limits.quiet;
    if (quiet.start != quiet.end) {
      const bool is_overnight = quiet.end.minutes < quiet.start.minutes;
      const bool is_after = minute >= quiet.end.minutes;
      const bool is_before = minute < quiet.start.minutes;
      REQUIRE((is_overnight ? is_after && is_before : is_after || is_before));
    }
  }
  for (const auto& [day, count] : days) {
    REQUIRE(count <= settings.limits.per_day);
    int week = 0;
    for (LocalDay d = day; d < day + 7; ++d) week += days.contains(d) ? days.at(d) : 0;
    REQUIRE(week <= settings.limits.per_week);
  }
}

// How many touches a contact had before a moment: counted anew from the events and the sends.
std::int64_t touches_before(const RandomWorld& world, const std::vector<Left>& left,
                            const std::string& contact, base::Instant moment) {
  std::int64_t count = 0;
  const Zone& zone = world.config->book->zone(world.zones.at(contact));
  std::map<std::string, base::Instant> counted;
  for (const auto& input : world.events) {
    if (input.who.user_id != contact || input.event.occurred_at > moment) continue;
    const Touchpoint* touchpoint = world.config->book->touchpoint(input.event.name);
    if (touchpoint == nullptr) continue;
    const auto last = counted.find(input.event.name);
    if (last != counted.end() &&
        input.event.occurred_at < add(last->second, touchpoint->count_every, zone)) {
      continue;
    }
    counted[input.event.name] = input.event.occurred_at;
    ++count;
  }
  std::set<std::string> messages;  // the deliveries of one message are one touch
  for (const auto& l : left) {
    if (l.contact != contact || l.at > moment || l.outcome != OutcomeKind::delivered) continue;
    if (is_marketing(l.kind)) messages.insert(l.key.substr(0, l.key.rfind('.')));
  }
  return count + static_cast<std::int64_t>(messages.size());
}

std::vector<Left> marketing(const std::vector<Left>& left, const std::string& contact,
                            const std::string& address) {
  std::vector<Left> found;
  std::set<std::string> seen;
  for (const auto& l : left) {
    if (!is_marketing(l.kind)) continue;
    if (!contact.empty() && l.contact != contact) continue;
    if (!address.empty() && l.address != address) continue;
    // `via: all` is one message of the contact.
    if (!contact.empty() && !seen.insert(l.key.substr(0, l.key.rfind('.'))).second) continue;
    found.push_back(l);
  }
  return found;
}

}  // namespace

void check_promises(const RandomWorld& world, const std::vector<Left>& left) {
  const Settings& settings = world.config->book->settings();
  std::set<std::string> contacts;
  std::map<std::string, std::string> addresses;  // address → one of its contacts
  for (const auto& l : left) {
    contacts.insert(l.contact);
    addresses[l.address] = l.contact;
  }
  for (const auto& contact : contacts) {
    const auto sent = marketing(left, contact, "");
    const Zone& zone = world.config->book->zone(world.zones.at(contact));
    check_shares(settings, sent);
    check_caps(settings, zone, sent);
    for (const auto& l : sent) {
      if (l.kind != Kind::offer) continue;
      // The offer itself may be among the touches of its moment.
      const std::int64_t own = l.outcome == OutcomeKind::delivered ? 1 : 0;
      REQUIRE(touches_before(world, left, contact, l.at) - own >= settings.touches_before_offer);
    }
  }
  for (const auto& [address, contact] : addresses) {
    const auto sent = marketing(left, "", address);
    check_shares(settings, sent);
    check_caps(settings, world.config->book->zone(world.zones.at(contact)), sent);
  }
}

}  // namespace nurtured::tests
