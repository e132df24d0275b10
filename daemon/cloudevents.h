// CloudEvents 1.0 over HTTP, read into the engine's inputs: binary, structured and batched mode
// (CloudEvents specification 1.0.2, its HTTP protocol binding, JSON format and HTTP webhook texts).
// Pure.
//
// An event's `type` is its name, `time` its moment, `data` its properties (an object, or {data:
// …}). It is about the extensions `userid` and `anonymousid`, else about data.userId and
// data.anonymousId, else about the user `subject`. `source` with `id` is its idempotency key.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/ingest.h"
#include "http/headers.h"

namespace nurtured::daemon {

inline constexpr std::size_t cloudevent_attribute_bytes_max = 2048;
// Of one event, as its texts and names count (see ingest_message_bytes_max). The specification's
// section "Size Limits" asks for 64 KiB.
inline constexpr std::size_t cloudevent_bytes_max = std::size_t{64} << 10;
// A batch is bounded by ingest_body_bytes_max and ingest_messages_max.

// Errors: `not_found` for a format that is not JSON (an answer of 415), `too_large`, and `invalid`
// for what cannot be read; in binary and structured mode that includes an event that breaks the
// specification. An event that is well-formed and about nobody is rejected as ingest() rejects
// messages; in batched mode so is a bad one.
base::Result<Ingested> read_cloudevents(const http::Headers& headers, std::string_view body,
                                        Instant received_at, const TypedProperties& typed);

}  // namespace nurtured::daemon
