#include "config/schema.h"

#include <algorithm>
#include <cassert>

#include "config/embedded.h"
#include "rules/cel/json.h"

namespace nurtured::config {
namespace {

constexpr std::string_view folder = "schema/";
constexpr std::string_view ending = ".schema.json";

bool is_placeholder(const cel::Value& definition) {
  const cel::Value* comment = definition.find("$comment");
  return comment != nullptr && comment->is_string() && comment->as_string() == schema_placeholder;
}

cel::Value without(const cel::Value& definition, std::string_view first, std::string_view second) {
  cel::Map out;
  for (const auto& [key, value] : definition.as_map()) {
    if (key.as_string() != first && key.as_string() != second) out.set(key, value);
  }
  return out;
}

cel::Value filled(const cel::Value& general, const KnownNames& known) {
  cel::List names(known.names.begin(), known.names.end());
  cel::Map out;
  if (known.is_complete) {
    out.set("enum", std::move(names));
  } else {
    out.set("anyOf", cel::List{cel::Map{{"enum", std::move(names)}},
                               without(general, "$comment", "description")});
  }
  if (const cel::Value* about = general.find("description")) out.set("description", *about);
  return out;
}

void write(const cel::Value& value, std::size_t depth, std::string& out) {
  const std::string indent(2 * depth, ' ');
  const auto write_all = [&](const auto& items, char open, char close, const auto& write_one) {
    out += open;
    const char* separator = "\n";
    for (const auto& item : items) {
      out += separator + indent + "  ";
      write_one(item);
      separator = ",\n";
    }
    out += "\n" + indent + close;
  };
  if (value.is_map() && !value.as_map().empty()) {
    write_all(value.as_map(), '{', '}', [&](const cel::Map::Entry& entry) {
      out += cel::json_quote(entry.key.as_string()) + ": ";
      write(entry.value, depth + 1, out);
    });
  } else if (value.is_list() && !value.as_list().empty()) {
    write_all(value.as_list(), '[', ']',
              [&](const cel::Value& item) { write(item, depth + 1, out); });
  } else {
    out += cel::to_json(value);
  }
}

}  // namespace

std::vector<std::string> schema_names() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.workspace.empty()) continue;
    const std::string_view name = file.path.substr(folder.size());
    names.emplace_back(name.substr(0, name.size() - ending.size()));
  }
  std::ranges::sort(names);
  return names;
}

cel::Value schema_of(std::string_view name, const WorkspaceNames& names) {
  const std::string path = std::string(folder) + std::string(name) + std::string(ending);
  const auto files = embedded_files();
  const auto file = std::ranges::find_if(
      files, [&](const EmbeddedFile& its) { return its.workspace.empty() && its.path == path; });
  assert(file != files.end());
  auto schema = cel::from_json(file->text, {.depth_max = 64});
  assert(schema.has_value());
  const cel::Value* general = schema->find("definitions");
  if (general == nullptr) return *std::move(schema);
  cel::Map definitions;
  for (const auto& [key, definition] : general->as_map()) {
    const auto known = names.by_definition.find(key.as_string());
    const bool fills = is_placeholder(definition) && known != names.by_definition.end() &&
                       !known->second.names.empty();
    definitions.set(key, fills ? filled(definition, known->second) : definition);
  }
  cel::Map out;
  for (const auto& [key, value] : schema->as_map()) {
    out.set(key, key.as_string() == "definitions" ? cel::Value(definitions) : value);
  }
  return out;
}

std::string schema_text(const cel::Value& schema) {
  std::string out;
  write(schema, 0, out);
  return out + "\n";
}

}  // namespace nurtured::config
