#include "rules/traits.h"

#include <algorithm>

#include "base/encoding.h"
#include "rules/scope.h"

namespace nurtured::rules {
namespace {

constexpr std::size_t email_bytes_max = 254;
constexpr std::size_t email_local_bytes_max = 64;
constexpr std::size_t domain_label_bytes_max = 63;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool is_atom_text(char c) {
  return is_alphanumeric(c) || is_beyond_ascii(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// Calls `accept` for each part between dots; false as soon as it refuses one.
template <class Accept>
bool all_between_dots(std::string_view text, Accept accept) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!accept(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_atom(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, is_atom_text);
}

bool is_domain_label(std::string_view label) {
  return !label.empty() && label.size() <= domain_label_bytes_max && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return is_alphanumeric(c) || is_beyond_ascii(c) || c == '-';
         });
}

bool is_channel_name(std::string_view name) {
  return !name.empty() && name.size() <= channel_name_bytes_max &&
         std::ranges::all_of(name,
                             [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
}

bool is_locale(std::string_view text) {
  return is_channel_name(text) && text.size() <= locale_bytes_max;
}

// One reading of one map of traits.
class TraitReader {
 public:
  TraitReader(ContactChange& change, std::vector<std::string>& problems)
      : change_(change), problems_(problems) {}

  void read(const std::string& name, const cel::Value& value) {
    if (name == "email") return read_address("email", value, name);
    if (name == "timezone") return read_timezone(value);
    if (name == "locale") return read_locale(value);
    if (name == "channels") return read_channels(value);
    if (name == "consent") return read_consents(value);
    if (name.starts_with("channels.")) return read_address(name.substr(9), value, name);
    if (name.starts_with("consent.")) return read_consent(name.substr(8), value);
    if (!is_plain_text(name, trait_name_bytes_max)) {
      return refuse("a trait's name is empty, has control characters or is longer than " +
                    std::to_string(trait_name_bytes_max) + " bytes");
    }
    // Forms send a number of digits alone as a number; conditions and connectors want its text.
    const bool digits = name == "phone" && value.is_int();
    change_.attributes.emplace_back(attribute_name(name),
                                    digits ? cel::Value(std::to_string(value.as_int())) : value);
  }

 private:
  void refuse(std::string problem) { problems_.push_back(std::move(problem)); }

  void read_channels(const cel::Value& value) {
    if (!value.is_map()) return refuse("the trait channels is not an object");
    for (const auto& [channel, address] : value.as_map()) {
      read_address(channel.as_string(), address, "channels");
    }
  }

  void read_address(const std::string& channel, const cel::Value& value, std::string_view trait) {
    if (!is_channel_name(channel)) {
      return refuse("the trait " + std::string(trait.substr(0, trait_name_bytes_max)) +
                    " names a channel that cannot be one");
    }
    const cel::Value* address = &value;
    if (value.is_map()) {
      address = value.find("address");
      if (address == nullptr) address = value.find("id");
    }
    if (address != nullptr && address->is_null()) {
      change_.addresses.emplace_back(channel, "");
    } else if (address != nullptr && address->is_int()) {
      change_.addresses.emplace_back(channel, std::to_string(address->as_int()));
    } else if (address != nullptr && address->is_string()) {
      read_address_text(channel, base::trimmed(address->as_string()));
    } else {
      refuse("the address of the channel " + channel + " is neither a text nor a whole number");
    }
  }

  void read_address_text(const std::string& channel, std::string_view text) {
    if (text.empty()) {
      change_.addresses.emplace_back(channel, "");
    } else if (channel == "email") {
      auto email = normal_email(text);
      if (!email) return refuse("the trait email is not an e-mail address");
      change_.addresses.emplace_back(channel, *std::move(email));
    } else if (is_plain_text(text, address_bytes_max)) {
      change_.addresses.emplace_back(channel, text);
    } else {
      refuse("the address of the channel " + channel +
             " has control characters or is longer than " + std::to_string(address_bytes_max) +
             " bytes");
    }
  }

  void read_consents(const cel::Value& value) {
    if (!value.is_map()) return refuse("the trait consent is not an object of channels");
    for (const auto& [channel, given] : value.as_map()) read_consent(channel.as_string(), given);
  }

  void read_consent(const std::string& channel, const cel::Value& given) {
    if (given.is_null()) return;
    if (!is_channel_name(channel)) {
      return refuse("the trait consent names a channel that cannot be one");
    }
    // Only a plain true is consent: "true", 1 and "yes" may be anything.
    if (!given.is_bool()) {
      return refuse("the consent for the channel " + channel + " is neither true nor false");
    }
    change_.consents.push_back({.channel = channel, .given = given.as_bool(), .source = "sdk"});
  }

  void read_timezone(const cel::Value& value) {
    if (value.is_null()) return;
    if (!value.is_string() || !is_plain_text(value.as_string(), timezone_bytes_max)) {
      return refuse("the trait timezone is not the name of a time zone");
    }
    change_.timezone = value.as_string();
  }

  void read_locale(const cel::Value& value) {
    if (value.is_null()) return;
    if (!value.is_string() || !is_locale(value.as_string())) {
      return refuse("the trait locale is not the name of a locale");
    }
    change_.locale = value.as_string();
  }

  ContactChange& change_;
  std::vector<std::string>& problems_;
};

}  // namespace

std::optional<std::string> normal_email(std::string_view text) {
  text = base::trimmed(text);
  if (text.size() > email_bytes_max) return std::nullopt;
  const std::size_t at = text.rfind('@');
  if (at > email_local_bytes_max) return std::nullopt;  // npos as well
  if (!all_between_dots(text.substr(0, at), is_atom)) return std::nullopt;
  if (!all_between_dots(text.substr(at + 1), is_domain_label)) return std::nullopt;
  std::string normal(text);
  for (char& c : normal) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return normal;
}

bool is_plain_text(std::string_view text, std::size_t bytes_max) {
  if (text.empty() || text.size() > bytes_max) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return false;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return false;
    }
  }
  return true;
}

void apply_traits(const cel::Value& traits, ContactChange& change,
                  std::vector<std::string>& problems) {
  if (!traits.is_map()) return;
  TraitReader reader(change, problems);
  for (const auto& [name, value] : traits.as_map()) reader.read(name.as_string(), value);
}

}  // namespace nurtured::rules
