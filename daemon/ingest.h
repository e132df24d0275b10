// What Segment's SDKs send, read into the engine's inputs: values in, values out, no sockets. The
// format is the Segment HTTP tracking API ("Spec: Common", "HTTP Tracking API Source" of Segment's
// documentation) as unmodified SDKs use it. daemon/routes.h serves it; `simulate`, `event` and
// imports read the same messages line by line.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/inputs.h"
#include "daemon/write_keys.h"
#include "rules/cel/value.h"

namespace nurtured::daemon {

// Segment's own limits ("Tracking API: Rate limits and message sizes"), which every SDK keeps.
inline constexpr std::size_t ingest_body_bytes_max = std::size_t{500} << 10;
// Of one message: the bytes of its texts, names and marks as compact JSON, escapes not counted.
inline constexpr std::size_t ingest_message_bytes_max = std::size_t{32} << 10;
inline constexpr std::size_t ingest_messages_max = 2500;
// Ours.
inline constexpr std::size_t message_id_bytes_max = 100;  // Segment's too
inline constexpr std::size_t id_bytes_max = 512;  // userId, anonymousId, previousId, groupId
inline constexpr std::size_t event_name_bytes_max = 200;
inline constexpr std::size_t property_depth_max = 16;  // nested objects and arrays; 1 is a flat one

enum class IngestType { track, identify, page, screen, group, alias, batch };

// What the last part of the path says, long or short: "track" and "t", "batch", "b" and "import".
// nullopt otherwise.
std::optional<IngestType> ingest_type(std::string_view name);

// Properties as events.yaml types them (rules::typed_properties). Empty: as they came.
using TypedProperties = std::function<cel::Value(std::string_view event, cel::Value properties)>;

struct IngestRequest {
  IngestType type = IngestType::batch;
  std::string_view body;                 // JSON, whatever its Content-Type
  std::optional<std::string> write_key;  // of the Authorization header
  Instant received_at;
};

// A message, or a part of one, that was not taken.
struct RejectedItem {
  std::size_t index = 0;  // in the batch; 0 for a single message
  std::string message_id;
  std::string reason;
  bool whole = true;  // false: the event was taken without the part that `reason` names
  Who who = {};       // whose event that was; empty where it was nobody's
  std::optional<store::DedupKey> dedup = {};  // a repeat of the message is not recorded again
};

struct Ingested {
  std::vector<EventInput> items;       // in the order of the batch
  std::vector<RejectedItem> rejected;  // to be recorded: see record_of()
  std::string write_key;  // of the header or the body; empty where each message brought its own
};

// Errors: `denied` when no key is accepted; `invalid` for a body that is no JSON object of the
// expected shape; `too_large` past a limit of the request. What is wrong with one message only
// rejects that message.
//
// A message becomes one event: `track` under its own name, the others as page.viewed,
// screen.viewed, contact.identified, group.joined and contact.aliased. Properties are the message's
// own and
//   page, screen    page_name or screen_name, category
//   identify        the traits
//   group           the traits of the group and group_id
//   alias           previous_id and user_id
//   all             campaign, where the context has one
// It occurred at received_at - (sentAt - timestamp), at `timestamp` where sentAt is missing, never
// after received_at.
base::Result<Ingested> ingest(const IngestRequest& request, const WriteKeys& keys,
                              const TypedProperties& typed);

// One message a line, as `simulate --events` and imports read them. `type` may be left out where
// `event` is there. Without `received_at` the message's `timestamp`, which it then needs, stands
// for both moments. What would reject the message, or a part of it, is an error here: a file can be
// mended.
base::Result<EventInput> parse_ingest_line(std::string_view json_line,
                                           std::optional<Instant> received_at,
                                           const TypedProperties& typed = {});

// The record of what was not taken: an event "ingest.rejected" with message_id and reason. Of a
// part it is about the contact whose event was taken without it, so that `explain` shows it; else
// about nobody, and the engine writes it to the log and does nothing else.
EventInput record_of(const RejectedItem& item, Instant received_at);

}  // namespace nurtured::daemon
