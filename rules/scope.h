// What a condition sees (CONTRACT section 2): the variables and functions of CEL inside playbooks,
// touchpoints and settings, and their values for one contact at one moment.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/book.h"
#include "rules/cel/environment.h"
#include "rules/cel/scope.h"
#include "rules/contact.h"
#include "rules/event.h"
#include "rules/event_shape.h"

namespace nurtured::rules {

// What is known of the enrollment that a condition belongs to.
struct EnrollmentShape {
  struct Saved {
    std::string name;
    std::optional<EventShape> event;  // nullopt: it may be any value
  };
  EventShape event;          // that started it
  std::vector<Saved> saved;  // by `save`
  bool open = true;          // more may have been saved
};

struct ConditionOptions {
  // Literals that can only fail are errors of the type check.
  bool judge_literals = true;
  // The condition is asked when its answer changes by time alone (a segment's).
  bool watches_clock = false;
};

// contact, event, enrollment, now; did, times, last, touches, in_segment. Missing attributes and
// mixed numbers as CONTRACT has them. `contact` is open: any attribute may come; those named in
// CONTRACT are typed. Attributes are known in both spellings of the ingest's traits: first_name and
// firstName.
cel::Environment condition_environment(const EventShape& event = {},
                                       const EnrollmentShape& enrollment = {},
                                       const ConditionOptions& options = {});

// The environment for the values that `ConditionScope` gives. References are kept: all must outlive
// it.
class ConditionScope final : public cel::Scope {
 public:
  // `event` is the one being judged, else the one that started the enrollment is used; either may
  // be missing.
  // `watch`, where somebody asks, is told when the answer can change by time alone.
  ConditionScope(const Book& book, const Contact& contact, const Event* event,
                 const Enrollment* enrollment, Instant now, cel::Watch* watch = nullptr)
      : book_(book),
        contact_(contact),
        event_(event),
        enrollment_(enrollment),
        now_(now),
        watch_(watch) {}

  std::optional<cel::Value> variable(std::size_t variable) const override;
  const cel::Value* field(std::size_t variable, cel::FieldName field,
                          cel::Value& scratch) const override;
  base::Result<cel::Value> call(std::size_t function,
                                std::span<const cel::Value> arguments) const override;
  cel::Watch* watch() const override { return watch_; }

 private:
  base::Result<cel::Value> in_segment(const std::string& name) const;

  const Book& book_;
  const Contact& contact_;
  const Event* event_;
  const Enrollment* enrollment_;
  Instant now_;
  cel::Watch* watch_;
};

// Properties of an event with which the condition holds, as far as it compares them with literals
// and nothing else is asked; empty for any other condition.
std::vector<std::pair<std::string, cel::Value>> example_properties(const Expression& condition);

// A trait's name as attributes keep it: firstName → first_name and so on for those that CONTRACT
// section 6 names; any other name is kept as it is. The view is into `trait` or into static text.
std::string_view attribute_name(std::string_view trait);

// What a message, `set`, `emit` and `notify` print from: a map of contact, event, enrollment, vars
// and now, and the zone of the clock that the contact lives by.
cel::Value render_data(const Book& book, const Contact& contact, const Enrollment* enrollment,
                       Instant now);

}  // namespace nurtured::rules
