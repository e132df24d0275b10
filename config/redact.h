// nurtured.yaml as it may be shown: with every value that could be a password, a token or a key
// blotted out. It works on the text, because what is shown is mostly a file that cannot be read,
// and it hides whatever it does not know to be harmless: a misspelt `pasword:` holds a password,
// too. Inside config/ only.
#pragma once

#include <string>
#include <string_view>

namespace nurtured::config {

// `yaml` with each character of such values (and of comments) replaced by `*`; keys, lines and
// columns stay where they are.
std::string redacted_settings(std::string_view yaml);

// `text` with what stands before the `@` of a URL replaced by `***`: "smtp://***@host".
std::string without_userinfo(std::string_view text);

}  // namespace nurtured::config
