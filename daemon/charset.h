// Texts that come in other charsets than UTF-8, by ICU: files that an office program or another
// system wrote, and forms of old sites.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nurtured::daemon {

// Longer names are of no charset.
inline constexpr std::size_t charset_name_bytes_max = 60;

// What Unicode has for bytes that stand for nothing: U+FFFD.
inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";

// One text, in pieces as they come. A character may be split between two of them.
class CharsetDecoder {
 public:
  // `name` as IANA or ICU know it, in any case: "windows-1251", "UTF-16LE", "koi8-r". `not_found`
  // for any other.
  static base::Result<CharsetDecoder> open(std::string_view name);
  ~CharsetDecoder();
  CharsetDecoder(CharsetDecoder&&) noexcept;
  CharsetDecoder& operator=(CharsetDecoder&&) noexcept;

  // UTF-8. Bytes that stand for nothing become replacement_character, each run of them one; with
  // `is_last`, so does what the text ends in the middle of.
  std::string decode(std::string_view bytes, bool is_last);

 private:
  struct State;
  explicit CharsetDecoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A whole text; as decode().
base::Result<std::string> to_utf8(std::string_view text, std::string_view charset);

// True for every spelling of UTF-8's own name.
bool is_utf8_name(std::string_view charset);

// What a text that is not UTF-8 is written in, by its beginning, as far as that is certain: UTF-16
// by its byte order mark or its zeros, windows-1251 by where its letters lie. ICU's own detector
// knows neither of a table in which two names are Russian and the rest is ASCII. nullopt otherwise.
std::optional<std::string> recognise_charset(std::string_view beginning);

}  // namespace nurtured::daemon
