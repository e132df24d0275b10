// content/: messages with their front matter, locales, layouts and partials (CONTRACT section 3).
// Inside config/ only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/expression.h"
#include "config/front_matter.h"
#include "config/workspace.h"
#include "content/message.h"

namespace nurtured::config {

// What of a message depends on who sends it.
struct MessageScenes {
  // A field of a variable: of the contact, the event, the enrollment.
  struct Variable {
    content::liquid::VariableUse use;
    base::Place place;  // in the file
  };
  std::vector<Variable> variables;
  std::optional<MessageFile> expiring;  // the file, where its front matter has `expires`
};

struct Messages {
  std::shared_ptr<const content::Library> library;
  std::map<std::string, content::Message, std::less<>> compiled;
  std::vector<rules::MessageInfo> infos;
  std::map<std::string, MessageScenes, std::less<>> scenes;
};

// Everything below content/ of the workspace. Fills the catalogue's messages.
Messages read_messages(const Workspace& workspace, Catalogue& catalogue, Uses& uses,
                       Problems& problems);

// Warns of what messages say of the event and the enrollment and a playbook that sends them lacks.
void check_senders(const Messages& messages, const Catalogue& catalogue, const Uses& uses,
                   Problems& problems);

}  // namespace nurtured::config
