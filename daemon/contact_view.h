// What is known of a contact as JSON and as words: shared by `contact`, `explain`, `enrollment` and
// `delivery`. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/instant.h"
#include "rules/book.h"
#include "rules/cel/value.h"
#include "rules/contact.h"
#include "store/types.h"

namespace nurtured::daemon {

std::string_view to_string(rules::EnrollmentState state);
std::string_view to_string(rules::SuppressionScope scope);
std::string_view to_string(rules::DeliveryChange change);
std::optional<rules::SuppressionScope> parse_scope(std::string_view name);
std::optional<rules::DeliveryChange> parse_delivery_change(std::string_view name);

// "2026-03-04 11:30" on the clock of `zone`; seconds where they are not zero.
std::string local_text(base::Instant at, const rules::Zone& zone);
// RFC 3339, or null.
cel::Value time_value(std::optional<base::Instant> at);

// "anna (email anna@example.org, telegram 4711)".
std::string handoff_text(const rules::Handoff& handoff, const rules::Zone& zone);
std::string headline(const rules::Contact& contact);
// The id of the step at which it stands; empty where its version is not known.
std::string step_id(const rules::Enrollment& enrollment, const rules::Book& book);
// "waits until 2026-03-04 10:00 at wait#1".
std::string state_text(const rules::Enrollment& enrollment, const rules::Book& book,
                       const rules::Zone& zone);

cel::Value to_value(const rules::Contact& contact, const rules::Book& book);
// The same, with what is suppressed of the addresses: `suppression` is the person's own or, where
// there is none, the strictest of their addresses', which it names.
cel::Value to_value(const rules::Snapshot& snapshot, const rules::Book& book);
cel::Value to_value(const rules::Enrollment& enrollment, const rules::Book& book);
cel::Value to_value(const rules::Delivery& delivery);
// "welcome by email to a@example.org", or what is asked of a connector: "crm.post".
std::string what_of(const rules::Delivery& delivery);
cel::Value to_value(const std::optional<rules::Suppression>& suppression);
// {"contact": …, "email:u1@example.org": …}; addresses that are not suppressed are left out.
cel::Value suppressions_value(const rules::Snapshot& snapshot);
cel::Value to_value(const store::TimelineEntry& entry);

// "hold offer (launch, send:offer): mix, 2 of 2 …, until 2026-03-04 10:00": what it says but its
// own moment.
std::string decision_text(const rules::Decision& decision, const rules::Zone& zone);
// One line of what happened, without a line end.
std::string entry_text(const store::TimelineEntry& entry, const rules::Zone& zone);

}  // namespace nurtured::daemon
