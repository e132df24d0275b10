#include "store/decoder.h"

namespace nurtured::store {

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

}  // namespace nurtured::store
