#include "connectors/mime.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>

#include "base/digest.h"
#include "base/encoding.h"
#include "connectors/gmime.h"

namespace nurtured::connectors {
namespace {

// RFC 5322 section 2.1.1: characters in a line, a header's name among them.
constexpr std::size_t line_bytes_max = 998;
constexpr std::size_t identifier_bytes_max = 900;
// Room for the headers without growing; more may come.
constexpr std::size_t head_bytes_expected = 1024;

using base::fail;
using base::Result;

struct FreeDate {
  void operator()(GDateTime* date) const { g_date_time_unref(date); }
};
struct FreeFormat {
  void operator()(GMimeFormatOptions* options) const { g_mime_format_options_free(options); }
};
using Format = std::unique_ptr<GMimeFormatOptions, FreeFormat>;
struct FreeString {
  void operator()(GString* text) const { g_string_free(text, TRUE); }
};
struct FreeText {
  void operator()(char* text) const { g_free(text); }
};

bool is_header_text(std::string_view text) {
  return base::is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return (byte < 0x20 && byte != '\t') || byte == 0x7f;
         });
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f;
  });
}

// dot-atom of RFC 5322 section 3.2.3. Quoted local parts exist in the grammar and nowhere else.
bool is_local_part(std::string_view text) {
  if (text.empty() || text.size() > local_part_bytes_max) return false;
  if (text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos) {
    return false;
  }
  return is_visible_ascii(text) && text.find_first_of("()<>[]:;@\\,\"") == std::string_view::npos;
}

bool is_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && text.size() <= address_bytes_max &&
         is_local_part(text.substr(0, at)) && is_domain_name(text.substr(at + 1));
}

// RFC 2045 section 5.1.
bool is_token(std::string_view text) {
  return !text.empty() && is_visible_ascii(text) &&
         text.find_first_of("()<>@,;:\\\"/[]?=") == std::string_view::npos;
}

// Two tokens with a slash between them: parameters have fields of their own.
bool is_content_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && is_token(text.substr(0, slash)) &&
         is_token(text.substr(slash + 1));
}

// Text as RFC 2046 section 4.1.1 has it: every line ends in CRLF, the last one too.
std::string crlf_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16 + 2);
  const auto is_special = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  while (!text.empty()) {
    const auto run =
        static_cast<std::size_t>(std::ranges::find_if(text, is_special) - text.begin());
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    if (text.front() != '\0') out += "\r\n";
    text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

void append_line(std::string& out, std::initializer_list<std::string_view> pieces) {
  for (const std::string_view piece : pieces) out += piece;
  out += "\r\n";
}

// ---- how a text travels (RFC 2045, section 6)

constexpr std::size_t encoded_row_max = 76;

enum class TransferEncoding { seven_bit, quoted_printable, base64 };

// Of text in CRLF lines. Past a sixth of bytes that are no ASCII base64 is shorter.
TransferEncoding encoding_for(std::string_view text) {
  const auto foreign = static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return static_cast<signed char>(c) < 0; }));
  if (foreign > text.size() / 6) return TransferEncoding::base64;
  if (foreign > 0) return TransferEncoding::quoted_printable;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end - begin > line_bytes_max + 1) return TransferEncoding::quoted_printable;
    begin = end + 1;
  }
  return TransferEncoding::seven_bit;
}

// One line without its end. A blank there would get lost on the way, so it is encoded.
void append_quoted_printable(std::string& out, std::string_view line) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const bool blank_end = line.ends_with(' ') || line.ends_with('\t');
  const std::size_t plain_end = line.size() - (blank_end ? 1 : 0);
  const auto is_plain = [&](std::size_t i) {
    return i < plain_end &&
           ((line[i] >= ' ' && line[i] <= '~' && line[i] != '=') || line[i] == '\t');
  };
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t end = i;
    const std::size_t row_end = i + encoded_row_max - 1 - column;
    while (end < row_end && is_plain(end)) ++end;
    out.append(line.substr(i, end - i));
    column += end - i;
    i = end;
    if (i == line.size()) break;
    const std::size_t width = is_plain(i) ? 1 : 3;
    const std::size_t soft_break = i + 1 < line.size() ? 1 : 0;
    if (column + width + soft_break > encoded_row_max) {
      out += "=\r\n";
      column = 0;
    } else {
      const auto byte = static_cast<unsigned char>(line[i]);
      if (width == 1) {
        out += line[i];
      } else {
        out += {'=', digits[byte >> 4], digits[byte & 15]};
      }
      column += width;
      ++i;
    }
  }
}

void append_quoted_lines(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    append_quoted_printable(out, text.substr(0, end));
    out += "\r\n";
    text.remove_prefix(end + 2);
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  const std::string encoded = base::to_base64(bytes);
  for (std::size_t begin = 0; begin < encoded.size(); begin += encoded_row_max) {
    append_line(out, {std::string_view(encoded).substr(begin, encoded_row_max)});
  }
}

// From its first header on.
void append_text_part(std::string& out, std::string_view subtype, std::string_view text) {
  const std::string lines = crlf_lines(text);
  append_line(out, {"Content-Type: text/", subtype, "; charset=utf-8"});
  switch (encoding_for(lines)) {
    case TransferEncoding::seven_bit:
      append_line(out, {"Content-Transfer-Encoding: 7bit\r\n"});
      out += lines;
      break;
    case TransferEncoding::quoted_printable:
      append_line(out, {"Content-Transfer-Encoding: quoted-printable\r\n"});
      append_quoted_lines(out, lines);
      break;
    case TransferEncoding::base64:
      append_line(out, {"Content-Transfer-Encoding: base64\r\n"});
      append_base64(out, lines);
      break;
  }
}

// ---- attachments, whose parameters RFC 2231 encodes

void set_content(GMimePart* part, std::string_view bytes) {
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeDataWrapper> content(
      g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
  g_mime_part_set_content(part, content.get());
}

// GMime would otherwise pick the smallest charset that fits, and not every reader knows them all.
void use_utf8(GMimeParamList* parameters) {
  for (int i = 0; i < g_mime_param_list_length(parameters); ++i) {
    g_mime_param_set_charset(g_mime_param_list_get_parameter_at(parameters, i), "utf-8");
  }
}

Owned<GMimePart> attachment_part(const Attachment& attachment) {
  const std::size_t slash = attachment.content_type.find('/');
  Owned<GMimePart> part(
      g_mime_part_new_with_type(attachment.content_type.substr(0, slash).c_str(),
                                attachment.content_type.substr(slash + 1).c_str()));
  set_content(part.get(), attachment.bytes);
  g_mime_part_set_content_encoding(part.get(), GMIME_CONTENT_ENCODING_BASE64);
  GMimeObject* const object = GMIME_OBJECT(part.get());
  g_mime_object_set_disposition(object, GMIME_DISPOSITION_ATTACHMENT);
  g_mime_part_set_filename(part.get(), attachment.name.c_str());
  if (!attachment.charset.empty()) {
    g_mime_object_set_content_type_parameter(object, "charset", attachment.charset.c_str());
  }
  use_utf8(
      g_mime_content_disposition_get_parameters(g_mime_object_get_content_disposition(object)));
  use_utf8(g_mime_content_type_get_parameters(g_mime_object_get_content_type(object)));
  return part;
}

Format crlf_format() {
  Format format(g_mime_format_options_new());
  g_mime_format_options_set_newline_format(format.get(), GMIME_NEWLINE_FORMAT_DOS);
  return format;
}

// What `write` writes to the stream that it is given.
std::string written(auto write) {
  const Owned<GMimeStream> stream(g_mime_stream_mem_new());
  if (write(crlf_format().get(), stream.get()) < 0) throw std::bad_alloc();
  const GByteArray* const bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return {reinterpret_cast<const char*>(bytes->data), bytes->len};
}

void append_attachment(std::string& out, const Attachment& attachment) {
  const Owned<GMimePart> part = attachment_part(attachment);
  out += written([&](GMimeFormatOptions* format, GMimeStream* stream) {
    return g_mime_object_write_to_stream(GMIME_OBJECT(part.get()), format, stream);
  });
}

// ---- the body

// Boundaries from the Message-ID, so that the same mail is the same bytes. RFC 2046 allows 70
// characters, and no encoding writes "=_", so none can stand inside a part.
std::string boundary(const Mail& mail, std::string_view level) {
  return "=_" + std::string(level) + "_" +
         base::to_hex(base::view(base::sha256(mail.message_id)).substr(0, 12));
}

void append_multipart_head(std::string& out, std::string_view subtype, std::string_view boundary) {
  append_line(out, {"Content-Type: multipart/", subtype, "; boundary=\"", boundary, "\"\r\n"});
}

// The line break before a boundary belongs to it (RFC 2046, section 5.1.1).
void append_boundary_after_part(std::string& out, std::string_view boundary, bool is_last) {
  append_line(out, {"\r\n--", boundary, is_last ? "--" : ""});
}

// The text, and the HTML beside it, from their first header on.
void append_wording(std::string& out, const Mail& mail) {
  if (mail.html.empty()) return append_text_part(out, "plain", mail.text);
  const std::string between = boundary(mail, "alt");
  append_multipart_head(out, "alternative", between);
  append_line(out, {"--", between});
  append_text_part(out, "plain", mail.text);
  append_boundary_after_part(out, between, false);
  append_text_part(out, "html", mail.html);
  append_boundary_after_part(out, between, true);
}

void append_body(std::string& out, const Mail& mail) {
  if (mail.attachments.empty()) return append_wording(out, mail);
  const std::string between = boundary(mail, "mix");
  append_multipart_head(out, "mixed", between);
  append_line(out, {"--", between});
  append_wording(out, mail);
  for (const Attachment& attachment : mail.attachments) {
    append_boundary_after_part(out, between, false);
    append_attachment(out, attachment);
  }
  append_boundary_after_part(out, between, true);
}

// ---- the headers

// Printable ASCII that fits its line and that nobody takes for an encoded word: it stands as it is.
bool needs_no_encoding(std::string_view name, std::string_view value) {
  constexpr std::size_t row_max = 76;
  return name.size() + 2 + value.size() <= row_max && !value.empty() && value.front() != ' ' &&
         value.back() != ' ' && value.find("=?") == std::string_view::npos &&
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

// Prose: encoded words (RFC 2047) and folds where they are needed.
void append_prose(std::string& out, const char* name, const std::string& value) {
  if (needs_no_encoding(name, value)) return append_line(out, {name, ": ", value});
  const Owned<GMimeHeaderList> headers(g_mime_header_list_new(nullptr));
  g_mime_header_list_append(headers.get(), name, value.c_str(), "utf-8");
  out += written([&](GMimeFormatOptions* format, GMimeStream* stream) {
    return g_mime_header_list_write_to_stream(headers.get(), format, stream);
  });
}

void append_mailbox(std::string& out, const char* name, const Mailbox& mailbox) {
  if (mailbox.name.empty()) return append_line(out, {name, ": ", mailbox.address});
  const Owned<InternetAddressList> list(internet_address_list_new());
  const Owned<InternetAddress> address(
      internet_address_mailbox_new(mailbox.name.c_str(), mailbox.address.c_str()));
  internet_address_set_charset(address.get(), "utf-8");
  internet_address_list_add(list.get(), address.get());
  const std::unique_ptr<GString, FreeString> line(g_string_new(name));
  g_string_append(line.get(), ": ");
  internet_address_list_encode(list.get(), crlf_format().get(), line.get());
  out.append(line->str, line->len);
}

void append_date(std::string& out, base::Instant date) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(date).time_since_epoch();
  const std::unique_ptr<GDateTime, FreeDate> moment(g_date_time_new_from_unix_utc(seconds.count()));
  const std::unique_ptr<char, FreeText> text(g_mime_utils_header_format_date(moment.get()));
  append_line(out, {"Date: ", text.get()});
}

void append_headers(std::string& out, const Mail& mail, const std::optional<Mailbox>& reply_to) {
  append_mailbox(out, "From", mail.from);
  append_mailbox(out, "To", mail.to);
  if (reply_to) append_mailbox(out, "Reply-To", *reply_to);
  append_prose(out, "Subject", mail.subject);
  append_date(out, mail.date);
  append_line(out, {"Message-Id: <", mail.message_id, ">"});
  if (!mail.list_id.empty()) append_prose(out, "List-Id", mail.list_id);
  // Never folded nor encoded: no reader of List-Unsubscribe puts such a URL together again.
  if (!mail.list_unsubscribe.empty()) {
    append_line(out, {"List-Unsubscribe: <", mail.list_unsubscribe, ">"});
    if (mail.list_unsubscribe_post) {
      append_line(out, {"List-Unsubscribe-Post: List-Unsubscribe=One-Click"});
    }
  }
  if (!mail.feedback_id.empty()) append_line(out, {"Feedback-ID: ", mail.feedback_id});
  if (mail.auto_submitted) append_line(out, {"Auto-Submitted: auto-generated"});
  append_line(out, {"MIME-Version: 1.0"});
}

Result<void> judge(const Mail& mail) {
  for (const std::string* text :
       {&mail.from.name, &mail.to.name, &mail.reply_to, &mail.subject, &mail.list_id}) {
    if (!is_header_text(*text)) {
      return fail("a header of the mail holds a line break, a control character or broken UTF-8");
    }
  }
  if (!is_address(mail.from.address) || !is_address(mail.to.address)) {
    return fail("the mail's sender or receiver has no valid address");
  }
  for (const std::string* text : {&mail.message_id, &mail.list_unsubscribe, &mail.feedback_id}) {
    if (!is_visible_ascii(*text) || text->find_first_of("<>") != std::string::npos) {
      return fail("an identifier of the mail holds characters that headers must not hold");
    }
  }
  for (const Attachment& attachment : mail.attachments) {
    if (!is_header_text(attachment.name) || !is_content_type(attachment.content_type) ||
        !(attachment.charset.empty() || is_token(attachment.charset))) {
      return fail("an attachment's name or type cannot stand in a header");
    }
  }
  if (mail.message_id.empty()) return fail("the mail has no Message-ID");
  const std::size_t longest =
      std::max({mail.message_id.size(), mail.list_unsubscribe.size(), mail.feedback_id.size()});
  if (longest > identifier_bytes_max) {
    return fail(base::ErrorKind::too_large, "an identifier of the mail is too long for one line");
  }
  return {};
}

}  // namespace

bool is_domain_name(std::string_view text) {
  if (text.empty() || text.size() > domain_bytes_max) return false;
  if (text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

Result<Mailbox> parse_mailbox(std::string_view text) {
  if (text.size() > mailbox_bytes_max || !is_header_text(text)) {
    return fail("this is no e-mail address", "write name@example.org");
  }
  use_gmime();
  const std::string copy(text);
  const Owned<InternetAddressList> list(internet_address_list_parse(nullptr, copy.c_str()));
  InternetAddress* const first = list && internet_address_list_length(list.get()) == 1
                                     ? internet_address_list_get_address(list.get(), 0)
                                     : nullptr;
  if (first == nullptr || !INTERNET_ADDRESS_IS_MAILBOX(first)) {
    return fail("this is not one e-mail address", "write name@example.org");
  }
  // The library reads leniently; what it passed over to find an address is refused.
  const char* const raw = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
  const std::string plain = raw == nullptr ? "" : raw;
  const bool bare = text == plain;
  const bool named = text.ends_with("<" + plain + ">") &&
                     (text.find(':') == std::string_view::npos || text.starts_with('"'));
  if (!bare && !named) {
    return fail("this is not one e-mail address", "write name@example.org");
  }
  const char* const name = internet_address_get_name(first);
  // An international domain comes back in its xn-- form.
  const char* const found = internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(first));
  const std::string_view address = found == nullptr ? std::string_view() : found;
  if (!is_address(address)) {
    return fail("this is no e-mail address that can be written to", "write name@example.org");
  }
  Mailbox mailbox{name == nullptr ? "" : name, std::string(address)};
  if (!is_header_text(mailbox.name))
    return fail("the name at the address holds control characters");
  return mailbox;
}

Result<std::string> build_mime(const Mail& mail) {
  if (auto judged = judge(mail); !judged) return fail(std::move(judged.error()));
  std::optional<Mailbox> reply_to;
  if (!mail.reply_to.empty()) {
    auto parsed = parse_mailbox(mail.reply_to);
    if (!parsed) return fail(std::move(parsed.error()));
    reply_to = std::move(*parsed);
  }
  use_gmime();
  std::string bytes;
  bytes.reserve((mail.text.size() + mail.html.size()) * 3 / 2 + head_bytes_expected);
  append_headers(bytes, mail, reply_to);
  append_body(bytes, mail);
  return bytes;
}
}  // namespace nurtured::connectors
