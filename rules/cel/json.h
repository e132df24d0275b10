// JSON to Value and back. Reading is strict (RFC 8259) and bounded; a map keeps the order of the
// text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/cel/value.h"

namespace nurtured::cel {

struct JsonLimits {
  std::size_t bytes_max = 1 << 20;
  std::size_t depth_max = 32;  // nested arrays and objects; 1 is a flat one
  // For a body that carries many things, of which an odd one must not cost the others: half of a
  // surrogate pair is U+FFFD, a number beyond a double an infinity (which no JSON gives
  // otherwise), and what lies deeper than depth_max null. Every other mistake is still one.
  bool tolerant = false;
  // A whole number beyond int64 is a uint, and beyond that an error.
  bool exact_wholes = false;
};

// A whole number becomes an int, beyond int64 a double unless `exact_wholes`; any other number a
// double. Of a repeated key the last value wins, at the place of the first. `too_large` beyond a
// limit, `invalid` for anything that is not one JSON text in UTF-8; the place has the line and
// column.
base::Result<Value> from_json(std::string_view text, JsonLimits limits = {});

// Compact. Bytes become base64 text, timestamps RFC 3339 and durations "3.5s" as protobuf's JSON
// mapping has them, NaN and infinities the texts "NaN", "Infinity", "-Infinity", a type its name,
// optional.none() null. Keys that are not strings are spelled as text. Whole numbers stay numbers
// of any size, and doubles keep a mark of being one (1.0), so that from_json(to_json(value)) gives
// back null, bool, int, double, string, list and string-keyed map unchanged.
std::string to_json(const Value& value);

// As a person reads it: a text without quotes, a whole number without a mark of being a double,
// times and durations as to_json spells them, and to_json's JSON for everything else.
std::string to_plain_text(const Value& value);

// The text as a JSON string with its quotes. Ill-formed UTF-8 is replaced with U+FFFD.
std::string json_quote(std::string_view text);

}  // namespace nurtured::cel
