// What a workspace knows by name, and where those names are used: gathered while its files are
// read, so that a misspelt event, message or channel is found wherever it stands. Inside config/
// only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/problem.h"
#include "config/section.h"
#include "rules/book.h"
#include "rules/scope.h"

namespace nurtured::config {

inline constexpr std::size_t name_bytes_max = 100;
inline constexpr std::size_t event_bytes_max = 200;

// CONTRACT sections 1 and 2.
inline constexpr std::string_view stages[] = {"awareness", "consideration", "decision", "retention",
                                              "advocacy"};
inline constexpr std::string_view roles[] = {"recognition", "interest", "trust",   "study",
                                             "doubt",       "proof",    "purchase"};
inline constexpr std::string_view kinds[] = {"value", "engagement", "offer",
                                             "reply", "reminder",   "receipt"};

using rules::EventShapes;

// The events that the engine itself makes (CONTRACT section 6), with what they carry.
const EventShapes& built_in_events();

struct MessageFacts {
  rules::Kind kind = rules::Kind::value;
  bool has_subject = false;
  bool has_expires = false;
  base::Place place;
};

// What is known where an expression or a template is judged.
struct Scene {
  rules::EventShape event;
  // nullopt where nobody is enrolled yet.
  std::optional<rules::EnrollmentShape> enrollment = rules::EnrollmentShape{};
  // Asked of somebody to whom nothing has happened just now: by a segment, for a date.
  bool contact_alone = false;
  bool watches_clock = false;  // ConditionOptions
};

struct Catalogue {
  EventShapes events;                                           // events.yaml
  std::map<std::string, base::Place, std::less<>> touchpoints;  // by event, where it is listed
  std::map<std::string, MessageFacts, std::less<>> messages;
  std::map<std::string, base::Place, std::less<>> segments;  // segments.yaml
  std::vector<std::string> channels;
  std::vector<std::string> default_via;
  std::vector<std::string> subject_channels;  // those that show a subject
  std::vector<std::string> mail_channels;     // those that show pictures, loaded or not
  // By connector; nullopt where its type is not known.
  std::map<std::string, std::optional<std::vector<ActionShape>>, std::less<>> actions;
  bool knows_actions = false;  // somebody told which types there are
  rules::Span history{.days = 400};
  const rules::ZoneTable* zones = nullptr;  // null: not known
  cel::Value vars;                          // null while nurtured.yaml cannot be read
  bool has_humans = true;                   // somebody is told of a contact that a human has
  // False when the file that lists them cannot be read: then nobody is blamed for naming others.
  bool knows_channels = true;
  bool knows_events = true;
  bool knows_segments = true;
  // A former version of a playbook: checked when it was applied, so names are not checked again.
  bool is_former = false;
};

struct EventUse {
  std::string event;
  base::Place place;
};
struct MessageUse {
  std::string message;
  std::vector<std::string> via;
  base::Place place;
  Scene scene;  // of the playbook that sends it
};

struct NameUse {
  std::string name;
  base::Place place;
};

// What a condition or formula reads of the contact: `contact.address.city` is address, city.
struct ContactUse {
  std::vector<std::string> path;
  base::Place place;
};

struct Uses {
  std::vector<ContactUse> contact;
  std::vector<EventUse> events;
  std::vector<NameUse> playbooks;  // by `enroll` and `leave`
  std::set<std::string> emitted;
  std::vector<MessageUse> messages;
  std::set<std::string, std::less<>> segments;
  std::set<std::string, std::less<>> partials;  // "" where a name is computed
  std::set<std::string, std::less<>> layouts;
};

// What is known where any of these events may be the one judged. Of one that nobody declared
// nothing is known.
rules::EventShape shape_of(const Catalogue& catalogue, const std::vector<std::string>& events);

// A text that can name an event: 1 to event_bytes_max bytes without control characters. Reports.
bool check_event_name(std::string_view name, const base::Place& place, Problems& problems);
// A text that can name a playbook, message, channel, connector or step: letters, digits, `_` and
// `-`, and what `others` allows, at most name_bytes_max bytes. Reports with `what`.
bool check_name(std::string_view name, std::string_view what, std::string_view others,
                const base::Place& place, Problems& problems);

// False, and reported, when there is no segment of that name.
bool check_segment(std::string_view name, const base::Place& place, const Catalogue& catalogue,
                   Problems& problems);

void read_events(const Document& document, Catalogue& catalogue, Problems& problems);
std::vector<rules::Touchpoint> read_touchpoints(const Document& document, Catalogue& catalogue,
                                                Problems& problems);

// The events that something in the workspace says are sent: its own and ours, those of events.yaml
// and touchpoints.yaml.
std::set<std::string> known_events(const Catalogue& catalogue, const Uses& uses);

// Events that are waited for and that nothing sends: an error where events.yaml lists what may
// come, else a warning.
void check_event_uses(const Catalogue& catalogue, const Uses& uses, Problems& problems);

}  // namespace nurtured::config
