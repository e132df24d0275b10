// The document around an e-mail's content: ours, or the workspace's content/layouts/NAME.html.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "content/liquid/template.h"

namespace nurtured::content {

// Our own layout: narrow, light and dark, preheader, content, footer in the reader's language with
// the links to unsubscribe and to the preferences, each where its URL is given.
const liquid::Template& built_in_layout();

// What a layout is given beside the message's own variables.
struct LayoutParts {
  std::string_view content;  // HTML, taken as it is
  std::string_view subject;
  std::string_view preheader;
  std::string_view locale;
};

// What we add at the foot of a message, in the reader's language (en, ru, zh; English for others).
struct FooterWords {
  std::string_view reason;
  std::string_view unsubscribe;
  std::string_view preferences;
  std::string_view choose;  // below a numbered list of answers
};
const FooterWords& footer_words(std::string_view locale);

// The foot of an e-mail's plain text: the links that `data` has, "Unsubscribe: url" a line. Empty
// when it has none.
std::string footer_text(const liquid::Data& data, std::string_view locale);

// The whole document. `unsubscribe_url` and `preferences_url` come from `data`. Values are escaped
// for where they stand in the HTML.
base::Result<std::string> render_layout(const liquid::Template& layout, const LayoutParts& parts,
                                        const liquid::Data& data,
                                        const liquid::RenderOptions& options);

}  // namespace nurtured::content
