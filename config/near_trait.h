// Names of the contact that are nearly known ones. Inside config/ only.
#pragma once

#include <string>
#include <vector>

namespace nurtured::config {

// The known name that `name` is a slip of; empty where it is one of them, or near to none.
std::string slip_of(const std::string& name, const std::vector<std::string>& known);

// The same among what every contact may have: `timezone`, `tags`, and `also`.
std::string near_trait(const std::string& name, const std::vector<std::string>& also = {});

}  // namespace nurtured::config
