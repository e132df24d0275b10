// A message's file taken apart: the YAML between its `---` lines, and the text below. Inside
// config/ only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/document.h"

namespace nurtured::config {

struct MessageFile {
  std::string path;
  std::string_view text;     // the whole file, which outlives this
  Document front;            // a null root where there is no front matter
  std::string front_source;  // what `front` was parsed from: the file with all but the YAML
                             // blanked, so that places are those of the file
  std::string_view body;
  int body_line = 1;  // on which the body begins
};

// nullptr-like nullopt, and reported, when the front matter cannot be read.
std::optional<MessageFile> read_message_file(const std::string& path, std::string_view text,
                                             Problems& problems);

}  // namespace nurtured::config
