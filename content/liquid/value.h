// What an expression of Liquid is worth while a template is rendered. Data is a cel::Value, shared
// and never copied deeply; beside it there are the few things that only templates make. How each
// prints and compares follows Ruby, whose ways Liquid templates rely on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "content/liquid/template.h"
#include "rules/cel/value.h"

namespace nurtured::content::liquid {

// (first..last), both included; empty when last < first.
struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;

  bool operator==(const Range&) const = default;
  // Saturates instead of overflowing: (-2^63..2^63-1) has more members than can be counted.
  std::size_t size() const;
};

// `forloop` and `tablerowloop`. The loop that owns it moves it on.
struct Loop {
  std::string_view name;  // "item-collection", in the program
  std::size_t length = 0;
  std::size_t index = 0;                // from 0
  std::optional<std::int64_t> columns;  // of a tablerow
  std::int64_t row = 1;
  std::int64_t column = 1;
  std::shared_ptr<const Loop> parent;
};

// Null for what is not there. Marked is the text of a `capture`, which keeps what in it came from
// variables.
using Value =
    std::variant<cel::Value, Range, std::shared_ptr<const Marked>, std::shared_ptr<const Loop>>;

// nullptr when the value is not plain data.
inline const cel::Value* as_data(const Value& value) {
  return std::get_if<cel::Value>(&value);
}
bool is_nil(const Value& value);
// Everything but nil and false.
bool is_truthy(const Value& value);
// The text of a string or a capture; nullopt for anything else. The view lives as long as `value`.
std::optional<std::string_view> as_text(const Value& value);
std::optional<std::int64_t> as_integer(const Value& value);

// Appends what {{ value }} prints: items of a list one after the other, nil as nothing.
void append_output(std::string& out, const Value& value);
// Appends what a filter sees as the value's text: a list or a map as Ruby writes it, [1, "a"].
void append_text(std::string& out, const Value& value);
std::string to_text(const Value& value);
std::string to_text(const cel::Value& value);
// As Ruby's inspect: texts in quotes, nil as nil. Different values give different texts.
std::string inspected(const cel::Value& value);
// Shortest digits that read back equal: 1.0, 0.1, 1.0e+20.
std::string decimal_text(double number);

// Ruby's ==: numbers by value, others only with their own kind.
bool equals(const Value& left, const Value& right);
// nullopt when there is no order between them: nil, booleans, lists, maps.
// `comparable` is false where Ruby refuses: a number with a text.
struct Order {
  std::optional<std::partial_ordering> order;
  bool refused = false;
};
Order order_of(const Value& left, const Value& right);

// A captured text becomes a plain string, everything else but ranges and loops is handed on. Those
// become texts.
cel::Value to_data(const Value& value);

// object.key, object["key"], object[0]. `command` says that the key was written with a dot, which
// alone allows size, first and last. nullopt when there is nothing under the key.
std::optional<Value> member(const Value& object, const Value& key, bool command);

}  // namespace nurtured::content::liquid
