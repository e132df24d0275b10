// What config/embed.cmake puts into the program. Inside config/ only.
#pragma once

#include <string_view>
#include <vector>

namespace nurtured::config {

struct EmbeddedFile {
  std::string_view workspace;  // "default" or an example's; empty: of every workspace
  std::string_view path;
  std::string_view text;
};

std::vector<EmbeddedFile> embedded_files();

}  // namespace nurtured::config
