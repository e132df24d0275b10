// What a workspace has, by name: what `nurtured schema` puts into the JSON Schemas, so that editors
// offer it. Gathered by compile() from what could be read, whatever is wrong with the rest.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace nurtured::config {

struct KnownNames {
  std::vector<std::string> names;
  // `check` refuses any other; else these are those that are known so far.
  bool is_complete = false;
};

struct WorkspaceNames {
  // By the definition of config/schema/*.json that stands for them: "message_name", "segment_name".
  std::map<std::string, KnownNames, std::less<>> by_definition;
  // Waited for or asked about, and nothing says that anybody sends them; sorted.
  std::vector<std::string> unlisted_events;
};

}  // namespace nurtured::config
