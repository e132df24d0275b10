// multipart/form-data (RFC 7578), as browsers and form services send it: the fields that hold text.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/url.h"

namespace nurtured::http {

inline constexpr std::size_t multipart_parts_max = 1000;
inline constexpr std::size_t multipart_header_bytes_max = 4096;  // of one part

// The pairs in their order; of a file that was sent along only its name, under the field's name.
// Values are bytes and may hold anything: check them where they are used. `invalid` for a body that
// is not of this form, `too_large` past a limit.
base::Result<Parameters> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace nurtured::http
