// What a template asks of the world, read off without rendering it: `check` warns of variables
// that may be missing, of `raw`, and of partials that are not there.
#pragma once

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
  bool has_default = false;   // a `default` filter follows
  bool is_raw = false;        // written unescaped by `raw`
  bool is_condition = false;  // only asked after: in `if`, `unless`, `case`, a loop's collection

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

  bool operator==(const FilterUse&) const = default;
};

// In the order of the text, repeats included.
struct Usage {
  std::vector<VariableUse> variables;
  std::vector<PartialUse> partials;
  std::vector<FilterUse> filters;
};

}  // namespace nurtured::content::liquid
