// One playbook's file to a rules::Playbook (CONTRACT section 2). Inside config/ only.
#pragma once

#include <memory>

#include "config/expression.h"
#include "content/message.h"

namespace nurtured::config {

// nullptr when something is wrong; all of it is reported.
std::shared_ptr<const rules::Playbook> read_playbook(
    const Reading& reading, const std::shared_ptr<const content::Library>& library);

}  // namespace nurtured::config
