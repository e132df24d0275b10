#include "config/lint_pages.h"

#include <algorithm>

#include <fmt/format.h>

namespace nurtured::config {

const LintPage* find_lint_page(std::string_view name) {
  const auto pages = lint_pages();
  const auto found = std::ranges::find(pages, name, &LintPage::name);
  return found == pages.end() ? nullptr : &*found;
}

std::vector<std::string> lint_names() {
  std::vector<std::string> names;
  for (const LintPage& page : lint_pages()) names.emplace_back(page.name);
  return names;
}

std::string_view lint_title(const LintPage& page) {
  const std::string_view line = page.text.substr(0, page.text.find('\n'));
  const std::size_t colon = line.find(": ");
  return colon == std::string_view::npos ? line : line.substr(colon + 2);
}

std::optional<std::string> lint_doc(std::string_view name) {
  if (find_lint_page(name) == nullptr) return std::nullopt;
  return fmt::format("docs/lints/{}.md", name);
}

}  // namespace nurtured::config
