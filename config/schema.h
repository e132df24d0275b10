// The JSON Schemas of a workspace's files (config/schema/*.json, draft 7), which the program
// carries inside. A definition in them that bears `schema_placeholder` stands for names of one
// sort; for a workspace it is replaced with the names that there are, so that an editor offers them
// and marks what does not exist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/known_names.h"
#include "rules/cel/value.h"

namespace nurtured::config {

// The `$comment` of a definition that is to be replaced.
inline constexpr std::string_view schema_placeholder =
    "`nurtured schema` puts in what the workspace has.";

// "events", "habits", "message" …, sorted: the schemas are files NAME.schema.json.
std::vector<std::string> schema_names();

// `name` is one of schema_names(). A sort of which nothing is known stays as general as it is.
cel::Value schema_of(std::string_view name, const WorkspaceNames& names = {});

// As JSON over several lines, with a line end.
std::string schema_text(const cel::Value& schema);

}  // namespace nurtured::config
