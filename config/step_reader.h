// The steps of a playbook: from the nested lists of its file to rules/'s one list, in which every
// step names the next. Inside config/ only.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/expression.h"
#include "config/section.h"
#include "config/via.h"
#include "content/message.h"

namespace nurtured::config {

// Of one playbook, nested ones counted.
inline constexpr std::size_t steps_max = 1000;

struct StepContext {
  const Reading& reading;
  const std::shared_ptr<const content::Library>& library;
  Scene scene;                   // where no other event is judged: that which starts the playbook
  std::vector<std::string> via;  // the playbook's; empty: the workspace's
};

// In the order of the file; step 0 begins. Everything wrong is reported; what is returned then is
// not to be used.
std::vector<rules::Step> read_steps(const Node& list, const StepContext& context);

}  // namespace nurtured::config
