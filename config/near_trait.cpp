#include "config/near_trait.h"

#include <algorithm>

#include "rules/cel/near_miss.h"

namespace nurtured::config {
namespace {

// Of a short name one letter makes another word, as `state` beside `stage`: there only a letter too
// many, one too few, and two that changed places count as slips.
bool is_slip(std::string_view name, std::string_view known) {
  constexpr std::size_t long_enough = 8;
  if (name.size() >= long_enough || name.size() != known.size()) return true;
  return std::ranges::is_permutation(name, known);
}

}  // namespace

std::string slip_of(const std::string& name, const std::vector<std::string>& known) {
  if (std::ranges::find(known, name) != known.end()) return {};
  const std::string nearest = cel::near_miss(name, known);
  return nearest.empty() || !is_slip(name, nearest) ? std::string() : nearest;
}

std::string near_trait(const std::string& name, const std::vector<std::string>& also) {
  std::vector<std::string> known = {"id",     "email",    "phone",    "first_name", "last_name",
                                    "locale", "timezone", "birthday", "tags",       "stage",
                                    "score",  "channels", "consent"};
  known.insert(known.end(), also.begin(), also.end());
  return slip_of(name, known);
}

}  // namespace nurtured::config
