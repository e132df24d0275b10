#include "daemon/ingest.h"

#include <array>
#include <utility>

#include "base/encoding.h"
#include "daemon/ingest_message.h"
#include "store/types.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;
using cel::Value;

std::string_view text_of(const Value* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

// One reading of one request.
class RequestReader {
 public:
  RequestReader(const IngestRequest& request, const WriteKeys& keys, const TypedProperties& typed)
      : request_(request), keys_(keys), typed_(typed) {}

  Result<Ingested> read() {
    // A wrong key in the header costs no parsing.
    if (request_.write_key && !keys_.accept(*request_.write_key)) return denied();
    auto body = read_body(request_.body);
    if (!body) return base::fail(std::move(body.error()));
    if (!body->is_map()) return base::fail("the body is not a JSON object");
    body_ = *std::move(body);
    if (auto done = find_key(); !done) return base::fail(std::move(done.error()));
    return request_.type == IngestType::batch ? read_batch() : read_single();
  }

 private:
  static tl::unexpected<base::Error> denied() {
    return base::fail(ErrorKind::denied, "the write key is missing or not accepted");
  }

  // Of the header, else of the body. Without either, each message of a batch brings its own.
  Result<void> find_key() {
    if (request_.write_key) {
      out_.write_key = *request_.write_key;
      return {};
    }
    out_.write_key = text_of(body_.find("writeKey"));
    const bool may_come_later = request_.type == IngestType::batch && out_.write_key.empty();
    if (!may_come_later && !keys_.accept(out_.write_key)) return denied();
    return {};
  }

  IngestEnvelope envelope(std::string_view write_key) const {
    return {.received_at = request_.received_at, .write_key = write_key};
  }

  Result<Ingested> read_single() {
    add(0, read_message(body_, request_.type, envelope(out_.write_key), typed_), out_.write_key,
        body_);
    return std::move(out_);
  }

  Result<Ingested> read_batch() {
    const Value* batch = body_.find("batch");
    if (batch == nullptr || !batch->is_list()) return base::fail("the body has no list `batch`");
    const cel::List& messages = batch->as_list();
    if (messages.size() > ingest_messages_max) {
      return base::fail(
          ErrorKind::too_large,
          "the batch has more than " + std::to_string(ingest_messages_max) + " messages");
    }
    out_.items.reserve(messages.size());
    read_context();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (!add_from_batch(i, messages[i])) ++refused;
    }
    // An empty batch writes nothing, and still asks for a key.
    const bool nobody_may = refused == messages.size();
    if (nobody_may && !keys_.accept(out_.write_key)) return denied();
    return std::move(out_);
  }

  // What a message may not hold, it may not have from the batch around it either.
  void read_context() {
    context_ = body_.find("context");
    if (context_ == nullptr) return;
    const auto judged = judge_extent(*context_, "the context of the batch", {});
    if (judged) return;
    context_ = nullptr;
    reject(0, body_, judged.error().message);
    out_.rejected.back().whole = false;
  }

  // False when it brought no key that is accepted.
  bool add_from_batch(std::size_t index, const Value& message) {
    const std::string_view key =
        out_.write_key.empty() ? text_of(message.find("writeKey")) : out_.write_key;
    if (out_.write_key.empty() && !keys_.accept(key)) {
      reject(index, message, "the write key is missing or not accepted");
      return false;
    }
    IngestEnvelope around = envelope(key);
    around.sent_at = body_.find("sentAt");
    around.context = context_;
    const auto type = message_type(message);
    if (type) {
      add(index, read_message(message, *type, around, typed_), key, message);
    } else {
      reject(index, message, type.error().message);
    }
    return true;
  }

  void add(std::size_t index, Result<IngestMessage> read, std::string_view write_key,
           const Value& message) {
    if (!read) return reject(index, message, std::move(read.error().message));
    int partly = 0;
    for (auto& problem : read->problems) {
      reject(index, message, std::move(problem));
      out_.rejected.back().whole = false;
      out_.rejected.back().who = read->input.who;
      if (!read->input.message_id) continue;
      // The blank keeps it from passing for the message itself.
      out_.rejected.back().dedup =
          store::dedup_key("rejected " + std::to_string(++partly) + " " + std::string(write_key),
                           *message_id_text(message));
    }
    out_.items.push_back(std::move(read->input));
  }

  void reject(std::size_t index, const Value& message, std::string reason) {
    out_.rejected.push_back({.index = index,
                             .message_id = std::string(base::cut_utf8(
                                 message_id_text(message).value_or(""), message_id_bytes_max)),
                             .reason = std::move(reason)});
  }

  const IngestRequest& request_;
  const WriteKeys& keys_;
  const TypedProperties& typed_;
  Value body_;
  const Value* context_ = nullptr;  // in body_
  Ingested out_;
};

}  // namespace

std::optional<IngestType> ingest_type(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, IngestType>, 15> names = {
      {{"track", IngestType::track},
       {"t", IngestType::track},
       {"identify", IngestType::identify},
       {"i", IngestType::identify},
       {"page", IngestType::page},
       {"p", IngestType::page},
       {"screen", IngestType::screen},
       {"s", IngestType::screen},
       {"group", IngestType::group},
       {"g", IngestType::group},
       {"alias", IngestType::alias},
       {"a", IngestType::alias},
       {"batch", IngestType::batch},
       {"b", IngestType::batch},
       {"import", IngestType::batch}}};
  for (const auto& [known, type] : names) {
    if (known == name) return type;
  }
  return std::nullopt;
}

Result<Ingested> ingest(const IngestRequest& request, const WriteKeys& keys,
                        const TypedProperties& typed) {
  return RequestReader(request, keys, typed).read();
}

Result<EventInput> parse_ingest_line(std::string_view json_line, std::optional<Instant> received_at,
                                     const TypedProperties& typed) {
  const auto message = read_body(json_line);
  if (!message) return base::fail(message.error());
  const auto type = message_type(*message);
  if (!type) return base::fail(type.error());
  const IngestEnvelope envelope{.received_at = received_at,
                                .write_key = text_of(message->find("writeKey"))};
  auto read = read_message(*message, *type, envelope, typed);
  if (!read) return base::fail(std::move(read.error()));
  if (!read->problems.empty()) return base::fail(std::move(read->problems.front()));
  return std::move(read->input);
}

EventInput record_of(const RejectedItem& item, Instant received_at) {
  EventInput record{.who = item.who, .message_id = item.dedup};
  record.event.name = "ingest.rejected";
  record.event.properties = cel::Map{{"message_id", item.message_id},
                                     {"reason", item.reason},
                                     {"index", static_cast<std::int64_t>(item.index)},
                                     {"whole", item.whole}};
  record.event.occurred_at = record.event.received_at = received_at;
  return record;
}

}  // namespace nurtured::daemon
