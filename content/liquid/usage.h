// What a template asks of the world, read off without rendering it: `check` warns of variables
// that may be missing, of `raw`, and of partials that are not there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace nurtured::content::liquid {

// One reading of a variable that the template did not itself assign.
struct VariableUse {
  // "contact.first_name"; an index that is known is written "tags[0]", one that is computed ends
  // the path.
  std::string path;
  base::Place place;
  bool has_default = false;     // a `default` filter follows
  bool is_raw = false;          // written unescaped by `raw`
  bool is_condition = false;    // only asked after: in `if`, `unless`, `case`, a loop's collection
  bool is_alternative = false;  // asked after beside another: in a condition with `or`
  // Handed to a partial, where it goes by that name; empty for any other.
  std::string partial = {};
  std::string parameter = {};

  bool operator==(const VariableUse&) const = default;
};

struct PartialUse {
  std::string name;  // empty when it is computed
  base::Place place;

  bool operator==(const PartialUse&) const = default;
};

struct FilterUse {
  std::string name;
  base::Place place;
  bool is_known = false;
  bool is_raw = false;                   // what it gives is written unescaped in the end
  std::optional<std::string> text = {};  // its first argument, where that is a text written out

  bool operator==(const FilterUse&) const = default;
};

// In the order of the text, repeats included.
struct Usage {
  std::vector<VariableUse> variables;
  std::vector<PartialUse> partials;
  std::vector<FilterUse> filters;
};

}  // namespace nurtured::content::liquid
