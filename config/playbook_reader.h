// One playbook's file to a rules::Playbook (CONTRACT section 2). Inside config/ only.
#pragma once

#include <memory>
#include <string>

#include "config/expression.h"
#include "content/message.h"

namespace nurtured::config {

// The id of a playbook whose file does not name it: "playbooks/welcome.yaml" → "welcome".
std::string playbook_id_of(const std::string& path);

// nullptr when something is wrong; all of it is reported.
std::shared_ptr<const rules::Playbook> read_playbook(
    const Reading& reading, const std::shared_ptr<const content::Library>& library);

}  // namespace nurtured::config
