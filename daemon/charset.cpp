#include "daemon/charset.h"

#include <algorithm>
#include <array>
#include <utility>

#include <unicode/ucnv.h>

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

Converter open_converter(const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  Converter converter(ucnv_open(name.c_str(), &status));
  return U_FAILURE(status) == 0 ? std::move(converter) : nullptr;
}

// UTF-16 without a mark: of Latin and Cyrillic text, every other byte is nearly always 0 or 4.
std::optional<std::string> recognise_utf16(std::string_view text) {
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < text.size(); ++i) zeros[i % 2] += text[i] == '\0' ? 1U : 0U;
  const std::size_t pairs = text.size() / 2;
  if (pairs == 0) return std::nullopt;
  if (zeros[1] * 10 > pairs && zeros[0] * 100 < pairs) return "UTF-16LE";
  if (zeros[0] * 10 > pairs && zeros[1] * 100 < pairs) return "UTF-16BE";
  return std::nullopt;
}

// Russian in windows-1251 has nearly all its bytes beyond ASCII at 0xC0 to 0xFF, the small letters
// in the upper half. In KOI8-R, the other one that is met, the small letters are in the lower half,
// and small ones are many times as frequent. Words of western languages have such bytes one by one.
bool looks_like_windows_1251(std::string_view text) {
  std::size_t beyond = 0;
  std::size_t small = 0;
  std::size_t capital = 0;
  std::size_t in_words = 0;
  const auto is_letter = [](unsigned char c) { return c >= 0xc0 || c == 0xb8 || c == 0xa8; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) continue;
    ++beyond;
    if (!is_letter(c)) continue;
    (c >= 0xe0 || c == 0xb8 ? small : capital) += 1U;
    const bool after = i > 0 && is_letter(static_cast<unsigned char>(text[i - 1]));
    const bool before = i + 1 < text.size() && is_letter(static_cast<unsigned char>(text[i + 1]));
    if (after || before) ++in_words;
  }
  return beyond > 0 && (small + capital) * 10 >= beyond * 9 && small * 3 > capital &&
         in_words * 10 >= beyond * 8;
}

}  // namespace

struct CharsetDecoder::State {
  Converter from;
  Converter utf8;
};

CharsetDecoder::CharsetDecoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
CharsetDecoder::~CharsetDecoder() = default;
CharsetDecoder::CharsetDecoder(CharsetDecoder&&) noexcept = default;
CharsetDecoder& CharsetDecoder::operator=(CharsetDecoder&&) noexcept = default;

Result<CharsetDecoder> CharsetDecoder::open(std::string_view name) {
  const std::string text(name);
  // A name that ICU reads as a path or an option of its own is none of a charset.
  const bool is_plain = !text.empty() && text.size() <= charset_name_bytes_max &&
                        std::ranges::all_of(text, [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                                 c == ':';
                        });
  auto state = std::make_unique<State>();
  if (is_plain) state->from = open_converter(text);
  if (!state->from) {
    return base::fail(ErrorKind::not_found,
                      "there is no charset " + text.substr(0, charset_name_bytes_max),
                      "write utf-8, utf-16le or windows-1251, say");
  }
  state->utf8 = open_converter("UTF-8");
  if (!state->utf8) return base::fail(ErrorKind::internal, "ICU has no UTF-8");
  return CharsetDecoder(std::move(state));
}

std::string CharsetDecoder::decode(std::string_view bytes, bool is_last) {
  std::string out;
  std::array<UChar, 4096> units;
  std::array<char, 4 * units.size()> encoded;
  const char* source = bytes.data();
  const char* const end = source + bytes.size();
  for (;;) {
    UChar* unit = units.data();
    UErrorCode status = U_ZERO_ERROR;
    ucnv_toUnicode(state_->from.get(), &unit, units.data() + units.size(), &source, end, nullptr,
                   is_last ? 1 : 0, &status);
    const bool more = status == U_BUFFER_OVERFLOW_ERROR;
    const UChar* from = units.data();
    char* to = encoded.data();
    UErrorCode written = U_ZERO_ERROR;
    // It has room for all of them: a unit is at most three bytes.
    ucnv_fromUnicode(state_->utf8.get(), &to, encoded.data() + encoded.size(), &from, unit, nullptr,
                     is_last && !more ? 1 : 0, &written);
    out.append(encoded.data(), to);
    if (!more) return out;
  }
}

Result<std::string> to_utf8(std::string_view text, std::string_view charset) {
  auto decoder = CharsetDecoder::open(charset);
  if (!decoder) return base::fail(decoder.error());
  return decoder->decode(text, true);
}

bool is_utf8_name(std::string_view charset) {
  return ucnv_compareNames(std::string(charset).c_str(), "UTF-8") == 0;
}

std::optional<std::string> recognise_charset(std::string_view beginning) {
  if (beginning.starts_with("\xff\xfe")) return "UTF-16LE";
  if (beginning.starts_with("\xfe\xff")) return "UTF-16BE";
  if (auto utf16 = recognise_utf16(beginning)) return utf16;
  if (looks_like_windows_1251(beginning)) return "windows-1251";
  return std::nullopt;
}

}  // namespace nurtured::daemon
