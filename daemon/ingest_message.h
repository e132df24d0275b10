// One Segment message, read into one event. Internal to the ingest: daemon/ingest.h is what others
// use.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/ingest.h"
#include "rules/cel/value.h"

namespace nurtured::daemon {

// What the request says for all its messages.
struct IngestEnvelope {
  std::optional<Instant> received_at;  // none: the message's own timestamp
  const cel::Value* sent_at = nullptr;
  const cel::Value* context = nullptr;  // a message's own entries win over these
  std::string_view write_key;           // what message ids are remembered under
};

struct IngestMessage {
  EventInput input;
  std::vector<std::string> problems;  // parts that were left out, each in a sentence
};

// The type that a message names itself; `implied` where it names none or the path has said it.
base::Result<IngestType> message_type(const cel::Value& message);

// The error says why the whole message cannot be taken.
base::Result<IngestMessage> read_message(const cel::Value& message, IngestType type,
                                         const IngestEnvelope& envelope,
                                         const TypedProperties& typed);

// An id as texts: whole numbers are spelled, null and "" are none. `invalid` for anything else, for
// control characters and past id_bytes_max.
base::Result<std::string> id_text(const cel::Value* value, std::string_view field);
// `invalid` when it cannot be an event's name.
base::Result<std::string> event_name(const cel::Value* value, std::string_view field);

// How large a value is as compact JSON (escapes not counted, a number as 8 bytes) and how deep.
struct Extent {
  std::size_t bytes = 0;
  std::size_t depth = 0;  // 0 for a scalar, 1 for a flat object
};
Extent extent_of(const cel::Value& value);

}  // namespace nurtured::daemon
