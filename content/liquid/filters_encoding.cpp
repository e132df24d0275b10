// Filters between a text and its forms in HTML, URLs and base64.
#include <array>

#include "base/encoding.h"
#include "content/liquid/filters.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

Value text(std::string value) {
  return cel::Value(std::move(value));
}

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

// True when `text`, which begins with '&', is a named or decimal entity.
bool begins_with_entity(std::string_view text) {
  std::size_t i = 1;
  if (text.substr(1).starts_with('#')) {
    ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i > 2 && i < text.size() && text[i] == ';';
  }
  while (i < text.size() && is_word(text[i]) && !is_digit(text[i]) && text[i] != '_') ++i;
  return i > 1 && i < text.size() && text[i] == ';';
}

std::string escaped(std::string_view input, bool keep_entities) {
  std::string result;
  result.reserve(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::string_view entity = entity_of(input[i]);
    const bool kept = keep_entities && input[i] == '&' && begins_with_entity(input.substr(i));
    if (entity.empty() || kept) {
      result += input[i];
    } else {
      result += entity;
    }
  }
  return result;
}

Checked<Value> escape(const FilterInput& call) {
  if (is_nil(call.input)) return call.input;
  return text(escaped(to_text(call.input), false));
}

Checked<Value> escape_once(const FilterInput& call) {
  return text(escaped(to_text(call.input), true));
}

Checked<Value> url_encode(const FilterInput& call) {
  if (is_nil(call.input)) return call.input;
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : to_text(call.input)) {
    if (is_word(c) || c == '-' || c == '.' || c == '~') {
      encoded += c;
    } else if (c == ' ') {
      encoded += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return text(std::move(encoded));
}

// The value of a hexadecimal digit, -1 for another character.
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Checked<Value> url_decode(const FilterInput& call) {
  if (is_nil(call.input)) return call.input;
  const std::string input = to_text(call.input);
  std::string decoded;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const int high = input[i] == '%' && i + 2 < input.size() ? hex_value(input[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(input[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += input[i] == '+' ? ' ' : input[i];
    }
  }
  if (!base::is_utf8(decoded)) return fault("url_decode: the result is not UTF-8");
  return text(std::move(decoded));
}

Checked<Value> base64_encode(const FilterInput& call) {
  return text(base::to_base64(to_text(call.input)));
}

Checked<Value> base64_url_safe_encode(const FilterInput& call) {
  std::string encoded = base::to_base64(to_text(call.input));
  for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text(std::move(encoded));
}

Checked<Value> decoded_text(std::optional<std::string> decoded, std::string_view filter) {
  if (!decoded) return fault(std::string(filter) + ": the input is not base64");
  if (!base::is_utf8(*decoded)) return fault(std::string(filter) + ": the result is not UTF-8");
  return text(std::move(*decoded));
}

Checked<Value> base64_decode(const FilterInput& call) {
  const std::string input = to_text(call.input);
  const bool padded = input.size() % 4 == 0;
  return decoded_text(padded ? base::from_base64(input) : std::nullopt, "base64_decode");
}

Checked<Value> base64_url_safe_decode(const FilterInput& call) {
  std::string input = to_text(call.input);
  for (char& c : input) c = c == '-' ? '+' : c == '_' ? '/' : c;
  return decoded_text(base::from_base64(input), "base64_url_safe_decode");
}

struct MarkupPart {
  std::string_view begin;
  std::string_view end;
  bool is_gone = false;  // no end follows any more: looking again would take quadratic time
};

// Bytes of the markup at the front, 0 when there is none.
std::size_t markup_length(std::string_view text, std::span<MarkupPart> parts) {
  for (MarkupPart& part : parts) {
    if (part.is_gone || !text.starts_with(part.begin)) continue;
    const std::size_t end = text.find(part.end, part.begin.size());
    if (end != nowhere) return end + part.end.size();
    part.is_gone = true;
  }
  return 0;
}

Checked<Value> strip_html(const FilterInput& call) {
  std::array<MarkupPart, 4> parts = {
      {{"<script", "</script>"}, {"<!--", "-->"}, {"<style", "</style>"}, {"<", ">"}}};
  const std::string input = to_text(call.input);
  std::string stripped;
  for (std::size_t i = 0; i < input.size();) {
    const std::size_t length = markup_length(std::string_view(input).substr(i), parts);
    if (length == 0) {
      stripped += input[i++];
    } else {
      i += length;
    }
  }
  return text(std::move(stripped));
}

Checked<Value> newline_to_br(const FilterInput& call) {
  const std::string input = to_text(call.input);
  std::string result;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (input.compare(i, 2, "\r\n") == 0) continue;
    if (input[i] == '\n') {
      result += "<br />\n";
    } else {
      result += input[i];
    }
  }
  return text(std::move(result));
}

constexpr FilterEntry entries[] = {
    {"base64_decode", 0, 0, base64_decode},
    {"base64_encode", 0, 0, base64_encode},
    {"base64_url_safe_decode", 0, 0, base64_url_safe_decode},
    {"base64_url_safe_encode", 0, 0, base64_url_safe_encode},
    {"escape", 0, 0, escape},
    {"escape_once", 0, 0, escape_once},
    {"h", 0, 0, escape},
    {"newline_to_br", 0, 0, newline_to_br},
    {"strip_html", 0, 0, strip_html},
    {"url_decode", 0, 0, url_decode},
    {"url_encode", 0, 0, url_encode},
};

}  // namespace

std::span<const FilterEntry> encoding_filters() {
  return entries;
}

}  // namespace nurtured::content::liquid
