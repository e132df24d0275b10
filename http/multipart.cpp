#include "http/multipart.h"

#include <optional>
#include <string>

#include "base/encoding.h"
#include "http/headers.h"

namespace nurtured::http {
namespace {

constexpr std::size_t boundary_bytes_max = 70;  // RFC 2046 section 5.1.1

// The value of a parameter of "form-data; name=\"a\"; filename=\"b\"". In quotes browsers write a
// quote as %22 and line ends as %0D%0A (HTML standard, "multipart/form-data encoding"); a backslash
// escapes as in RFC 9110 section 5.6.4, but for names of files with folders before them.
std::optional<std::string> parameter(std::string_view header, std::string_view wanted) {
  std::size_t at = header.find(';');
  while (at != std::string_view::npos) {
    header.remove_prefix(at + 1);
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const bool is_wanted = equal_ignoring_case(base::trimmed(header.substr(0, equals)), wanted);
    header.remove_prefix(equals + 1);
    std::string value;
    header = base::trimmed(header);
    if (header.starts_with('"')) {
      std::size_t i = 1;
      for (; i < header.size() && header[i] != '"'; ++i) {
        const bool escapes = header[i] == '\\' && i + 1 < header.size() &&
                             (header[i + 1] == '"' || header[i + 1] == '\\');
        value += escapes ? header[++i] : header[i];
      }
      if (i >= header.size()) return std::nullopt;
      header.remove_prefix(i + 1);
    } else {
      value = std::string(base::trimmed(header.substr(0, header.find(';'))));
    }
    if (is_wanted) return value;
    at = header.find(';');
  }
  return std::nullopt;
}

tl::unexpected<base::Error> unreadable(const char* why) {
  return base::fail(base::ErrorKind::invalid, std::string("the form cannot be read: ") + why);
}

// One part without its delimiters. nullopt where it has no name, which RFC 7578 does not allow.
base::Result<std::optional<Parameter>> read_part(std::string_view part) {
  const std::size_t end = part.find("\r\n\r\n");
  // A part without headers begins with its blank line.
  const bool has_none = part.starts_with("\r\n");
  if (!has_none && end == std::string_view::npos) return unreadable("a part has no end of headers");
  std::string_view headers = has_none ? std::string_view() : part.substr(0, end);
  if (headers.size() > multipart_header_bytes_max) {
    return base::fail(base::ErrorKind::too_large, "a part of the form has too long headers");
  }
  const std::string_view value = part.substr(has_none ? 2 : end + 4);
  while (!headers.empty()) {
    const std::string_view line = headers.substr(0, headers.find("\r\n"));
    headers.remove_prefix(std::min(headers.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos ||
        !equal_ignoring_case(base::trimmed(line.substr(0, colon)), "Content-Disposition")) {
      continue;
    }
    auto name = parameter(line.substr(colon + 1), "name");
    if (!name) break;
    auto file = parameter(line.substr(colon + 1), "filename");
    return Parameter{.name = *std::move(name),
                     .value = file ? *std::move(file) : std::string(value)};
  }
  return std::optional<Parameter>();
}

// A name in quotes.
std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    switch (c) {
      case '"':
        out += "%22";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

}  // namespace

base::Result<Parameters> parse_multipart(std::string_view content_type, std::string_view body) {
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > boundary_bytes_max) {
    return unreadable("it has no boundary");
  }
  const std::string delimiter = "\r\n--" + *boundary;
  // What stands before the first delimiter is none of it (RFC 2046 section 5.1.1).
  std::size_t at = 0;
  if (!body.starts_with(std::string_view(delimiter).substr(2))) {
    at = body.find(delimiter);
    if (at == std::string_view::npos) return unreadable("its boundary does not occur");
    at += 2;
  }
  Parameters out;
  for (;;) {
    body.remove_prefix(at + delimiter.size() - 2);
    if (body.starts_with("--")) return out;
    const std::size_t line = body.find_first_not_of(" \t");
    if (line == std::string_view::npos || !body.substr(line).starts_with("\r\n")) {
      return unreadable("a delimiter is not a line of its own");
    }
    body.remove_prefix(line + 2);
    // An empty part's delimiter follows at once.
    const std::size_t end =
        body.starts_with(std::string_view(delimiter).substr(2)) ? 0 : body.find(delimiter);
    if (end == std::string_view::npos) return unreadable("it breaks off");
    auto part = read_part(end == 0 ? std::string_view("\r\n") : body.substr(0, end));
    if (!part) return base::fail(part.error());
    if (*part) out.push_back(**std::move(part));
    if (out.size() > multipart_parts_max) {
      return base::fail(base::ErrorKind::too_large, "the form has too many fields");
    }
    at = end == 0 ? 0 : end + 2;
  }
}

MultipartBody build_multipart(std::span<const FormField> fields, std::string_view boundary) {
  MultipartBody out{.content_type = "multipart/form-data; boundary=" + std::string(boundary)};
  std::size_t bytes = 0;
  for (const FormField& field : fields) bytes += field.value.size() + field.name.size() + 256;
  out.body.reserve(bytes);
  for (const FormField& field : fields) {
    out.body.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=");
    out.body.append(quoted(field.name));
    if (!field.file_name.empty()) {
      out.body.append("; filename=").append(quoted(field.file_name));
      if (!field.content_type.empty() && is_header_value(field.content_type)) {
        out.body.append("\r\nContent-Type: ").append(field.content_type);
      }
    }
    out.body.append("\r\n\r\n").append(field.value).append("\r\n");
  }
  out.body.append("--").append(boundary).append("--\r\n");
  return out;
}

}  // namespace nurtured::http
