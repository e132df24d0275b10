// Decoding of compressed bodies (RFC 9110 section 8.4) with a bound on what comes out, so that a
// small body cannot fill the memory. Pure; uses zlib.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nurtured::http {

// More codings than this one after the other are refused: nobody sends them but to do harm.
inline constexpr std::size_t content_codings_max = 2;

// `body` as it was before the codings named in a Content-Encoding header ("gzip", "deflate",
// "identity", or a list of them in the order in which they were applied). "deflate" takes the zlib
// format and, as browsers do, the bare one. Several gzip members in a row are one body. Errors:
// `too_large` when more than `bytes_max` bytes would come out at any stage, `not_found` for an
// unknown coding, `invalid` for damaged or truncated data.
base::Result<std::string> decode_content(std::string_view body, std::string_view coding,
                                         std::size_t bytes_max);

// gzip, for requests of ours and for tests.
std::string gzip(std::string_view body);

}  // namespace nurtured::http
