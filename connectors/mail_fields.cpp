#include "connectors/mail_fields.h"

#include <algorithm>

#include "base/encoding.h"

namespace nurtured::connectors {
namespace {

// RFC 5322 section 3.6.8: visible characters but the colon.
bool is_field_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f;
  });
}

}  // namespace

std::string_view MailFields::value(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &MailField::name);
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

bool MailFields::has(std::string_view name) const {
  return std::ranges::find(fields, name, &MailField::name) != fields.end();
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return lower;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<MailFields> parse_fields(std::string_view text) {
  std::vector<MailFields> groups;
  bool in_group = false;
  bool in_field = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (base::trimmed(line).empty()) {
      in_group = in_field = false;
      continue;
    }
    if (line.front() == ' ' || line.front() == '\t') {
      if (in_field) groups.back().fields.back().value.append(" ").append(base::trimmed(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = base::trimmed(line.substr(0, colon));
    in_field = false;
    if (colon == std::string_view::npos || !is_field_name(name)) continue;
    if (!in_group) {
      if (groups.size() == field_groups_max) break;
      groups.emplace_back();
      in_group = true;
    }
    if (groups.back().fields.size() == fields_max) continue;
    groups.back().fields.push_back(
        {ascii_lower(name), std::string(base::trimmed(line.substr(colon + 1)))});
    in_field = true;
  }
  return groups;
}

}  // namespace nurtured::connectors
