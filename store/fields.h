// The field lists: one for each stored struct, read by the encoder and the decoder alike. Inside
// store/ only; the numbers of closed sets are in store/enumerators.h.
//
// `visit(tag, member)` is called in ascending order of tags; a third argument is what the member is
// when the field is left out, made from fields before it. `visit.name` is for texts that many
// records repeat, `visit.origin` for the moment from which those after it are counted. The numbers
// are stored: a tag is never used again for something else, and new ones go to the end.
#pragma once

#include <optional>
#include <type_traits>

#include <boost/pfr/tuple_size.hpp>

#include "rules/contact.h"
#include "rules/event.h"
#include "rules/transition.h"
#include "store/enumerators.h"
#include "store/types.h"

namespace nurtured::store {

template <class T>
struct Fields;  // static void list(visit, self), self const or not

template <>
struct Fields<rules::Consent> {
  static void list(auto& visit, auto& self) {
    visit(1, self.given);
    visit(2, self.at);
    visit.name(3, self.source);
    visit(4, self.wording);
    visit(5, self.from);
  }
};

template <>
struct Fields<rules::Suppression> {
  static void list(auto& visit, auto& self) {
    visit(1, self.scope);
    visit(2, self.at);
    visit.name(3, self.reason);
  }
};

template <>
struct Fields<rules::Tally> {
  static void list(auto& visit, auto& self) {
    visit(1, self.recent);
    visit(2, self.count, static_cast<std::int64_t>(self.recent.size()));
    visit(3, self.first, self.recent.empty() ? Instant{} : self.recent.front());
    visit(4, self.last, self.recent.empty() ? Instant{} : self.recent.back());
    visit(5, self.days);
  }
};

template <>
struct Fields<rules::Departure> {
  static void list(auto& visit, auto& self) {
    visit(1, self.at);
    visit(2, self.kind);
  }
};

template <>
struct Fields<rules::Ledger> {
  static void list(auto& visit, auto& self) {
    visit(1, self.departures);
    visit(2, self.in_flight);
  }
};

template <>
struct Fields<rules::Address> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.channel);
    visit(2, self.value);
  }
};

template <>
struct Fields<rules::Rounds> {
  static void list(auto& visit, auto& self) {
    visit(1, self.step);
    visit(2, self.begun);
  }
};

template <>
struct Fields<rules::Enrollment> {
  static void list(auto& visit, auto& self) {
    visit(1, self.number);
    visit.name(2, self.playbook);
    visit.name(3, self.version);
    visit(4, self.key);
    visit(5, self.started);
    visit.name(6, self.event_name);
    visit(7, self.event);
    visit(8, self.event_at, self.started);
    visit(9, self.saved);
    visit(10, self.state);
    visit(11, self.step);
    visit(12, self.turn);
    visit(13, self.since, self.started);
    visit(14, self.due);
    visit(15, self.heard, self.event_at);
    visit(16, self.parked_reason);
    visit(17, self.caught_up);
    visit(18, self.skip_sends);
    visit(19, self.early);
    visit(20, self.misread);
    visit(21, self.rounds);
    visit(22, self.hops);
    visit(23, self.pace);
    visit(24, self.pace_from, self.started);
  }
};

template <>
struct Fields<rules::Target> {
  static void list(auto& visit, auto& self) {
    visit(1, self.address);
    visit(2, self.state);
    visit(3, self.attempt);
    visit(4, self.not_before);
    visit(5, self.departed);
    visit(6, self.connector_reason);
  }
};

template <>
struct Fields<rules::Pending> {
  static void list(auto& visit, auto& self) {
    visit(1, self.enrollment);
    visit.name(2, self.playbook);
    visit.name(3, self.version);
    visit(4, self.step);
    visit(5, self.turn);
    visit.name(6, self.step_id);
    visit.name(7, self.message);
    visit(8, self.since);
    visit(9, self.hold_until);
    visit(10, self.expires);
    visit(11, self.targets);
    visit(12, self.reason);
    visit(13, self.reason_since, self.since);
    visit(14, self.until);
    visit(15, self.by_hand);
    visit(16, self.text);
    visit(17, self.subject);
    visit.name(18, self.channel);
  }
};

template <>
struct Fields<rules::Call> {
  static void list(auto& visit, auto& self) {
    visit(1, self.enrollment);
    visit.name(2, self.playbook);
    visit.name(3, self.version);
    visit(4, self.step);
    visit(5, self.turn);
    visit.name(6, self.step_id);
    visit.name(7, self.connector);
    visit.name(8, self.action);
    visit(9, self.arguments);
    visit(10, self.state);
    visit(11, self.attempt);
    visit(12, self.since);
    visit(13, self.reason);
    visit(14, self.not_before);
    visit(15, self.connector_reason);
  }
};

template <>
struct Fields<rules::Handoff> {
  static void list(auto& visit, auto& self) {
    visit(1, self.since);
    visit(2, self.until);
    visit.name(3, self.playbook);
    visit.name(4, self.channel);
    visit(5, self.subject);
  }
};

template <>
struct Fields<rules::LastMessage> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.channel);
    visit.name(2, self.message);
    visit(3, self.kind);
    visit.name(4, self.playbook);
  }
};

template <>
struct Fields<rules::LastStart> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.playbook);
    visit(2, self.key);
    visit(3, self.at);
  }
};

template <>
struct Fields<rules::Membership> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.segment);
    visit(2, self.is_in);
    visit(3, self.due);
  }
};

template <>
struct Fields<rules::PlannedStart> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.playbook);
    visit(2, self.start);
    visit(3, self.due);
  }
};

template <>
struct Fields<rules::ChosenWay> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.playbook);
    visit.name(2, self.step);
    visit.name(3, self.way);
  }
};

template <>
struct Fields<rules::Click> {
  static void list(auto& visit, auto& self) {
    visit.origin(1, self.at);
    visit(2, self.delivery);
    visit.name(3, self.message);
    visit(4, self.kind);
    visit.name(5, self.channel);
    visit.name(6, self.playbook);
    visit.name(7, self.link);
    visit(8, self.url);
    visit(9, self.is_machine);
  }
};

template <>
struct Fields<rules::Contact> {  // `id` is the row's
  static void list(auto& visit, auto& self) {
    visit.origin(1, self.created);
    visit(2, self.user_id);
    visit(3, self.anonymous_ids);
    visit(4, self.attributes);
    visit(5, self.addresses);
    visit(6, self.consents);
    visit.name(7, self.tags);
    visit(8, self.suppression);
    visit.name(9, self.timezone);
    visit.name(10, self.locale);
    visit.name(11, self.stage);
    visit(12, self.score);
    visit(13, self.history);
    visit(14, self.touches);
    visit(16, self.ledger);
    visit(17, self.enrollments_made);
    visit(18, self.enrollments);
    visit(19, self.starts);
    visit(20, self.pending);
    visit.name(21, self.fill_sent);
    visit(22, self.fill_last);
    visit(23, self.touch_counted);
    visit(24, self.clicks);
    visit.name(25, self.topics_declined);
    visit(26, self.handoff);
    visit(27, self.last_messages);
    visit(28, self.memberships);
    visit(29, self.planned_starts);
    visit(30, self.standing_rules);
    visit(31, self.ways);
    visit(32, self.calls);
    visit(33, self.merged_from);
  }
};

template <>
struct Fields<rules::MergedFrom> {
  static void list(auto& visit, auto& self) { visit.name(1, self.segments); }
};

template <>
struct Fields<rules::AddressState> {  // the key holds the channel, and the value but for its case
  static void list(auto& visit, auto& self, const std::string& value_in_key) {
    visit(1, self.ledger);
    visit(2, self.suppression);
    visit(3, self.holders);
    visit(4, self.address.value, value_in_key);
    visit(5, self.soft_bounces);
  }
};

template <>
struct Fields<rules::ConsentChange> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.channel);
    visit(2, self.given);
    visit.name(3, self.source);
    visit(4, self.wording);
    visit(5, self.restores);
    visit(6, self.from);
    visit(7, self.at);
  }
};

template <>
struct Fields<rules::SuppressionChange> {
  static void list(auto& visit, auto& self) {
    visit.name(1, self.channel);
    visit(2, self.scope);
    visit.name(3, self.reason);
    visit(4, self.at);
  }
};

template <>
struct Fields<rules::ContactChange> {
  static void list(auto& visit, auto& self) {
    visit(1, self.attributes);
    visit(2, self.addresses);
    visit(3, self.consents);
    visit.name(4, self.timezone);
    visit.name(5, self.locale);
    visit.name(6, self.tags_added);
    visit.name(7, self.tags_removed);
    visit(8, self.is_hearsay);
    visit(9, self.suppressions);
  }
};

template <>
struct Fields<rules::Event> {  // `received_at` is the row's; `hops` is not kept
  static void list(auto& visit, auto& self) {
    visit.name(1, self.name);
    visit(2, self.properties);
    visit(3, self.occurred_at, self.received_at);
    visit(4, self.change);
    visit(5, self.is_history);
  }
};

template <>
struct Fields<rules::Decision> {  // `at` is the row's
  static void list(auto& visit, auto& self) {
    visit.name(1, self.action);
    visit(2, self.enrollment);
    visit.name(3, self.playbook);
    visit.name(4, self.step);
    visit.name(5, self.message);
    visit(6, self.kind);
    visit(7, self.to);
    visit(8, self.delivery);
    visit(9, self.reason);
    visit(10, self.until);
    visit.name(11, self.outcome);
    visit(12, self.detail);
  }
};

template <>
struct Fields<rules::Delivery> {  // `contact` and `at` are the row's
  static void list(auto& visit, auto& self) {
    visit(1, self.key);
    visit(2, self.enrollment);
    visit.name(3, self.playbook);
    visit.name(4, self.version);
    visit.name(5, self.step);
    visit.name(6, self.message);
    visit(7, self.kind);
    visit(8, self.to);
    visit(9, self.attempt);
    visit(10, self.change);
    visit(11, self.reason);
    visit(12, self.text);
    visit(13, self.subject);
    visit.name(14, self.connector);
    visit.name(15, self.action);
  }
};

template <>
struct Fields<rules::Notification> {  // `at` is the row's
  static void list(auto& visit, auto& self) {
    visit.name(1, self.playbook);
    visit.name(2, self.step);
    visit(3, self.text);
    visit(4, self.contact);
  }
};

template <>
struct Fields<SetAside> {  // `number` and `at` are the row's
  static void list(auto& visit, auto& self) {
    visit(1, self.fingerprint);
    visit(2, self.kind);
    visit(3, self.text);
    visit(4, self.contact);
    visit(5, self.due);
    visit(6, self.user_id);
    visit(7, self.anonymous_id);
    visit(8, self.previous_id);
    visit(9, self.message_id);
    visit(10, self.address);
    // An event's own fields count its moment from `received_at`, which is its row's elsewhere.
    visit(11, self.event.received_at);
    visit(12, self.event.name);
    visit(13, self.event.properties);
    visit(14, self.event.occurred_at, self.event.received_at);
    visit(15, self.event.change);
    visit(16, self.event.is_history);
  }
};

template <>
struct Fields<BookFile> {
  static void list(auto& visit, auto& self) {
    visit(1, self.path);
    visit(2, self.contents);
  }
};

// A member added in rules/ that is not listed here would be lost without a word: then these numbers
// no longer fit. Left out above is what the comments name.
template <class T>
inline constexpr std::size_t members = boost::pfr::tuple_size_v<T>;

static_assert(members<rules::Contact> == 33 && members<rules::Enrollment> == 24);
static_assert(members<rules::MergedFrom> == 1);
static_assert(members<rules::Membership> == 3 && members<rules::PlannedStart> == 3);
static_assert(members<rules::ChosenWay> == 3 && members<rules::Rounds> == 2);
static_assert(members<rules::Click> == 9 && members<rules::LastMessage> == 4);
static_assert(members<rules::Handoff> == 5 && members<rules::Call> == 15);
static_assert(members<rules::Pending> == 18 && members<rules::Target> == 6);
static_assert(members<rules::Tally> == 5 && members<rules::Ledger> == 2);
static_assert(members<rules::Departure> == 2 && members<rules::LastStart> == 3);
static_assert(members<rules::Consent> == 5 && members<rules::Suppression> == 3);
static_assert(members<rules::Address> == 2 && members<rules::AddressState> == 5);
static_assert(members<rules::Event> == 7 && members<rules::ContactChange> == 9);
static_assert(members<rules::ConsentChange> == 7 && members<rules::SuppressionChange> == 4);
static_assert(members<rules::Decision> == 13);
static_assert(members<rules::Delivery> == 17 && members<rules::Notification> == 5);

}  // namespace nurtured::store
