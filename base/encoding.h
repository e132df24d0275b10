// Bytes as text and text checked: hexadecimal, base64url, UTF-8. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nurtured::base {

std::string to_hex(std::string_view data);
// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view data);
// Takes the URL-safe alphabet without padding; nullopt for anything else, and for bits set past the
// end.
std::optional<std::string> from_base64url(std::string_view text);
// RFC 4648 section 6, in lower case, without padding: for where letters' case may be lost.
std::string to_base32(std::string_view data);
// Takes either case, without padding; nullopt for anything else, and for bits set past the end.
std::optional<std::string> from_base32(std::string_view text);
// RFC 4648 section 4, padded. Decoding takes padded and unpadded text.
std::string to_base64(std::string_view data);
std::optional<std::string> from_base64(std::string_view text);

// Well-formed UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing past U+10FFFF.
bool is_utf8(std::string_view text);
// Without blanks, tabs and line ends around it.
std::string_view trimmed(std::string_view text);
// Texts that differ in nothing but the case of their letters become the same (Unicode, full case
// folding). Ill-formed bytes become U+FFFD.
std::string fold_case(std::string_view text);
// The number of code points of a well-formed text.
std::size_t code_points(std::string_view text);
// `text` cut to at most `bytes_max` bytes without splitting a code point.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace nurtured::base
