#include "store/encoder.h"

namespace nurtured::store {

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

}  // namespace nurtured::store
