// The canonical look of a workspace's files: `nurtured fmt`. Only blanks, empty lines and the sort
// of quotes change; what a file means, its comments, its line breaks and the order of its keys
// stay, since an order may tell a story that no rule knows. Pure.
//
// Blocks are indented by two, lists below their keys too; `key: value`, `- item`, `{a: 1, b: [x]}`;
// at most one empty line; no blanks at the ends of lines; "these" quotes unless the text holds
// such. A comment at the end of a line keeps its column where it can.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/problem.h"
#include "config/workspace.h"

namespace nurtured::config {

// nullopt, and reported, where the text cannot be read. Formatting twice is formatting once, and
// the line ends stay those of the first line.
std::optional<std::string> format_yaml(std::string_view text, const std::string& path,
                                       Problems& problems);

// The same for a file of a workspace, as its name ends: of a message (.md) the front matter is
// formatted and the rest stays as it is.
std::optional<std::string> format_file(const File& file, Problems& problems);

}  // namespace nurtured::config
