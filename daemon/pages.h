// The pages behind the links in messages: small, without scripts, in the reader's language. Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/reply.h"

namespace nurtured::daemon {

enum class PageLanguage { en, ru, zh };

// The locale of the token ("ru-RU") where it names one of ours, else the best of Accept-Language
// (RFC 9110 section 12.5.4), else English.
PageLanguage page_language(std::string_view locale, std::string_view accept_language);

struct PageOptions {
  PageLanguage language = PageLanguage::en;
  std::string_view brand;  // whose messages these are; may be empty; escaped here
};

// Asks, with a form that posts to the page's own URL. Nothing has happened yet.
http::Response unsubscribe_question(const PageOptions& options);
http::Response unsubscribe_done(const PageOptions& options);
// The token is not ours, or was damaged on its way.
http::Response link_invalid(const PageOptions& options);
// Nothing was written; the reader should try again.
http::Response try_again_later(const PageOptions& options);

}  // namespace nurtured::daemon
