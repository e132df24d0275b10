// CEL source to its syntax tree: the grammar of langdef.md with the optional syntax (.?field,
// [?index], [?item]) and the macros. Internal to rules/cel.
#pragma once

#include <string_view>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

// `too_large` beyond a limit, `invalid` for text that is no expression; the place is in `source`.
base::Result<ExpressionPtr> parse(std::string_view source, const Limits& limits);

}  // namespace nurtured::cel
