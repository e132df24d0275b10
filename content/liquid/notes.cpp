// The notes of markup.h: places, and what the template uses.
#include <algorithm>
#include <unordered_set>
#include <utility>
#include <variant>

#include "content/liquid/markup.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

// "contact.first_name", "tags[0]"; a part that is computed ends the path.
std::string path_of(const Lookup& lookup) {
  std::string path = lookup.name;
  if (path.empty()) {
    const auto* name = std::get_if<cel::Value>(&lookup.computed_name);
    if (name == nullptr || !name->is_string()) return path;
    path = name->as_string();
  }
  for (const Segment& segment : lookup.segments) {
    const auto* key = std::get_if<cel::Value>(&segment.key);
    if (key == nullptr) break;
    if (key->is_string()) {
      path += '.' + key->as_string();
    } else {
      path += '[' + to_text(*key) + ']';
    }
  }
  return path;
}

std::string root_of(std::string_view path) {
  return std::string(path.substr(0, path.find_first_of(".[")));
}

}  // namespace

base::Place Notes::place(const char* at) {
  const auto offset = static_cast<std::size_t>(at - source_.data());
  if (offset < offset_) {
    offset_ = 0;
    line_ = 1;
    column_ = 1;
  }
  for (; offset_ < offset && offset_ < source_.size(); ++offset_) {
    const char c = source_[offset_];
    if (c == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++column_;
    }
  }
  return {std::string(name_), line_, column_, 1};
}

void Notes::variable(const Lookup& lookup, const char* at) {
  VariableUse use{.path = path_of(lookup)};
  use.place.length = static_cast<int>(std::max<std::size_t>(count_characters(use.path), 1));
  variables_.push_back({std::move(use), at});
}

void Notes::partial(std::string name, const char* at) {
  partials_.push_back({PartialUse{.name = std::move(name)}, at});
}

std::size_t Notes::filter(std::string_view name, const char* at, bool is_known) {
  FilterUse use{.name = std::string(name), .is_known = is_known};
  use.place.length = static_cast<int>(name.size());
  filters_.push_back({std::move(use), at});
  return filters_.size() - 1;
}

Usage Notes::finish() {
  const std::unordered_set<std::string> own(assigned_.begin(), assigned_.end());
  std::erase_if(variables_, [&](const auto& noted) {
    return noted.use.path.empty() || own.contains(root_of(noted.use.path));
  });
  return {.variables = in_order(std::move(variables_)),
          .partials = in_order(std::move(partials_)),
          .filters = in_order(std::move(filters_))};
}

// Places are counted here, in the order of the text, so that the whole takes one pass over it.
template <class Use>
std::vector<Use> Notes::in_order(std::vector<Noted<Use>> noted) {
  std::ranges::stable_sort(noted, {}, &Noted<Use>::at);
  std::vector<Use> uses;
  uses.reserve(noted.size());
  for (auto& [use, at] : noted) {
    const int length = use.place.length;
    use.place = place(at);
    use.place.length = length;
    uses.push_back(std::move(use));
  }
  return uses;
}

}  // namespace nurtured::content::liquid
