// The pages behind the links in messages: small, without scripts, in the reader's language. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/reply.h"

namespace nurtured::daemon {

enum class PageLanguage { en, ru, zh };

// The locale of the token ("ru-RU") where it names one of ours, else the best of Accept-Language
// (RFC 9110 section 12.5.4), else English.
PageLanguage page_language(std::string_view locale, std::string_view accept_language);

std::string_view page_locale(PageLanguage language);  // "en", "ru", "zh"

struct PageOptions {
  PageLanguage language = PageLanguage::en;
  std::string_view brand;  // whose messages these are; may be empty; escaped here
};

// Asks, with a form that posts to the page's own URL. Nothing has happened yet.
http::Response unsubscribe_question(const PageOptions& options);
http::Response unsubscribe_done(const PageOptions& options);
// Double opt-in: shows what is agreed to, with a form that posts to the page's own URL.
std::string consent_wording(const PageOptions& options);  // ours, where the workspace has none
http::Response confirm_question(const PageOptions& options, std::string_view wording);
http::Response confirm_done(const PageOptions& options);
// The person unsubscribed after the message that asks: that stays.
http::Response confirm_outdated(const PageOptions& options);

// What a person may choose, and how it stands. The form posts `channel` and `topic` once for each
// that is wanted, or `none`.
struct PreferenceItem {
  std::string name;
  std::string shown;
  bool is_wanted = false;
};
struct Preferences {
  std::vector<PreferenceItem> channels;
  std::vector<PreferenceItem> topics;
  bool is_saved = false;  // just now
};
http::Response preference_page(const PageOptions& options, const Preferences& preferences);
// "E-mail (a…@example.org)": whose page this is, and not to anybody who looks over the shoulder.
std::string channel_title(PageLanguage language, std::string_view channel,
                          std::string_view address);

// Behind a QR code at a place or on a slide: "I am here", with a field for an address where it is
// not known who comes (`asks`). Posts `email`. `what` is what of; may be empty.
http::Response touch_question(const PageOptions& options, std::string_view what, bool asks);
http::Response touch_done(const PageOptions& options);

// Behind a human's link to a contact: what was said, a field to answer, and a button to give the
// contact back. Posts `form` with `text`, or with `back`.
struct TalkLine {
  std::string when;
  std::string who;  // empty: the contact
  std::string what;
};
struct Talk {
  std::string name;  // of the contact
  std::vector<TalkLine> lines;
  bool is_with_human = false;  // else there is nothing to give back
  std::string form;            // tells one post from its repeat
};
http::Response answer_page(const PageOptions& options, const Talk& talk);

// The token is not ours, or was damaged on its way.
http::Response link_invalid(const PageOptions& options);
// Nothing was written; the reader should try again.
http::Response try_again_later(const PageOptions& options);

}  // namespace nurtured::daemon
