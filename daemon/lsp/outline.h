// A YAML text as an editor has it: half typed, and yet to be understood. Keys, items and scalars
// are found by indentation and brackets alone, line by line, so that what is broken in one place
// costs nothing elsewhere. What a text means is config/yaml.h's business. Pure; takes any bytes.
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/lsp/positions.h"

namespace nurtured::daemon::lsp {

// What stands behind so many is not seen.
inline constexpr std::size_t outline_entries_max = 100'000;
inline constexpr std::size_t no_entry = std::numeric_limits<std::size_t>::max();

struct Entry {
  enum class Kind {
    key,   // of a map
    item,  // of a list
    word,  // a scalar alone: an item's, or what may become a key
  };
  Kind kind = Kind::key;
  std::size_t parent = no_entry;  // that it lies in
  std::size_t column = no_entry;  // in bytes from 0; no_entry within brackets
  Span name;                      // of a key or word, without quotes; of an item, its dash
  std::size_t after = 0;          // of a key: behind its colon
  Span value;  // of a key: its scalar without quotes; empty, where it would stand, without one
};

struct Cursor {
  enum class Where {
    key,    // a key of the map that is `entry`
    value,  // the scalar of the key `entry`
    node,   // the beginning of what `entry` holds: a key of a map, or a scalar
  };
  Where where = Where::key;
  std::size_t entry = no_entry;  // no_entry: the whole text
  bool in_list = false;          // of a node: an item of `entry`'s list that is not there yet
  std::size_t self = no_entry;   // the key or word that the cursor is on
  Span typed;                    // what a completion replaces, or what is pointed at
};

class Outline {
 public:
  // `text` outlives it. Of a message (`is_message`) only the front matter is read.
  explicit Outline(std::string_view text, bool is_message = false);

  const std::vector<Entry>& entries() const { return entries_; }
  // nullopt in a comment, behind a value, and outside the YAML.
  std::optional<Cursor> at(std::size_t offset) const;
  // The scalars of the keys of the map that `parent` holds, but for the key `without`.
  std::map<std::string_view, std::string_view> keys_of(std::size_t parent,
                                                       std::size_t without = no_entry) const;
  // The key of that name in the map that `parent` holds; no_entry when there is none.
  std::size_t find(std::size_t parent, std::string_view name) const;
  // What stands between the key and the next one beside it, without line ends behind.
  Span extent(std::size_t key) const;

 private:
  // What is between brackets.
  struct Bracket {
    Span inside;
    std::size_t owner = no_entry;
    bool is_map = false;
  };
  class Scanner;

  std::optional<Cursor> on_entry(std::size_t index, std::size_t offset) const;
  std::optional<Cursor> in_space(std::size_t offset) const;
  const Bracket* bracket_at(std::size_t offset) const;

  std::string_view text_;
  std::size_t end_ = 0;  // of the YAML
  std::vector<Entry> entries_;
  std::vector<Bracket> brackets_;
};

}  // namespace nurtured::daemon::lsp
