// A YAML text read strictly into a tree in which every key and value knows its place. The files of
// a workspace are written by hand, so whatever YAML would quietly turn into something else is
// refused with a remedy: tags, anchors, aliases, merge keys, duplicate keys, several documents.
// Text stays text: `yes`, `0777` and `22:30` are what they look like; who needs a number or a
// boolean asks for one (config/section.h). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/problem.h"

namespace nurtured::config {

// What hostile text meets before it hurts. Reaching one is a problem at the place where it happens.
struct YamlLimits {
  std::size_t bytes_max = std::size_t{1} << 20;
  std::size_t nodes_max = 100'000;
  std::size_t depth_max = 32;  // lists and maps within one another
  std::size_t key_bytes_max = 1024;
};

// How a scalar was written, which decides where its characters stand in the file.
enum class ScalarStyle { plain, single_quoted, double_quoted, block };

struct Entry;

struct Node {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  ScalarStyle style = ScalarStyle::plain;
  std::string text;  // of a scalar, as it is meant: escapes and folds resolved
  std::vector<Node> items;
  std::vector<Entry> entries;  // of a map, in the order of the file; keys are unique
  base::Place place;           // of an empty value: of its key
  std::size_t offset = 0;      // of a scalar: where it starts in the file, in bytes after any BOM

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  bool is_quoted() const { return is_scalar() && style != ScalarStyle::plain; }
  // The value under `key` of a map; nullptr when there is none or this is no map.
  const Node* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  base::Place place;  // of the key
  Node value;
};

// The tree of `text`, with `path` in its places; a null node for an empty text, nullopt when it
// cannot be read to its end. Every fault goes to `problems`. Around single faults, such as a key
// that stands twice or a tag, the rest of the tree is there, so that what else is wrong is found as
// well. Never throws for anything in the text.
std::optional<Node> parse_yaml(std::string_view text, const std::string& path, Problems& problems,
                               const YamlLimits& limits = {});

// Where a range of a scalar's text (line and column from 1, length in code points, as CEL and
// Liquid report it) stands in the file that the scalar came from. `source` is the text that was
// parsed. Follows escapes, folded lines and block indentation; the scalar's own place when the
// range is outside it.
base::Place place_inside(const Node& scalar, std::string_view source, const base::Place& range);

// The byte of `text`, which has no byte order mark, at which a line and a column (both from 1, in
// code points) stand; the text's end where they are beyond it.
std::size_t offset_of(std::string_view text, int line, int column);

// The offset in `source`, which has no byte order mark, just after an unquoted scalar; npos when
// they do not fit each other.
std::size_t end_of_plain(const Node& scalar, std::string_view source);

// `text` without the byte order mark that some editors put in front.
std::string_view without_bom(std::string_view text);

}  // namespace nurtured::config
