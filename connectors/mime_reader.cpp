#include "connectors/mime_reader.h"

#include "base/encoding.h"
#include "connectors/gmime.h"

namespace nurtured::connectors {
namespace {

struct FreeText {
  void operator()(char* text) const { g_free(text); }
};
struct FreeOptions {
  void operator()(GMimeParserOptions* options) const { g_mime_parser_options_free(options); }
};
using Text = std::unique_ptr<char, FreeText>;

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

// Broken UTF-8 becomes question marks, so that what is kept can be shown.
std::string as_utf8(std::string text) {
  if (base::is_utf8(text)) return text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

bool is_within_limits(std::string_view bytes) {
  std::size_t boundaries = 0;
  std::size_t messages = 0;
  while (!bytes.empty()) {
    const std::string_view line = take_line(bytes);
    if (line.starts_with("--") && ++boundaries > boundary_lines_max) return false;
    // The type may stand on a folded line of its own.
    if (line.size() < 200 && ascii_lower(line).find("message/") != std::string::npos &&
        ++messages > message_parts_max) {
      return false;
    }
  }
  return true;
}

MailFields headers_of(GMimeObject* object) {
  MailFields headers;
  GMimeHeaderList* const list = g_mime_object_get_header_list(object);
  const int count = g_mime_header_list_get_count(list);
  for (int i = 0; i < count && headers.fields.size() < fields_max; ++i) {
    GMimeHeader* const header = g_mime_header_list_get_header_at(list, i);
    const std::string value = as_utf8(text_or_empty(g_mime_header_get_value(header)));
    headers.fields.push_back({ascii_lower(text_or_empty(g_mime_header_get_name(header))),
                              std::string(base::trimmed(value))});
  }
  return headers;
}

std::string bytes_of(GMimePart* part) {
  GMimeDataWrapper* const content = g_mime_part_get_content(part);
  if (content == nullptr) return {};
  const Owned<GMimeStream> stream(g_mime_stream_mem_new());
  if (g_mime_data_wrapper_write_to_stream(content, stream.get()) < 0) return {};
  const GByteArray* const bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return {reinterpret_cast<const char*>(bytes->data), bytes->len};
}

std::string type_of(GMimeObject* object) {
  GMimeContentType* const type = g_mime_object_get_content_type(object);
  return ascii_lower(text_or_empty(g_mime_content_type_get_media_type(type))) + "/" +
         ascii_lower(text_or_empty(g_mime_content_type_get_media_subtype(type)));
}

void flatten(GMimeObject* object, std::size_t depth, std::vector<InboundPart>& parts) {
  if (object == nullptr || depth > parts_depth_max || parts.size() >= parts_max) return;
  if (GMIME_IS_MULTIPART(object)) {
    GMimeMultipart* const multipart = GMIME_MULTIPART(object);
    const int count = g_mime_multipart_get_count(multipart);
    for (int i = 0; i < count; ++i) {
      flatten(g_mime_multipart_get_part(multipart, i), depth + 1, parts);
    }
  } else if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* const inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    if (inner == nullptr) return;
    const Text headers(g_mime_object_get_headers(GMIME_OBJECT(inner), nullptr));
    parts.push_back({type_of(object), as_utf8(text_or_empty(headers.get()))});
  } else if (GMIME_IS_TEXT_PART(object)) {
    const Text text(g_mime_text_part_get_text(GMIME_TEXT_PART(object)));
    parts.push_back({type_of(object), as_utf8(text_or_empty(text.get()))});
  } else if (GMIME_IS_PART(object)) {
    parts.push_back({type_of(object), bytes_of(GMIME_PART(object))});
  }
}

}  // namespace

std::optional<ReadMail> read_mail(std::string_view bytes) {
  bytes = bytes.substr(0, inbound_bytes_max);
  if (!is_within_limits(bytes)) return std::nullopt;
  use_gmime();
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const std::unique_ptr<GMimeParserOptions, FreeOptions> options(g_mime_parser_options_new());
  const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), options.get()));
  if (!message) return std::nullopt;
  ReadMail mail{.headers = headers_of(GMIME_OBJECT(message.get()))};
  GMimeObject* const body = g_mime_message_get_mime_part(message.get());
  if (body != nullptr) {
    mail.type = type_of(body);
    const char* const report = g_mime_object_get_content_type_parameter(body, "report-type");
    mail.report_type = ascii_lower(text_or_empty(report));
    flatten(body, 0, mail.parts);
  }
  // GMime counts the body's headers (Content-Type) among those of the body.
  if (mail.headers.fields.empty() && mail.parts.empty()) return std::nullopt;
  return mail;
}

}  // namespace nurtured::connectors
