#include "store/codec.h"

#include <algorithm>
#include <concepts>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>

#include "store/fields.h"
#include "store/names.h"
#include "store/wire.h"

namespace nurtured::store {
namespace {

using base::Result;
using wire::Cursor;
using wire::Form;
using wire::Writer;

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept Enumeration = std::is_enum_v<T>;
template <class T>
concept Struct = requires { sizeof(Fields<T>); };

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Moments are subtracted and added without a sign, so that no pair of them overflows.
std::uint64_t to_bits(Instant instant) {
  return static_cast<std::uint64_t>(base::to_millis(instant));
}

Instant from_bits(std::uint64_t bits) {
  return base::from_millis(static_cast<std::int64_t>(bits));
}

// ---- forms

template <class T>
constexpr Form form_of() {
  if constexpr (std::same_as<T, double>) {
    return Form::eight_bytes;
  } else if constexpr (std::same_as<T, std::string> || std::same_as<T, DedupKey>) {
    return Form::text;
  } else if constexpr (IsOptional<T>::value) {
    return form_of<typename T::value_type>();
  } else if constexpr (std::same_as<T, bool> || Number<T> || Enumeration<T> ||
                       std::same_as<T, Instant> || std::same_as<T, ContactId>) {
    return Form::varint;
  } else {
    return Form::block;
  }
}

// ---- out

class Encoder {
 public:
  // Moments are written as what they are after `origin`.
  Encoder(std::string& out, Names* names, Instant origin = {})
      : out_(out), names_(names), origin_(to_bits(origin)) {}

  bool failed() const { return failed_; }

  // Every later moment is counted from this one.
  void origin(unsigned tag, Instant value) {
    (*this)(tag, value);
    origin_ = to_bits(value);
  }

  // Texts that many records repeat.
  void name(unsigned tag, const std::string& value) {
    if (value.empty()) return;
    header(tag, Form::text);
    put_name(value);
  }
  void name(unsigned tag, const std::optional<std::string>& value) {
    if (!value) return;
    header(tag, Form::text);
    put_name(*value);
  }
  void name(unsigned tag, const std::vector<std::string>& values) {
    if (values.empty()) return;
    header(tag, Form::block);
    const std::size_t start = out_.open_block();
    for (const std::string& value : values) put_name(value);
    out_.close_block(start);
  }

  // A field. Structs and lists that turn out empty leave nothing behind.
  template <class T>
  void operator()(unsigned tag, const T& value) {
    if constexpr (IsOptional<T>::value) {
      if (!value) return;
      header(tag, form_of<T>());
      put(*value);
    } else if constexpr (Struct<T>) {
      const std::size_t before = out_.size();
      header(tag, Form::block);
      const std::size_t start = out_.open_block();
      Fields<T>::list(*this, value);
      if (out_.size() == start) return out_.cut(before);
      out_.close_block(start);
    } else {
      if (is_default(value)) return;
      header(tag, form_of<T>());
      put(value);
    }
  }

  template <class T>
  void operator()(unsigned tag, const T& value, const T& when_left_out) {
    if (value == when_left_out) return;
    header(tag, form_of<T>());
    put(value);
  }

  // An item of a list, or the payload of a field.
  void put(bool value) { out_.byte(value ? 1 : 0); }
  void put(double value) { out_.decimal(value); }
  void put(const std::string& value) { out_.text(value); }
  void put(const DedupKey& value) { out_.text(std::string(value.begin(), value.end())); }
  void put(Instant value) { out_.zigzag(static_cast<std::int64_t>(to_bits(value) - origin_)); }
  void put(ContactId value) { out_.zigzag(value.value); }
  template <Number T>
  void put(T value) {
    if constexpr (std::signed_integral<T>) {
      out_.zigzag(value);
    } else {
      out_.varint(value);
    }
  }
  template <Enumeration T>
  void put(T value) {
    out_.varint(static_cast<std::uint64_t>(number_of(value)));
  }
  template <Struct T>
  void put(const T& value) {
    const std::size_t start = out_.open_block();
    Fields<T>::list(*this, value);
    out_.close_block(start);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) {
    put(value.first);
    put(value.second);
  }
  template <class T>
  void put(const std::vector<T>& items) {
    const std::size_t start = out_.open_block();
    for (const T& item : items) put(item);
    out_.close_block(start);
  }
  // Moments of one list lie close together: the first, then the steps between them.
  void put(const std::vector<Instant>& items) {
    const std::size_t start = out_.open_block();
    std::uint64_t before = origin_;
    for (const Instant item : items) {
      out_.zigzag(static_cast<std::int64_t>(to_bits(item) - before));
      before = to_bits(item);
    }
    out_.close_block(start);
  }
  template <class T>
  void put(const std::map<std::string, T, std::less<>>& entries) {
    const std::size_t start = out_.open_block();
    for (const auto& [key, value] : entries) {
      put_name(key);
      put(value);
    }
    out_.close_block(start);
  }
  void put(const cel::Value& value) {
    const std::size_t start = out_.open_block();
    put_bare(value, 0);
    out_.close_block(start);
  }
  void put_bare(const cel::Value& value, std::size_t depth);

 private:
  template <class T>
  static bool is_default(const T& value) {
    if constexpr (std::same_as<T, cel::Value>) {
      return value.is_null();
    } else if constexpr (std::same_as<T, DedupKey>) {
      return value == T{};
    } else if constexpr (requires { value.empty(); }) {
      return value.empty();
    } else if constexpr (Enumeration<T>) {
      return number_of(value) == 0;
    } else {
      return value == T{};
    }
  }
  void header(unsigned tag, Form form) { out_.varint(tag * 4U + static_cast<unsigned>(form)); }
  void put_name(const std::string& value) { out_.name(value, names_); }
  void put_key(const cel::Value& key, std::size_t depth);

  Writer out_;
  Names* names_;
  std::uint64_t origin_;
  bool failed_ = false;
};

void Encoder::put_bare(const cel::Value& value, std::size_t depth) {
  if (depth > value_depth_max) {
    failed_ = true;
    return;
  }
  out_.byte(static_cast<std::uint8_t>(number_of(value.kind())));
  switch (value.kind()) {
    case cel::Kind::null:
      return;
    case cel::Kind::boolean:
      return put(value.as_bool());
    case cel::Kind::integer:
      return put(value.as_int());
    case cel::Kind::unsigned_integer:
      return put(value.as_uint());
    case cel::Kind::decimal:
      return put(value.as_double());
    case cel::Kind::string:
      return put(value.as_string());
    case cel::Kind::bytes:
      return put(value.as_bytes());
    case cel::Kind::timestamp:
      out_.zigzag(value.as_timestamp().seconds);
      return out_.zigzag(value.as_timestamp().nanos);
    case cel::Kind::duration:
      out_.zigzag(value.as_duration().seconds);
      return out_.zigzag(value.as_duration().nanos);
    case cel::Kind::type:
      return put(value.as_type());
    case cel::Kind::list:
      out_.varint(value.as_list().size());
      for (const cel::Value& item : value.as_list()) put_bare(item, depth + 1);
      return;
    case cel::Kind::map:
      out_.varint(value.as_map().size());
      for (const auto& [key, entry] : value.as_map()) {
        put_key(key, depth + 1);
        put_bare(entry, depth + 1);
      }
      return;
    case cel::Kind::optional:
      put(value.as_optional() != nullptr);
      if (value.as_optional() != nullptr) put_bare(*value.as_optional(), depth + 1);
      return;
  }
}

void Encoder::put_key(const cel::Value& key, std::size_t depth) {
  if (!key.is_string()) return put_bare(key, depth);
  out_.byte(static_cast<std::uint8_t>(number_of(cel::Kind::string)));
  put_name(key.as_string());
}

// ---- in

// What all blocks of one record share.
struct Context {
  Names* names = nullptr;
  std::uint64_t origin = 0;               // moments are counted from it
  std::size_t bytes = decoded_bytes_max;  // memory still to be had
};

class Decoder {
 public:
  Decoder(std::string_view data, Context& context) : in_(data), context_(context) { next_header(); }

  bool failed() const { return in_.failed(); }

  void origin(unsigned tag, Instant& value) {
    (*this)(tag, value);
    context_.origin = to_bits(value);
  }
  template <class T>
  void name(unsigned tag, T& value) {
    (*this)(tag, value);
  }
  template <class T>
  void operator()(unsigned tag, T& value) {
    if (!seek(tag, form_of<T>())) return;
    take_into(in_, value);
    next_header();
  }
  template <class T>
  void operator()(unsigned tag, T& value, const T& when_left_out) {
    if (!seek(tag, form_of<T>())) {
      value = when_left_out;
      return;
    }
    take_into(in_, value);
    next_header();
  }

  // Whatever follows the last field that is known must at least be fields.
  void finish() {
    while (has_header_) skip_field();
  }

  cel::Value take_bare(Cursor& in, std::size_t depth);

 private:
  void next_header() {
    has_header_ = !in_.at_end();
    if (has_header_) header_ = in_.varint();
  }
  void skip_field() {
    in_.skip(static_cast<Form>(header_ % 4));
    next_header();
  }
  // Fields come in ascending order, so those below `tag` are ones that are not known here.
  bool seek(unsigned tag, Form form) {
    while (has_header_ && header_ / 4 < tag) skip_field();
    if (!has_header_ || header_ / 4 != tag) return false;
    if (header_ % 4 != static_cast<unsigned>(form)) in_.fail();
    return !in_.failed();
  }
  bool afford(Cursor& in, std::size_t bytes) {
    if (bytes > context_.bytes) {
      in.fail();
      return false;
    }
    context_.bytes -= bytes;
    return true;
  }

  static Instant take_moment(Cursor& in, std::uint64_t origin) {
    return from_bits(origin + static_cast<std::uint64_t>(in.zigzag()));
  }
  static void take_into(Cursor& in, bool& value) { value = in.varint() != 0; }
  static void take_into(Cursor& in, double& value) { value = in.decimal(); }
  void take_into(Cursor& in, std::string& value) { value = in.text(context_.names); }
  static void take_into(Cursor& in, DedupKey& value) {
    const std::string bytes = in.text(nullptr);
    if (bytes.size() != value.size()) return in.fail();
    std::ranges::copy(bytes, value.begin());
  }
  void take_into(Cursor& in, Instant& value) { value = take_moment(in, context_.origin); }
  static void take_into(Cursor& in, ContactId& value) { value.value = in.zigzag(); }
  template <Number T>
  static void take_into(Cursor& in, T& value) {
    if constexpr (std::signed_integral<T>) {
      const std::int64_t taken = in.zigzag();
      if (!std::in_range<T>(taken)) return in.fail();
      value = static_cast<T>(taken);
    } else {
      const std::uint64_t taken = in.varint();
      if (!std::in_range<T>(taken)) return in.fail();
      value = static_cast<T>(taken);
    }
  }
  template <Enumeration T>
  static void take_into(Cursor& in, T& value) {
    const auto found = enumerator<T>(in.varint());
    if (!found) return in.fail();
    value = *found;
  }
  template <class T>
  void take_into(Cursor& in, std::optional<T>& value) {
    take_into(in, value.emplace());
  }
  template <Struct T>
  void take_into(Cursor& in, T& value) {
    Decoder inner(in.block(), context_);
    Fields<T>::list(inner, value);
    inner.finish();
    if (inner.failed()) in.fail();
  }
  template <class A, class B>
  void take_into(Cursor& in, std::pair<A, B>& value) {
    take_into(in, value.first);
    take_into(in, value.second);
  }
  template <class T>
  void take_into(Cursor& in, std::vector<T>& items) {
    Cursor inner(in.block());
    while (!inner.at_end() && afford(inner, sizeof(T))) take_into(inner, items.emplace_back());
    if (inner.failed()) in.fail();
  }
  void take_into(Cursor& in, std::vector<Instant>& items) {
    Cursor inner(in.block());
    std::uint64_t before = context_.origin;
    while (!inner.at_end() && afford(inner, sizeof(Instant))) {
      items.push_back(take_moment(inner, before));
      before = to_bits(items.back());
    }
    if (inner.failed()) in.fail();
  }
  template <class T>
  void take_into(Cursor& in, std::map<std::string, T, std::less<>>& entries) {
    Cursor inner(in.block());
    while (!inner.at_end() && afford(inner, sizeof(std::pair<std::string, T>))) {
      std::string key = inner.text(context_.names);
      take_into(inner, entries.emplace_hint(entries.end(), std::move(key), T{})->second);
    }
    if (inner.failed()) in.fail();
  }
  void take_into(Cursor& in, cel::Value& value) {
    Cursor inner(in.block());
    value = take_bare(inner, 0);
    if (inner.failed() || !inner.at_end()) in.fail();
  }

  cel::Value take_list(Cursor& in, std::size_t depth);
  cel::Value take_map(Cursor& in, std::size_t depth);

  Cursor in_;
  Context& context_;
  bool has_header_ = false;
  std::uint64_t header_ = 0;
};

cel::Value Decoder::take_bare(Cursor& in, std::size_t depth) {
  const auto kind = enumerator<cel::Kind>(in.byte());
  if (!kind || depth > value_depth_max) in.fail();
  if (in.failed()) return {};
  const auto nanos = [&in] {
    std::int32_t value = 0;
    take_into(in, value);
    return value;
  };
  switch (*kind) {
    case cel::Kind::null:
      return {};
    case cel::Kind::boolean:
      return in.varint() != 0;
    case cel::Kind::integer:
      return in.zigzag();
    case cel::Kind::unsigned_integer:
      return in.varint();
    case cel::Kind::decimal:
      return in.decimal();
    case cel::Kind::string:
      return in.text(context_.names);
    case cel::Kind::bytes:
      return cel::Bytes{in.text(context_.names)};
    case cel::Kind::timestamp: {
      const std::int64_t seconds = in.zigzag();
      return cel::Timestamp{.seconds = seconds, .nanos = nanos()};
    }
    case cel::Kind::duration: {
      const std::int64_t seconds = in.zigzag();
      return cel::Duration{.seconds = seconds, .nanos = nanos()};
    }
    case cel::Kind::type: {
      cel::Kind type{};
      take_into(in, type);
      return cel::Value::type(type);
    }
    case cel::Kind::list:
      return take_list(in, depth);
    case cel::Kind::map:
      return take_map(in, depth);
    case cel::Kind::optional:
      if (in.varint() == 0) return cel::Value::optional_none();
      return cel::Value::optional_of(take_bare(in, depth + 1));
  }
  return {};
}

cel::Value Decoder::take_list(Cursor& in, std::size_t depth) {
  const std::uint64_t count = in.varint();
  cel::List items;
  for (std::uint64_t i = 0; i < count && !in.failed() && afford(in, sizeof(cel::Value)); ++i) {
    items.push_back(take_bare(in, depth + 1));
  }
  return items;
}

cel::Value Decoder::take_map(Cursor& in, std::size_t depth) {
  const std::uint64_t count = in.varint();
  std::vector<cel::Map::Entry> entries;
  for (std::uint64_t i = 0; i < count && !in.failed() && afford(in, sizeof(cel::Map::Entry)); ++i) {
    cel::Value key = take_bare(in, depth + 1);
    if (!cel::Map::is_key(key)) in.fail();
    entries.push_back({std::move(key), take_bare(in, depth + 1)});
  }
  if (in.failed()) return {};
  auto map = cel::Map::distinct(std::move(entries));
  if (!map) {
    in.fail();
    return {};
  }
  return std::move(*map);
}

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
Result<T> decode_fields(T value, std::string_view data, Context context, const char* what,
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
  Context context{.names = names};
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
  Context context;
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
