// The name that a mail carries to tell which delivery it was: the local part of its Message-ID and
// the end of the address that bounces go to. A bounce, a complaint or an answer acts only by such a
// token, which nobody can make who has not seen the mail. Pure.
//
// It is made from the store's key, which never rotates: the Message-ID of a delivery must be the
// same at every attempt, and a bounce may come weeks later.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/secret.h"

namespace nurtured::daemon {

// Base32 in lower case, since servers may fold an address. A delivery's is below 64 characters,
// the longest local part (RFC 5321 section 4.5.3.1.1), as long as its numbers are ordinary and its
// channel's name is short; a connector that has no room for it leaves it out. A key that is no
// delivery's, such as a notification's, gets a name that delivery_of_token() does not know.
std::string mail_token(const config::Secret& store_key, std::string_view delivery_key);

// The delivery's key; nullopt for whatever we did not make.
std::optional<std::string> delivery_of_token(const config::Secret& store_key,
                                             std::string_view token);

}  // namespace nurtured::daemon
