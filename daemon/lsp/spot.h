// What stands at one place of an open file: what its schema says there, and the names of the
// workspace that are used there, also within CEL and Liquid. What the answers of the server are
// made from. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/book_keeper.h"
#include "daemon/lsp/outline.h"
#include "daemon/lsp/schema_walk.h"

namespace nurtured::daemon::lsp {

// The sort that partials are of, which no schema knows.
inline constexpr std::string_view partial_name = "partial_name";

// A name where it is used. `sort` is the definition of config/schema/*.json that stands for it.
struct NameUse {
  std::string_view sort;
  Span span;
};

class Spot {
 public:
  // `files`, of which the names count, and `text`, which may be newer than they are, outlive it.
  // `path` is seen from the workspace.
  Spot(const BookFiles& files, std::string_view path, std::string_view text, std::size_t offset);
  Spot(const Spot&) = delete;
  Spot& operator=(const Spot&) = delete;

  const BookFiles& files() const { return files_; }
  const std::string& path() const { return path_; }
  std::string_view text() const { return text_; }
  std::size_t offset() const { return offset_; }
  const Outline& outline() const { return outline_; }
  const SchemaWalk& walk() const { return walk_; }
  // nullopt outside the YAML.
  const std::optional<Cursor>& cursor() const { return cursor_; }

  // Of the map that has the key at the cursor, or would have it; empty where no key can stand.
  std::vector<Shape> map_shapes() const;
  // Of the scalar at the cursor, or what would stand there; of the name of a key at the cursor.
  std::vector<Shape> scalar_shapes() const;
  std::vector<Shape> key_shapes() const;
  // A name that CEL or Liquid uses: in_segment("hot"), {% render 'signature' %}.
  const std::optional<NameUse>& quoted() const { return quoted_; }
  // All that the text at the cursor may name.
  std::vector<NameUse> uses() const;
  // The scalar of another key of the same map; empty without one.
  std::string_view beside(std::string_view key) const;

 private:
  const BookFiles& files_;
  std::string path_;
  std::string_view text_;
  std::size_t offset_;
  cel::Value schema_;
  Outline outline_;
  SchemaWalk walk_;
  std::optional<Cursor> cursor_;
  std::optional<NameUse> quoted_;
};

}  // namespace nurtured::daemon::lsp
