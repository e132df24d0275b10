// Messages as files in a folder, for a first look and for tests: an .eml for each e-mail, a .json
// for each other message, and index.html, which lists the newest first. A file is named after the
// delivery key, so a repeat overwrites it. Nothing leaves the machine.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "connectors/connector.h"
#include "connectors/mime.h"
#include "connectors/registry.h"

namespace nurtured::connectors {

// The rows of index.html; older files stay in the folder.
inline constexpr std::size_t index_rows_max = 200;

struct FileOptions {
  std::string path;  // of the folder, which is made where it is missing
  content::Format format = content::Format::email;
  Mailbox from{"nurtured", "nurtured@localhost"};
  Limits limits;
};

const Descriptor& file_descriptor();
std::optional<FileOptions> read_file(config::Section& section);
std::unique_ptr<Connector> make_file(FileOptions options, const Environment& environment);

// "trial-1-invite-email-9f86d081884c7d65": letters, digits and hyphens, different for different
// keys. Pure.
std::string file_stem(std::string_view delivery_key);

}  // namespace nurtured::connectors
