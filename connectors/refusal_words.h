// Whose fault a refusal is by its words, for where its codes say too little or something else:
// Yandex writes "550 5.7.1 No such user!", others "550" and a sentence. The words are those that
// servers and providers publish (Postfix, Exim, Sendmail, qmail, Exchange; Gmail, Yahoo, Outlook,
// Mail.ru, Yandex, GMX, QQ, NetEase). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "connectors/connector.h"

namespace nurtured::connectors {

// Words that blame the sender's standing win over those that blame the address: nobody is
// suppressed for what a filter wrote. Addresses and links within the text do not count. nullopt:
// the words tell nothing.
std::optional<Blame> blame_by_words(std::string_view text);

}  // namespace nurtured::connectors
