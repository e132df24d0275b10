// multipart/form-data (RFC 7578): read as browsers and form services send it, the fields that hold
// text; and written, files included, for services that take uploads.
#pragma once

#include <span>
#include <string>
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

// One field of a form to be sent. Its views outlive the call.
struct FormField {
  std::string_view name;
  std::string_view value;
  std::string_view file_name = {};     // empty: a text
  std::string_view content_type = {};  // of a file, "image/png"; empty: none is named
};

struct MultipartBody {
  std::string content_type;  // with the boundary
  std::string body;
};

// `boundary` is of 1 to 70 letters and digits, and occurs in none of the values: random_bytes of
// base/digest.h in hexadecimal. Quotes and line ends in names become %22, %0D and %0A (HTML
// standard, "multipart/form-data encoding"); a content type that no header may hold is left out.
MultipartBody build_multipart(std::span<const FormField> fields, std::string_view boundary);

}  // namespace nurtured::http
