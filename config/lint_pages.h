// The pages of docs/lints, one for each thing that `check` warns of by name: what it means, why it
// matters and how to mend it, for people who are no programmers. The program carries them inside.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nurtured::config {

inline constexpr std::size_t lint_name_bytes_max = 60;

struct LintPage {
  std::string_view name;  // "held-for-ever"
  std::string_view text;  // Markdown; its first line is `# NAME: what it says in a few words`
};

// By name. Made from docs/lints by config/embed.cmake.
std::span<const LintPage> lint_pages();

// nullptr when there is no page of that name.
const LintPage* find_lint_page(std::string_view name);
std::vector<std::string> lint_names();
// What stands after the name in the page's first line.
std::string_view lint_title(const LintPage& page);
// The page's path within the source and the installed documents: "docs/lints/held-for-ever.md";
// nullopt when there is none.
std::optional<std::string> lint_doc(std::string_view name);

}  // namespace nurtured::config
