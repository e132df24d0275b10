// What is said of YAML that cannot be read: mostly an expression that should have been quoted, of
// which the parser's own words tell nothing. Inside config/ only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nurtured::config {

// What YAML gives a meaning of its own at the beginning of an unquoted text, and is refused here.
struct RefusedSign {
  char sign;
  std::string_view message;
  std::string_view remedy;
};
// `sign` is one of ! & * > |.
const RefusedSign& refused_sign(char sign);

// The offset just after a quoted scalar that opens at `offset`; npos when it is never closed.
std::size_t end_of_quoted(std::string_view text, std::size_t offset);

struct YamlFault {
  std::size_t offset = 0;  // in bytes, where it stands
  std::string message;
  std::string remedy;
};
// The parser stopped at `offset` of `text`, and said `theirs`.
YamlFault explain_fault(std::string_view text, std::size_t offset, const std::string& theirs);

}  // namespace nurtured::config
