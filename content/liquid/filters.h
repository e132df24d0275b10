// The filters: what each takes, and the table by which the parser finds them. A filter is a pure
// function of its input, its arguments and the settings of the rendering. To add one: write it in
// the file of its group and add a line to that file's table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "base/error.h"
#include "content/liquid/value.h"

namespace nurtured::content::liquid {

// What went wrong in an expression, yet without its place.
struct Fault {
  base::ErrorKind kind = base::ErrorKind::invalid;
  std::string message;
};

template <class T>
using Checked = tl::expected<T, Fault>;

inline tl::unexpected<Fault> fault(std::string message) {
  return tl::unexpected<Fault>(Fault{.message = std::move(message)});
}
inline tl::unexpected<Fault> limit_fault(std::string message) {
  return tl::unexpected<Fault>(
      Fault{.kind = base::ErrorKind::too_large, .message = std::move(message)});
}

// The work that a rendering may still do. Filters charge what they visit before they do so.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}

  bool take_steps(std::size_t count) {
    if (count > limits_.steps_max - steps_) return false;
    steps_ += count;
    return true;
  }
  bool take_output(std::size_t bytes) {
    if (bytes > limits_.output_bytes_max - output_bytes_) return false;
    output_bytes_ += bytes;
    return true;
  }
  const Limits& limits() const { return limits_; }

 private:
  Limits limits_;
  std::size_t steps_ = 0;
  std::size_t output_bytes_ = 0;
};

tl::unexpected<Fault> steps_fault(const Limits& limits);
tl::unexpected<Fault> string_fault(const Limits& limits);

struct FilterInput {
  const Value& input;
  std::span<const Value> arguments;
  std::span<const std::pair<std::string_view, Value>> named;
  const RenderOptions& options;
  Budget& budget;
};

using FilterFunction = Checked<Value> (*)(const FilterInput&);

struct FilterEntry {
  std::string_view name;
  std::size_t arguments_min = 0;
  std::size_t arguments_max = 0;  // named arguments count as one together
  FilterFunction function = nullptr;
  // Reads `named`. The others are given named arguments as a map, their last argument.
  bool has_options = false;
};

// The argument's text, or `otherwise` where it is not given.
std::string text_argument(const FilterInput& call, std::size_t index,
                          std::string_view otherwise = {});

// The code of ISO 4217 that `money` is given, in capitals; a fault for what can be none.
Checked<std::string> currency_of(std::string_view text);

// nullptr when there is none of this name.
const FilterEntry* find_filter(std::string_view name);
std::vector<std::string> filter_names();

// The tables of the groups.
std::span<const FilterEntry> text_filters();
std::span<const FilterEntry> encoding_filters();
std::span<const FilterEntry> number_filters();
std::span<const FilterEntry> list_filters();
std::span<const FilterEntry> selection_filters();
std::span<const FilterEntry> date_filters();
std::span<const FilterEntry> locale_filters();

// Ruby's Integer(text): the argument of slice, truncate, limit and the like.
Checked<std::int64_t> strict_integer(const Value& value);

// What a list filter walks: a list with the lists in it flattened, the members of a range, one map
// or one other value as the only item, nothing for nil.
Checked<cel::List> items_of(const Value& value, Budget& budget);

}  // namespace nurtured::content::liquid
