#include "daemon/ingest_message.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rules/cel/json.h"
#include "rules/traits.h"
#include "store/types.h"

namespace nurtured::daemon {
namespace {

using base::Result;
using cel::Value;

const Value* find(const Value* map, std::string_view key) {
  return map == nullptr ? nullptr : map->find(key);
}

bool is_missing(const Value* value) {
  return value == nullptr || value->is_null();
}

std::optional<Instant> instant(const Value* value) {
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto parsed = base::parse_instant(value->as_string());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

// One reading of one message.
class MessageReader {
 public:
  MessageReader(const Value& message, IngestType type, const IngestEnvelope& envelope)
      : message_(message), type_(type), envelope_(envelope), context_(message.find("context")) {}

  Result<IngestMessage> read(const TypedProperties& typed) {
    if (auto done = read_who(); !done) return base::fail(std::move(done.error()));
    if (auto done = read_times(); !done) return base::fail(std::move(done.error()));
    if (auto done = read_name(); !done) return base::fail(std::move(done.error()));
    if (auto done = read_message_id(); !done) return base::fail(std::move(done.error()));
    if (auto done = read_properties(); !done) return base::fail(std::move(done.error()));
    read_change();
    if (typed) event().properties = typed(event().name, std::move(event().properties));
    return std::move(out_);
  }

 private:
  rules::Event& event() { return out_.input.event; }

  // The message's own context wins over that of the batch, entry by entry.
  const Value* context(std::string_view name) const {
    const Value* own = find(context_, name);
    return is_missing(own) ? find(envelope_.context, name) : own;
  }

  Result<void> read_id(std::string& id, std::string_view field) const {
    auto text = id_text(message_.find(field), field);
    if (!text) return base::fail(std::move(text.error()));
    id = *std::move(text);
    return {};
  }

  Result<void> read_who() {
    Who& who = out_.input.who;
    if (auto done = read_id(who.user_id, "userId"); !done) return done;
    if (type_ == IngestType::alias) {
      if (auto done = read_id(who.previous_id, "previousId"); !done) return done;
      if (who.user_id.empty() || who.previous_id.empty()) {
        return base::fail("an alias needs a previousId and a userId");
      }
      return {};
    }
    if (auto done = read_id(who.anonymous_id, "anonymousId"); !done) return done;
    if (who.user_id.empty() && who.anonymous_id.empty()) {
      return base::fail("the message has neither a userId nor an anonymousId");
    }
    return {};
  }

  // Segment's correction for a wrong clock: what passed between the event and the sending is taken
  // from the sender, the moment of arrival from us. A time that cannot be read counts as missing.
  Result<void> read_times() {
    auto happened = instant(message_.find("timestamp"));
    if (!happened) happened = instant(message_.find("originalTimestamp"));
    if (!envelope_.received_at) {
      if (!happened) return base::fail("the message has no timestamp that can be read");
      event().occurred_at = event().received_at = *happened;
      return {};
    }
    const Instant received = *envelope_.received_at;
    auto sent = instant(message_.find("sentAt"));
    if (!sent) sent = instant(envelope_.sent_at);
    if (happened && sent) happened = received - (*sent - *happened);
    event().received_at = received;
    event().occurred_at = std::clamp(happened.value_or(received), base::instant_min, received);
    return {};
  }

  Result<void> read_name() {
    switch (type_) {
      case IngestType::track: {
        auto name = event_name(message_.find("event"), "event");
        if (!name) return base::fail(std::move(name.error()));
        event().name = *std::move(name);
        return {};
      }
      case IngestType::identify:
        event().name = "contact.identified";
        return {};
      case IngestType::page:
        event().name = "page.viewed";
        return {};
      case IngestType::screen:
        event().name = "screen.viewed";
        return {};
      case IngestType::group:
        event().name = "group.joined";
        return {};
      case IngestType::alias:
        event().name = "contact.aliased";
        return {};
      case IngestType::batch:
        break;
    }
    return base::fail("a batch cannot hold a batch");
  }

  // Without an id a repeat cannot be recognised: the message is then always new.
  Result<void> read_message_id() {
    const auto id = message_id_text(message_);
    if (!id || id->size() > message_id_bytes_max) {
      return base::fail("the messageId is no text of at most " +
                        std::to_string(message_id_bytes_max) + " bytes");
    }
    if (!id->empty()) out_.input.message_id = store::dedup_key(envelope_.write_key, *id);
    return {};
  }

  Result<void> read_properties() {
    const bool has_traits = type_ == IngestType::identify || type_ == IngestType::group;
    const char* field = has_traits ? "traits" : "properties";
    const Value* properties = message_.find(field);
    if (is_missing(properties)) {
      event().properties = cel::Map{};
    } else if (properties->is_map()) {
      event().properties = *properties;
    } else {
      return base::fail(std::string("the field ") + field + " is not an object");
    }
    switch (type_) {
      case IngestType::page:
        add_property("page_name", message_.find("name"));
        add_property("category", message_.find("category"));
        break;
      case IngestType::screen:
        add_property("screen_name", message_.find("name"));
        add_property("category", message_.find("category"));
        break;
      case IngestType::group: {
        auto group = id_text(message_.find("groupId"), "groupId");
        if (!group) return base::fail(std::move(group.error()));
        if (group->empty()) return base::fail("a group needs a groupId");
        const Value id(*std::move(group));
        add_property("group_id", &id);
        break;
      }
      case IngestType::alias: {
        const Value previous(out_.input.who.previous_id);
        add_property("previous_id", &previous);
        const Value user(out_.input.who.user_id);
        add_property("user_id", &user);
        break;
      }
      case IngestType::track:
      case IngestType::identify:
      case IngestType::batch:
        break;
    }
    add_property("campaign", context("campaign"));
    return {};
  }

  // What the sender calls so itself stays.
  void add_property(const char* name, const Value* value) {
    if (is_missing(value) || event().properties.find(name) != nullptr) return;
    cel::Map map = event().properties.as_map();
    map.set(name, *value);
    event().properties = std::move(map);
  }

  // From the least to the most particular, because the later of two changes stays.
  void read_change() {
    if (type_ == IngestType::alias) return;
    rules::ContactChange& change = event().change;
    // What the device says of itself is no mistake of the sender: left out silently when unusable.
    std::vector<std::string> unused;
    cel::Map device;
    for (const char* name : {"timezone", "locale"}) {
      const Value* value = context(name);
      if (!is_missing(value)) device.set(name, *value);
    }
    if (!device.empty()) rules::apply_traits(std::move(device), change, unused);
    if (const Value* traits = context("traits"))
      rules::apply_traits(*traits, change, out_.problems);
    if (type_ == IngestType::identify) {
      if (const Value* traits = message_.find("traits")) {
        rules::apply_traits(*traits, change, out_.problems);
      }
    }
  }

  const Value& message_;
  IngestType type_;
  const IngestEnvelope& envelope_;
  const Value* context_;
  IngestMessage out_;
};

// JSON's quotes, and the comma or the colon that follows.
constexpr std::size_t quoted = 3;
constexpr std::size_t number_bytes = 8;
// Deeper than any message may be, so that one that is too deep rejects itself and not its batch.
constexpr std::size_t body_depth_max = 64;

struct Extent {
  std::size_t bytes = 0;
  std::size_t depth = 0;  // 0 for a scalar, 1 for a flat object
  bool finite = true;

  void add(const Extent& inner) {
    bytes += inner.bytes;
    depth = std::max(depth, inner.depth);
    finite = finite && inner.finite;
  }
};

Extent extent_of(const Value& value) {
  if (value.is_string()) return {.bytes = value.as_string().size() + quoted};
  Extent extent{.bytes = number_bytes,
                .finite = !value.is_double() || std::isfinite(value.as_double())};
  if (value.is_map()) {
    for (const auto& entry : value.as_map()) {
      extent.bytes += entry.key.as_string().size() + quoted;
      extent.add(extent_of(entry.value));
    }
    ++extent.depth;
  } else if (value.is_list()) {
    for (const auto& item : value.as_list()) extent.add(extent_of(item));
    ++extent.depth;
  }
  return extent;
}

}  // namespace

Result<IngestType> message_type(const Value& message) {
  const Value* type = message.find("type");
  if (is_missing(type)) {
    if (message.find("event") != nullptr) return IngestType::track;
    return base::fail("the message has no type");
  }
  if (type->is_string()) {
    const auto known = ingest_type(type->as_string());
    // The short names are those of paths alone.
    if (known && *known != IngestType::batch && type->as_string().size() > 1) return *known;
  }
  return base::fail(
      "the type of the message is none of track, identify, page, screen, group, alias");
}

Result<IngestMessage> read_message(const Value& message, IngestType type,
                                   const IngestEnvelope& envelope, const TypedProperties& typed) {
  if (!message.is_map()) return base::fail("the message is not an object");
  // Properties lie one deep in their message.
  if (auto judged = judge_extent(message, "the message", {.depth_max = property_depth_max + 1});
      !judged) {
    return base::fail(std::move(judged.error()));
  }
  return MessageReader(message, type, envelope).read(typed);
}

Result<std::string> id_text(const Value* value, std::string_view field) {
  if (is_missing(value)) return std::string();
  if (value->is_int()) return std::to_string(value->as_int());
  if (value->is_string()) {
    const std::string& text = value->as_string();
    if (text.empty() || rules::is_plain_text(text, id_bytes_max)) return text;
    return base::fail("the " + std::string(field) + " has control characters or is longer than " +
                      std::to_string(id_bytes_max) + " bytes");
  }
  return base::fail("the " + std::string(field) + " is neither a text nor a whole number");
}

std::optional<std::string> message_id_text(const Value& message) {
  const Value* id = message.find("messageId");
  if (is_missing(id)) return std::string();
  if (id->is_string()) return id->as_string();
  if (id->is_number()) return cel::to_json(*id);
  return std::nullopt;
}

Result<std::string> event_name(const Value* value, std::string_view field) {
  if (value == nullptr || !value->is_string()) {
    return base::fail("the " + std::string(field) + " of the event is missing or no text");
  }
  if (!rules::is_plain_text(value->as_string(), event_name_bytes_max)) {
    return base::fail("the " + std::string(field) +
                      " of the event is empty, has control characters or is longer than " +
                      std::to_string(event_name_bytes_max) + " bytes");
  }
  return value->as_string();
}

Result<Value> read_body(std::string_view json) {
  return cel::from_json(
      json, {.bytes_max = ingest_body_bytes_max, .depth_max = body_depth_max, .tolerant = true});
}

Result<void> judge_extent(const Value& value, std::string_view what, ExtentLimits limits) {
  const Extent extent = extent_of(value);
  if (extent.bytes > limits.bytes_max) {
    return base::fail(base::ErrorKind::too_large, std::string(what) + " is longer than " +
                                                      std::to_string(limits.bytes_max) + " bytes");
  }
  if (extent.depth > limits.depth_max) {
    return base::fail(std::string(what) + " is nested more than " +
                      std::to_string(limits.depth_max) + " deep");
  }
  if (!extent.finite) {
    return base::fail(std::string(what) + " has a number that is too large");
  }
  return {};
}

}  // namespace nurtured::daemon
