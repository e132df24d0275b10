#include "store/codec.h"

#include <utility>

#include "store/decoder.h"
#include "store/encoder.h"
#include "store/fields.h"

namespace nurtured::store {
namespace {

using base::Result;

Result<void> outcome(const Encoder& encoder) {
  if (!encoder.failed()) return {};
  return base::fail(base::ErrorKind::too_large,
                    "a value is nested deeper than " + std::to_string(value_depth_max) + " levels");
}

tl::unexpected<base::Error> damaged(const char* what) {
  return base::fail(base::ErrorKind::invalid, std::string("the store holds a damaged ") + what,
                    "run `nurtured doctor`, or restore a backup");
}

template <class T, class... Parameters>
Result<void> encode_fields(const T& value, std::string& out, Names* names, Instant origin,
                           const Parameters&... parameters) {
  Encoder encoder(out, names, origin);
  Fields<T>::list(encoder, value, parameters...);
  return outcome(encoder);
}

template <class T, class... Parameters>
Result<T> decode_fields(T value, std::string_view data, DecodeContext context, const char* what,
                        const Parameters&... parameters) {
  Decoder decoder(data, context);
  Fields<T>::list(decoder, value, parameters...);
  decoder.finish();
  if (decoder.failed()) return damaged(what);
  return value;
}

template <class T>
Result<void> append_item(const T& item, Instant at, Instant row_at, std::string& row,
                         Names* names) {
  Encoder encoder(row, names, row_at);
  encoder.put(at);
  encoder.put(item);
  return outcome(encoder);
}

// `make` gives an item the moment that its row counts it from.
template <class T, class Make>
Result<std::vector<T>> decode_items(std::string_view row, Instant row_at, Names* names,
                                    const char* what, const Make& make) {
  Cursor in(row);
  std::vector<T> items;
  while (!in.at_end()) {
    const Instant at = from_bits(to_bits(row_at) + static_cast<std::uint64_t>(in.zigzag()));
    const std::string_view block = in.block();
    if (in.failed()) return damaged(what);
    auto item = decode_fields(make(at), block, {.names = names, .origin = to_bits(row_at)}, what);
    if (!item) return base::fail(std::move(item.error()));
    items.push_back(std::move(*item));
  }
  if (in.failed()) return damaged(what);
  return items;
}

}  // namespace

Result<void> encode(const cel::Value& value, std::string& out, Names* names) {
  Encoder encoder(out, names);
  encoder.put_bare(value, 0);
  return outcome(encoder);
}

Result<cel::Value> decode_value(std::string_view data, Names* names) {
  DecodeContext context{.names = names};
  Cursor in(data);
  cel::Value value = Decoder({}, context).take_bare(in, 0);
  if (in.failed() || !in.at_end()) return damaged("value");
  return value;
}

Result<void> encode(const rules::Contact& contact, std::string& out, Names* names) {
  return encode_fields(contact, out, names, {});
}

Result<rules::Contact> decode_contact(ContactId id, std::string_view data, Names* names) {
  return decode_fields(rules::Contact{.id = id}, data, {.names = names}, "contact");
}

Result<void> encode(const rules::AddressState& state, std::string& out, Names* names) {
  const std::string value = rules::to_key(state.address).substr(state.address.channel.size() + 1);
  return encode_fields(state, out, names, {}, value);
}

Result<rules::AddressState> decode_address(rules::Address address, std::string_view data,
                                           Names* names) {
  const std::string value = address.value;
  return decode_fields(rules::AddressState{.address = std::move(address)}, data, {.names = names},
                       "address", value);
}

Result<void> append(const rules::Event& event, Instant row_at, std::string& row, Names* names) {
  return append_item(event, event.received_at, row_at, row, names);
}

Result<std::vector<rules::Event>> decode_events(Instant row_at, std::string_view row,
                                                Names* names) {
  return decode_items<rules::Event>(row, row_at, names, "event",
                                    [](Instant at) { return rules::Event{.received_at = at}; });
}

Result<void> append(const rules::Decision& decision, Instant row_at, std::string& row,
                    Names* names) {
  return append_item(decision, decision.at, row_at, row, names);
}

Result<std::vector<rules::Decision>> decode_decisions(Instant row_at, std::string_view row,
                                                      Names* names) {
  return decode_items<rules::Decision>(row, row_at, names, "decision",
                                       [](Instant at) { return rules::Decision{.at = at}; });
}

Result<void> encode(const rules::Delivery& delivery, std::string& out, Names* names) {
  return encode_fields(delivery, out, names, delivery.at);
}

Result<rules::Delivery> decode_delivery(ContactId contact, Instant at, std::string_view data,
                                        Names* names) {
  return decode_fields(rules::Delivery{.contact = contact, .at = at}, data,
                       {.names = names, .origin = to_bits(at)}, "delivery");
}

Result<void> encode(const rules::Notification& notification, std::string& out, Names* names) {
  return encode_fields(notification, out, names, notification.at);
}

Result<rules::Notification> decode_notification(Instant at, std::string_view data, Names* names) {
  return decode_fields(rules::Notification{.at = at}, data, {.names = names, .origin = to_bits(at)},
                       "notification");
}

Result<void> encode(const SetAside& input, std::string& out) {
  return encode_fields(input, out, nullptr, {});
}

Result<SetAside> decode_set_aside(std::string_view data) {
  return decode_fields(SetAside{}, data, {}, "input that was set aside");
}

Result<void> encode(const std::vector<BookFile>& files, std::string& out) {
  Encoder encoder(out, nullptr);
  encoder(1, files);
  return outcome(encoder);
}

Result<std::vector<BookFile>> decode_files(std::string_view data) {
  DecodeContext context;
  Decoder decoder(data, context);
  std::vector<BookFile> files;
  decoder(1, files);
  decoder.finish();
  if (decoder.failed()) return damaged("book");
  return files;
}

int stored_number(rules::DeliveryChange change) {
  return number_of(change);
}

Result<rules::DeliveryChange> delivery_change(int number) {
  const auto found = number < 0
                         ? std::nullopt
                         : enumerator<rules::DeliveryChange>(static_cast<std::uint64_t>(number));
  if (!found) return damaged("delivery");
  return *found;
}

}  // namespace nurtured::store
