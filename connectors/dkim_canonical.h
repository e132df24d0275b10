// The relaxed canonicalization of DKIM (RFC 6376 sections 3.4.2 and 3.4.4): what is signed of a
// mail, so that what relays change on the way does not break the signature. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nurtured::connectors {

struct MailHeader {
  std::string_view name;   // as written
  std::string_view value;  // what follows the colon, with its folds, without the last line end
};

// The headers of a mail in their order, and where its body begins. A line that is no header is left
// out. Views of `mail`, whose lines end in CRLF.
struct MailParts {
  std::vector<MailHeader> headers;
  std::string_view body;
};
MailParts split_mail(std::string_view mail);

// "name:value" without a line end: the name in lower case, folds and runs of blanks as one blank.
std::string relaxed_header(std::string_view name, std::string_view value);
// Blanks at the ends of lines and empty lines at the end go, runs of blanks become one.
std::string relaxed_body(std::string_view body);

}  // namespace nurtured::connectors
