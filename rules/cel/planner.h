// A resolved syntax tree to the operations that compute it. Internal to rules/cel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/operation.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

// The field of an object variable that the Scope answers without the whole; nullopt for any other
// operand.
std::optional<ObjectField> object_field(const Environment& environment, const Expression& operand,
                                        const std::string& field);

// Fails only for a literal pattern of matches() that is no regular expression, in a checked
// environment.
base::Result<OperationPtr> plan(const Expression& expression, std::string_view source,
                                const Environment& environment);

}  // namespace nurtured::cel
