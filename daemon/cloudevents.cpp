#include "daemon/cloudevents.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "daemon/ingest_message.h"
#include "http/url.h"
#include "rules/traits.h"
#include "store/types.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;
using cel::Value;

// An attribute as text; "" where there is none.
using Attributes = std::function<Result<std::string>(std::string_view name)>;

bool starts_ignoring_case(std::string_view text, std::string_view start) {
  return http::equal_ignoring_case(text.substr(0, start.size()), start);
}

// "Application/JSON; charset=utf-8" without its parameters.
std::string_view media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return type;
}

// What the JSON format calls a JSON media type; absent means JSON too.
bool is_json(std::string_view content_type) {
  const std::string_view type = media_type(content_type);
  const std::size_t slash = type.find('/');
  if (type.empty()) return true;
  if (slash == std::string_view::npos) return false;
  const std::string_view subtype = type.substr(slash + 1);
  return http::equal_ignoring_case(subtype, "json") ||
         (subtype.size() > 5 &&
          http::equal_ignoring_case(subtype.substr(subtype.size() - 5), "+json"));
}

// A header's value as the HTTP binding encodes it (section 3.1.3.2): maybe in quotes with backslash
// escapes, then percent-encoded UTF-8, one round.
Result<std::string> header_attribute(std::string_view value) {
  std::string unquoted;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      unquoted += value[i];
    }
  } else {
    unquoted = value;
  }
  auto decoded = http::percent_decode(unquoted);
  if (!decoded || !base::is_utf8(*decoded)) {
    return base::fail("a ce- header is not percent-encoded UTF-8");
  }
  return decoded;
}

Result<std::string> checked(Result<std::string> attribute, std::string_view name) {
  if (attribute && !attribute->empty() &&
      !rules::is_plain_text(*attribute, cloudevent_attribute_bytes_max)) {
    return base::fail("the attribute " + std::string(name) +
                      " has control characters or is longer than " +
                      std::to_string(cloudevent_attribute_bytes_max) + " bytes");
  }
  return attribute;
}

Attributes attributes_of(const http::Headers& headers) {
  return [&headers](std::string_view name) -> Result<std::string> {
    const auto value = headers.find("ce-" + std::string(name));
    if (!value) return std::string();
    return checked(header_attribute(*value), name);
  };
}

// JSON has attributes of three types, and null for none.
Attributes attributes_of(const Value& event) {
  return [&event](std::string_view name) -> Result<std::string> {
    const Value* value = event.find(name);
    if (value == nullptr || value->is_null()) return std::string();
    if (value->is_string()) return checked(value->as_string(), name);
    if (value->is_int()) return std::to_string(value->as_int());
    if (value->is_bool()) return std::string(value->as_bool() ? "true" : "false");
    return base::fail("the attribute " + std::string(name) + " is no text");
  };
}

Value text_or_bytes(std::string data) {
  if (base::is_utf8(data)) return Value(std::move(data));
  return Value(cel::Bytes{std::move(data)});
}

// Data that came as octets. No octets are no data.
Result<Value> decoded_data(std::string_view octets, std::string_view content_type) {
  if (octets.empty()) return Value();
  if (is_json(content_type)) return read_body(octets);
  return text_or_bytes(std::string(octets));
}

Result<Value> data_of(const Value& event, std::string_view content_type) {
  const Value* data = event.find("data");
  const Value* encoded = event.find("data_base64");
  const bool has_encoded = encoded != nullptr && !encoded->is_null();
  if (data != nullptr && !data->is_null() && has_encoded) {
    return base::fail("an event has either data or data_base64");
  }
  if (!has_encoded) return data == nullptr ? Value() : *data;
  if (!encoded->is_string()) return base::fail("data_base64 is no text");
  const auto octets = base::from_base64(encoded->as_string());
  if (!octets) return base::fail("data_base64 is not base64");
  return decoded_data(*octets, content_type);
}

// What the specification requires of every event.
struct Required {
  std::string id;
  std::string source;
  std::string type;
};

Result<Required> read_required(const Attributes& attribute) {
  auto version = attribute("specversion");
  if (!version) return base::fail(std::move(version.error()));
  if (*version != "1.0") return base::fail("the specversion is not 1.0");
  Required required;
  for (const auto& [name, field] :
       {std::pair{"id", &required.id}, {"source", &required.source}, {"type", &required.type}}) {
    auto value = attribute(name);
    if (!value) return base::fail(std::move(value.error()));
    if (value->empty()) {
      return base::fail("the attribute " + std::string(name) + " is missing or empty");
    }
    *field = *std::move(value);
  }
  return required;
}

// Whoever is named most plainly: by our extensions, by the data, by the subject.
Result<Who> read_who(const Attributes& attribute, const Value& data) {
  Who who;
  for (const auto& [name, field] :
       {std::pair{"userid", &who.user_id}, {"anonymousid", &who.anonymous_id}}) {
    auto value = attribute(name);
    if (!value) return base::fail(std::move(value.error()));
    *field = *std::move(value);
  }
  if (who.user_id.empty() && who.anonymous_id.empty()) {
    for (const auto& [name, field] :
         {std::pair{"userId", &who.user_id}, {"anonymousId", &who.anonymous_id}}) {
      auto value = id_text(data.find(name), name);
      if (!value) return base::fail(std::move(value.error()));
      *field = *std::move(value);
    }
  }
  if (who.user_id.empty() && who.anonymous_id.empty()) {
    auto subject = attribute("subject");
    if (!subject) return base::fail(std::move(subject.error()));
    who.user_id = *std::move(subject);
  }
  if (std::max(who.user_id.size(), who.anonymous_id.size()) > id_bytes_max) {
    return base::fail("the contact's id is longer than " + std::to_string(id_bytes_max) + " bytes");
  }
  return who;
}

Result<Instant> read_time(const Attributes& attribute, Instant received_at) {
  const auto text = attribute("time");
  if (!text) return base::fail(text.error());
  if (text->empty()) return received_at;
  const auto time = base::parse_instant(*text);
  if (!time) return base::fail("the time is not a moment as RFC 3339 spells it");
  return std::min(*time, received_at);
}

// An input about nobody has an empty `who`: whether that spoils the request is the caller's to say.
Result<EventInput> read_event(const Attributes& attribute, Value data, Instant received_at,
                              const TypedProperties& typed) {
  auto required = read_required(attribute);
  if (!required) return base::fail(std::move(required.error()));
  const Value type(std::move(required->type));
  auto name = event_name(&type, "type");
  if (!name) return base::fail(std::move(name.error()));
  auto who = read_who(attribute, data);
  if (!who) return base::fail(std::move(who.error()));
  const auto time = read_time(attribute, received_at);
  if (!time) return base::fail(time.error());
  if (auto judged = judge_extent(data, "the data", {.bytes_max = cloudevent_bytes_max}); !judged) {
    return base::fail(std::move(judged.error()));
  }
  EventInput input{.who = *std::move(who)};
  input.event.name = *std::move(name);
  input.event.occurred_at = *time;
  input.event.received_at = received_at;
  if (data.is_null()) {
    data = cel::Map{};
  } else if (!data.is_map()) {
    data = cel::Map{{"data", std::move(data)}};
  }
  input.event.properties = typed ? typed(input.event.name, std::move(data)) : std::move(data);
  // The blank keeps a source from passing for a write key.
  input.message_id = store::dedup_key("cloudevents " + required->source, required->id);
  return input;
}

Result<EventInput> read_json_event(const Value& event, Instant received_at,
                                   const TypedProperties& typed) {
  if (!event.is_map()) return base::fail("the event is not a JSON object");
  const Attributes attribute = attributes_of(event);
  const auto content_type = attribute("datacontenttype");
  if (!content_type) return base::fail(content_type.error());
  auto data = data_of(event, *content_type);
  if (!data) return base::fail(std::move(data.error()));
  return read_event(attribute, *std::move(data), received_at, typed);
}

void add(Ingested& out, std::size_t index, EventInput input) {
  if (input.who.user_id.empty() && input.who.anonymous_id.empty()) {
    out.rejected.push_back(
        {.index = index, .reason = "the event names neither a userid nor a subject"});
  } else {
    out.items.push_back(std::move(input));
  }
}

Result<Ingested> read_batch(std::string_view body, Instant received_at,
                            const TypedProperties& typed) {
  const auto events = read_body(body);
  if (!events) return base::fail(events.error());
  if (!events->is_list()) return base::fail("the body is not a JSON list of events");
  if (events->as_list().size() > ingest_messages_max) {
    return base::fail(ErrorKind::too_large,
                      "the batch has more than " + std::to_string(ingest_messages_max) + " events");
  }
  Ingested out;
  for (std::size_t i = 0; i < events->as_list().size(); ++i) {
    auto input = read_json_event(events->as_list()[i], received_at, typed);
    if (input) {
      add(out, i, *std::move(input));
    } else {
      out.rejected.push_back({.index = i, .reason = std::move(input.error().message)});
    }
  }
  return out;
}

Result<EventInput> read_single(const http::Headers& headers, std::string_view content_type,
                               std::string_view body, bool structured, Instant received_at,
                               const TypedProperties& typed) {
  if (structured) {
    const auto event = read_body(body);
    if (!event) return base::fail(event.error());
    return read_json_event(*event, received_at, typed);
  }
  auto data = decoded_data(body, content_type);
  if (!data) return base::fail(std::move(data.error()));
  return read_event(attributes_of(headers), *std::move(data), received_at, typed);
}

}  // namespace

Result<Ingested> read_cloudevents(const http::Headers& headers, std::string_view body,
                                  Instant received_at, const TypedProperties& typed) {
  const std::string_view content_type = headers.find("Content-Type").value_or("");
  const std::string_view type = media_type(content_type);
  // The batch's prefix begins with the single event's one.
  if (http::equal_ignoring_case(type, "application/cloudevents-batch+json")) {
    return read_batch(body, received_at, typed);
  }
  const bool structured = http::equal_ignoring_case(type, "application/cloudevents+json");
  const bool binary = !starts_ignoring_case(type, "application/cloudevents") &&
                      (headers.has("ce-specversion") || headers.has("ce-id"));
  if (!structured && !binary) {
    return base::fail(ErrorKind::not_found, "this is no CloudEvent in a format that is known here",
                      "send application/cloudevents+json, application/cloudevents-batch+json, or "
                      "any body with the ce- headers of binary mode");
  }
  auto input = read_single(headers, content_type, body, structured, received_at, typed);
  if (!input) return base::fail(std::move(input.error()));
  Ingested out;
  add(out, 0, *std::move(input));
  return out;
}

}  // namespace nurtured::daemon
