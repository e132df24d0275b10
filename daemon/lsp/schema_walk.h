// What the JSON Schema of a file (config/schema.h) says of a place in it, found along the keys and
// items that lead there. Of several shapes that something may have, those count that know all the
// keys it has already. Knows of draft 7 what our schemas use. Pure.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "daemon/lsp/outline.h"
#include "rules/cel/value.h"

namespace nurtured::daemon::lsp {

// One of the shapes that something may have. Points into the schema.
struct Shape {
  const cel::Value* schema = nullptr;
  std::string_view definition;  // that stands for names of a sort: "message_name"
  std::string_view about;       // the nearest description
};

class SchemaWalk {
 public:
  // All outlive it.
  SchemaWalk(const cel::Value& schema, const Outline& outline, std::string_view text)
      : schema_(schema), outline_(outline), text_(text) {}

  // Of what `entry` holds; of the whole text where that is no_entry. `typed` is a key that does not
  // count among those that are there.
  std::vector<Shape> shapes(std::size_t entry, std::size_t typed = no_entry) const;
  // Of what is under the key, or of any item, of things of these shapes.
  std::vector<Shape> under_key(const std::vector<Shape>& shapes, std::string_view key) const;
  std::vector<Shape> items(const std::vector<Shape>& shapes) const;
  // Of the names of keys that the shapes do not list.
  std::vector<Shape> key_names(const std::vector<Shape>& shapes) const;

 private:
  using Keys = std::map<std::string_view, std::string_view>;

  std::vector<Shape> expanded(const std::vector<Shape>& shapes, const Keys& keys) const;
  void expand(Shape shape, const Keys& keys, int depth, std::vector<Shape>& out) const;
  void expand_each(const cel::Value* list, const Shape& shape, const Keys& keys, int depth,
                   std::vector<Shape>& out) const;

  const cel::Value& schema_;
  const Outline& outline_;
  std::string_view text_;
};

}  // namespace nurtured::daemon::lsp
