// Header fields as text: "Name: value" lines, folded ones joined (RFC 5322 section 2.2). Delivery
// and feedback reports are written in groups of them (RFC 3464 section 2.1, RFC 5965 section 3).
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nurtured::connectors {

struct MailField {
  std::string name;   // in lower case
  std::string value;  // without blanks around it
  bool operator==(const MailField&) const = default;
};

struct MailFields {
  std::vector<MailField> fields;  // in order
  // The first of that name (in lower case); empty where there is none.
  std::string_view value(std::string_view name) const;
  bool has(std::string_view name) const;
  bool operator==(const MailFields&) const = default;
};

// More are left out.
inline constexpr std::size_t field_groups_max = 100;
inline constexpr std::size_t fields_max = 500;  // of one group

std::string ascii_lower(std::string_view text);
// Takes the first line off `text`, without its line end (LF or CRLF).
std::string_view take_line(std::string_view& text);

// The groups that empty lines part. A line that is no field is passed over.
std::vector<MailFields> parse_fields(std::string_view text);

}  // namespace nurtured::connectors
