// content/: messages with their front matter, locales, layouts and partials (CONTRACT section 3).
// Inside config/ only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/expression.h"
#include "config/workspace.h"
#include "content/message.h"

namespace nurtured::config {

struct Messages {
  std::shared_ptr<const content::Library> library;
  std::map<std::string, content::Message, std::less<>> compiled;
  std::vector<rules::MessageInfo> infos;
};

// Everything below content/ of the workspace. Fills the catalogue's messages.
Messages read_messages(const Workspace& workspace, Catalogue& catalogue, Uses& uses,
                       Problems& problems);

}  // namespace nurtured::config
