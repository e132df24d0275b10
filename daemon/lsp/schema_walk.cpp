#include "daemon/lsp/schema_walk.h"

#include <algorithm>
#include <ranges>

namespace nurtured::daemon::lsp {
namespace {

// Deeper than any schema of ours and any text that config/yaml.h reads.
constexpr int depth_max = 32;
constexpr std::size_t shapes_max = 1000;

constexpr std::string_view definitions = "#/definitions/";

std::string_view text_of(const cel::Value& value, std::string_view key) {
  const cel::Value* found = value.find(key);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : "";
}

// `{"properties": {"type": {"const": "smtp"}}}`.
bool holds(const cel::Value& condition, const std::map<std::string_view, std::string_view>& keys) {
  const cel::Value* properties = condition.find("properties");
  return properties != nullptr && properties->is_map() &&
         std::ranges::all_of(properties->as_map(), [&](const cel::Map::Entry& property) {
           const auto written = keys.find(property.key.as_string());
           return written != keys.end() && text_of(property.value, "const") == written->second;
         });
}

// Whether something that has these keys may be of that shape.
bool fits(const cel::Value& schema, const std::map<std::string_view, std::string_view>& keys) {
  if (keys.empty()) return true;
  const cel::Value* properties = schema.find("properties");
  const cel::Value* others = schema.find("additionalProperties");
  const bool is_open =
      others == nullptr ? properties != nullptr : !others->is_bool() || others->as_bool();
  return is_open || std::ranges::all_of(keys, [&](const auto& key) {
           return properties != nullptr && properties->find(key.first) != nullptr;
         });
}

// What the shapes say under that keyword.
std::vector<Shape> under(const std::vector<Shape>& shapes, std::string_view keyword) {
  std::vector<Shape> out;
  for (const Shape& shape : shapes) {
    const cel::Value* found = shape.schema->find(keyword);
    if (found != nullptr && found->is_map()) out.push_back({found, {}, {}});
  }
  return out;
}

std::vector<Shape> values_of(const std::vector<Shape>& shapes, std::string_view key) {
  std::vector<Shape> out;
  for (const Shape& shape : shapes) {
    const cel::Value* properties = shape.schema->find("properties");
    const cel::Value* found = properties == nullptr ? nullptr : properties->find(key);
    if (found == nullptr) found = shape.schema->find("additionalProperties");
    if (found != nullptr && found->is_map()) out.push_back({found, {}, {}});
  }
  return out;
}

}  // namespace

std::vector<Shape> SchemaWalk::shapes(std::size_t entry, std::size_t typed) const {
  std::vector<std::size_t> path;  // the innermost first
  for (std::size_t at = entry; at != no_entry; at = outline_.entries()[at].parent) {
    path.push_back(at);
    if (path.size() > 2 * static_cast<std::size_t>(depth_max)) return {};
  }
  std::vector<Shape> out = expanded({{&schema_, {}, {}}}, outline_.keys_of(no_entry, typed));
  for (const std::size_t at : path | std::views::reverse) {
    const Entry& step = outline_.entries()[at];
    out = expanded(
        step.kind == Entry::Kind::item ? under(out, "items") : values_of(out, step.name.of(text_)),
        outline_.keys_of(at, typed));
  }
  return out;
}

std::vector<Shape> SchemaWalk::under_key(const std::vector<Shape>& shapes,
                                         std::string_view key) const {
  return expanded(values_of(shapes, key), {});
}

std::vector<Shape> SchemaWalk::items(const std::vector<Shape>& shapes) const {
  return expanded(under(shapes, "items"), {});
}

std::vector<Shape> SchemaWalk::key_names(const std::vector<Shape>& shapes) const {
  return expanded(under(shapes, "propertyNames"), {});
}

std::vector<Shape> SchemaWalk::expanded(const std::vector<Shape>& shapes, const Keys& keys) const {
  std::vector<Shape> all;
  for (const Shape& shape : shapes) expand(shape, keys, 0, all);
  std::vector<Shape> fitting;
  std::ranges::copy_if(all, std::back_inserter(fitting),
                       [&](const Shape& shape) { return fits(*shape.schema, keys); });
  // Where a key is misspelt nothing fits, and all may be meant.
  return fitting.empty() ? all : fitting;
}

void SchemaWalk::expand(Shape shape, const Keys& keys, int depth, std::vector<Shape>& out) const {
  if (depth > depth_max || out.size() >= shapes_max || !shape.schema->is_map()) return;
  const cel::Value& schema = *shape.schema;
  if (const auto about = text_of(schema, "description"); !about.empty()) shape.about = about;
  if (const auto reference = text_of(schema, "$ref"); reference.starts_with(definitions)) {
    const cel::Value* all = schema_.find("definitions");
    const std::string_view name = reference.substr(definitions.size());
    const cel::Value* meant = all == nullptr ? nullptr : all->find(name);
    if (meant != nullptr) expand({meant, name, shape.about}, keys, depth + 1, out);
    return;
  }
  if (const cel::Value* condition = schema.find("if");
      condition != nullptr && schema.find("then") != nullptr) {
    if (!holds(*condition, keys)) return;
    expand({schema.find("then"), shape.definition, shape.about}, keys, depth + 1, out);
    return;
  }
  expand_each(schema.find("anyOf"), shape, keys, depth, out);
  expand_each(schema.find("oneOf"), shape, keys, depth, out);
  expand_each(schema.find("allOf"), shape, keys, depth, out);
  out.push_back(shape);
}

void SchemaWalk::expand_each(const cel::Value* list, const Shape& shape, const Keys& keys,
                             int depth, std::vector<Shape>& out) const {
  if (list == nullptr || !list->is_list()) return;
  for (const cel::Value& one : list->as_list()) {
    expand({&one, shape.definition, shape.about}, keys, depth + 1, out);
  }
}

}  // namespace nurtured::daemon::lsp
