#include "connectors/mime.h"

#include <algorithm>
#include <memory>
#include <new>
#include <optional>

#include "base/digest.h"
#include "base/encoding.h"
#include "connectors/gmime.h"

namespace nurtured::connectors {
namespace {

// RFC 5322 section 2.1.1: 998 characters in a line, the header's name among them.
constexpr std::size_t identifier_bytes_max = 900;

using base::fail;
using base::Result;

struct FreeDate {
  void operator()(GDateTime* date) const { g_date_time_unref(date); }
};
struct FreeFormat {
  void operator()(GMimeFormatOptions* options) const { g_mime_format_options_free(options); }
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
  constexpr std::string_view special{"\r\n\0", 3};
  while (!text.empty()) {
    const std::size_t run = std::min(text.find_first_of(special), text.size());
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    if (text.front() != '\0') out += "\r\n";
    text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

void set_content(GMimePart* part, std::string_view bytes) {
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeDataWrapper> content(
      g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
  g_mime_part_set_content(part, content.get());
}

Owned<GMimePart> text_part(const char* subtype, std::string_view text) {
  Owned<GMimePart> part(g_mime_part_new_with_type("text", subtype));
  g_mime_object_set_content_type_parameter(GMIME_OBJECT(part.get()), "charset", "utf-8");
  set_content(part.get(), crlf_lines(text));
  g_mime_part_set_content_encoding(part.get(), g_mime_part_get_best_content_encoding(
                                                   part.get(), GMIME_ENCODING_CONSTRAINT_7BIT));
  return part;
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

// Boundaries from the Message-ID, so that the same mail is the same bytes. RFC 2046 allows 70
// characters, and no encoding writes "=_", so none can stand inside a part.
std::string boundary(const Mail& mail, std::string_view level) {
  return "=_" + std::string(level) + "_" +
         base::to_hex(base::view(base::sha256(mail.message_id)).substr(0, 12));
}

Owned<GMimeMultipart> multipart(const char* subtype, const std::string& boundary) {
  Owned<GMimeMultipart> parts(g_mime_multipart_new_with_subtype(subtype));
  g_mime_multipart_set_boundary(parts.get(), boundary.c_str());
  return parts;
}

Owned<GMimeObject> build_body(const Mail& mail) {
  Owned<GMimeObject> body(GMIME_OBJECT(text_part("plain", mail.text).release()));
  if (!mail.html.empty()) {
    const Owned<GMimePart> html = text_part("html", mail.html);
    Owned<GMimeMultipart> both = multipart("alternative", boundary(mail, "alt"));
    g_mime_multipart_add(both.get(), body.get());
    g_mime_multipart_add(both.get(), GMIME_OBJECT(html.get()));
    body.reset(GMIME_OBJECT(both.release()));
  }
  if (!mail.attachments.empty()) {
    Owned<GMimeMultipart> mixed = multipart("mixed", boundary(mail, "mix"));
    g_mime_multipart_add(mixed.get(), body.get());
    for (const Attachment& attachment : mail.attachments) {
      const Owned<GMimePart> part = attachment_part(attachment);
      g_mime_multipart_add(mixed.get(), GMIME_OBJECT(part.get()));
    }
    body.reset(GMIME_OBJECT(mixed.release()));
  }
  return body;
}

void set_mailbox(GMimeMessage* message, GMimeAddressType type, const Mailbox& mailbox) {
  g_mime_message_add_mailbox(message, type, mailbox.name.empty() ? nullptr : mailbox.name.c_str(),
                             mailbox.address.c_str());
  InternetAddressList* const list = g_mime_message_get_addresses(message, type);
  internet_address_set_charset(internet_address_list_get_address(list, 0), "utf-8");
}

void append(GMimeMessage* message, const char* name, const std::string& value) {
  g_mime_object_append_header(GMIME_OBJECT(message), name, value.c_str(), "utf-8");
}

// As it stands. GMime takes headers that it does not know for prose and would break a long URL into
// encoded words, which no reader of List-Unsubscribe puts together again.
void append_raw(GMimeMessage* message, const char* name, const std::string& value) {
  append(message, name, "-");
  GMimeHeaderList* const headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
  GMimeHeader* const last =
      g_mime_header_list_get_header_at(headers, g_mime_header_list_get_count(headers) - 1);
  g_mime_header_set_raw_value(last, (" " + value + "\n").c_str());
}

void set_headers(GMimeMessage* message, const Mail& mail, const std::optional<Mailbox>& reply_to) {
  set_mailbox(message, GMIME_ADDRESS_TYPE_FROM, mail.from);
  set_mailbox(message, GMIME_ADDRESS_TYPE_TO, mail.to);
  if (reply_to) set_mailbox(message, GMIME_ADDRESS_TYPE_REPLY_TO, *reply_to);
  g_mime_message_set_subject(message, mail.subject.c_str(), "utf-8");
  const auto seconds = std::chrono::floor<std::chrono::seconds>(mail.date).time_since_epoch();
  const std::unique_ptr<GDateTime, FreeDate> date(g_date_time_new_from_unix_utc(seconds.count()));
  g_mime_message_set_date(message, date.get());
  g_mime_message_set_message_id(message, mail.message_id.c_str());
  if (!mail.list_id.empty()) append(message, "List-Id", mail.list_id);
  if (!mail.list_unsubscribe.empty()) {
    append_raw(message, "List-Unsubscribe", "<" + mail.list_unsubscribe + ">");
    if (mail.list_unsubscribe_post) {
      append_raw(message, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
  }
  if (!mail.feedback_id.empty()) append_raw(message, "Feedback-ID", mail.feedback_id);
  if (mail.auto_submitted) append_raw(message, "Auto-Submitted", "auto-generated");
}

std::string to_text(GMimeObject* object) {
  const std::unique_ptr<GMimeFormatOptions, FreeFormat> format(g_mime_format_options_new());
  g_mime_format_options_set_newline_format(format.get(), GMIME_NEWLINE_FORMAT_DOS);
  const Owned<GMimeStream> stream(g_mime_stream_mem_new());
  if (g_mime_object_write_to_stream(object, format.get(), stream.get()) < 0) throw std::bad_alloc();
  const GByteArray* const bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return {reinterpret_cast<const char*>(bytes->data), bytes->len};
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
  const Owned<GMimeMessage> message(g_mime_message_new(FALSE));
  set_headers(message.get(), mail, reply_to);
  const Owned<GMimeObject> body = build_body(mail);
  g_mime_message_set_mime_part(message.get(), body.get());
  return to_text(GMIME_OBJECT(message.get()));
}
}  // namespace nurtured::connectors
