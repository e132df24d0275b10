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
// The messageId; a number is spelled, and "" is none. nullopt for anything else.
std::optional<std::string> message_id_text(const cel::Value& message);
// `invalid` when it cannot be an event's name.
base::Result<std::string> event_name(const cel::Value* value, std::string_view field);

// A request's body or a part of one. What cannot be held spoils only the item that it is in: see
// judge_extent().
base::Result<cel::Value> read_body(std::string_view json);

struct ExtentLimits {
  std::size_t bytes_max = ingest_message_bytes_max;
  std::size_t depth_max = property_depth_max;
};
// `too_large` for a value longer than `bytes_max` as compact JSON (escapes not counted, a number as
// 8 bytes); `invalid` for one that is nested more than `depth_max` deep (1: a flat object) or has a
// number that no double holds. `what` begins the message.
base::Result<void> judge_extent(const cel::Value& value, std::string_view what,
                                ExtentLimits limits);

}  // namespace nurtured::daemon
