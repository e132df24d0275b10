// Bodies of the ingest as a stranger may send them. The first byte says how they are read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "daemon/cloudevents.h"
#include "daemon/ingest.h"
#include "daemon/links.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

const base::Instant received = base::from_millis(1'772'366'400'000);

void expect(bool promise) {
  if (!promise) std::abort();
}

void check(const EventInput& input) {
  expect(!input.who.user_id.empty() || !input.who.anonymous_id.empty());
  expect(input.who.user_id.size() <= id_bytes_max);
  expect(input.who.anonymous_id.size() <= id_bytes_max);
  expect(input.who.previous_id.size() <= id_bytes_max);
  expect(!input.event.name.empty() && input.event.name.size() <= event_name_bytes_max);
  expect(base::is_utf8(input.event.name));
  expect(input.event.properties.is_map());
  expect(input.event.occurred_at >= base::instant_min);
  expect(input.event.occurred_at <= input.event.received_at);
  for (const auto& consent : input.event.change.consents) expect(!consent.restores);
  for (const auto& [channel, address] : input.event.change.addresses) {
    expect(!channel.empty());
    expect(address.find_first_of("\r\n") == std::string::npos);
  }
}

void check(const base::Result<Ingested>& ingested) {
  if (!ingested) return;
  expect(ingested->items.size() <= ingest_messages_max);
  for (const auto& input : ingested->items) check(input);
  for (const auto& item : ingested->rejected) {
    expect(!item.reason.empty() && base::is_utf8(item.reason));
    expect(item.message_id.size() <= message_id_bytes_max && base::is_utf8(item.message_id));
  }
}

void read_segment(IngestType type, std::string_view body) {
  static const WriteKeys open({});
  check(ingest({.type = type, .body = body, .received_at = received}, open, {}));
}

void read_binary_cloudevent(std::string_view text) {
  const std::size_t end = text.find('\n');
  http::Headers headers{{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "s"}};
  headers.add("ce-type", text.substr(0, end));
  headers.add("ce-subject", text.substr(0, end));
  const std::string_view body =
      end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  check(read_cloudevents(headers, body, received, {}));
}

void verify_link(std::string_view token) {
  static const LinkSigner signer({config::Secret("fuzz")});
  const auto claim = signer.verify(token, LinkPurpose::unsubscribe);
  // Nothing here knows the key's tokens, so whatever is accepted must be one.
  if (claim) expect(signer.sign(LinkPurpose::unsubscribe, *claim) == token);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr unsigned segment_types = 7;  // of IngestType
  const unsigned way = data[0] % (segment_types + 5);
  if (way < segment_types) {
    read_segment(static_cast<IngestType>(way), text);
  } else if (way == segment_types) {
    check(read_cloudevents({{"Content-Type", "application/cloudevents+json"}}, text, received, {}));
  } else if (way == segment_types + 1) {
    check(read_cloudevents({{"Content-Type", "application/cloudevents-batch+json"}}, text, received,
                           {}));
  } else if (way == segment_types + 2) {
    read_binary_cloudevent(text);
  } else if (way == segment_types + 3) {
    verify_link(text);
  } else if (const auto line = parse_ingest_line(text, std::nullopt)) {
    check(*line);
  }
  return 0;
}
