#include "daemon/lsp/outline.h"

#include <algorithm>
#include <utility>

#include "config/yaml.h"

namespace nurtured::daemon::lsp {
namespace {

constexpr std::string_view blanks = " \t\r";

bool is_blank(char c) {
  return blanks.find(c) != std::string_view::npos;
}

bool is_fence(std::string_view line) {
  return line.starts_with("---") && line.find_first_not_of(blanks, 3) == std::string_view::npos;
}

}  // namespace

class Outline::Scanner {
 public:
  explicit Scanner(Outline& out) : out_(out), text_(out.text_) {}

  // From line to line, to the second `---` or the end.
  void run(bool is_message) {
    const std::size_t begin = text_.size() - config::without_bom(text_).size();
    std::size_t at = begin;
    for (bool is_first = true; at < text_.size() && !is_full(); is_first = false) {
      const std::size_t end = line_end(at);
      if (is_fence(text_.substr(at, end - at))) {
        if (!is_first && (is_message || !out_.entries_.empty())) break;
        at = end + 1;
      } else if (is_message && is_first) {
        break;
      } else {
        at = line(at, end) + 1;
      }
    }
    out_.end_ = std::min(at, text_.size());
    if (is_message && at == begin) out_.end_ = no_entry;
  }

 private:
  bool is_full() const { return out_.entries_.size() >= outline_entries_max; }
  std::size_t line_end(std::size_t at) const {
    return std::min(text_.find('\n', at), text_.size());
  }
  std::size_t skip_blanks(std::size_t at, std::size_t end) const {
    return std::min(text_.find_first_not_of(blanks, at), end);
  }
  // Nothing more comes on the line that ends at `end`.
  bool is_over(std::size_t at, std::size_t end) const { return at >= end || text_[at] == '#'; }
  bool is_apart(std::size_t at, std::size_t end) const { return at >= end || is_blank(text_[at]); }

  std::size_t add(Entry entry) {
    out_.entries_.push_back(entry);
    return out_.entries_.size() - 1;
  }
  std::size_t innermost() const { return open_.empty() ? no_entry : open_.back(); }

  // What comes at this column lies in none of what is closed. A list may stand below its key
  // without being indented.
  void close(std::size_t column, bool is_item) {
    while (!open_.empty()) {
      const Entry& entry = out_.entries_[open_.back()];
      const bool holds = is_item && entry.kind == Entry::Kind::key && entry.column == column;
      if (entry.column < column || holds) return;
      open_.pop_back();
    }
  }

  // Gives where the last line that was taken ends.
  std::size_t line(std::size_t start, std::size_t end) {
    std::size_t at = skip_blanks(start, end);
    if (at == end) return end;
    if (block_ != no_entry && at - start > block_column_) {
      out_.entries_[block_].value.end = end;
      return end;
    }
    block_ = no_entry;
    while (at < end && text_[at] == '-' && is_apart(at + 1, end)) {
      close(at - start, true);
      open_.push_back(add({Entry::Kind::item, innermost(), at - start, {at, at + 1}, 0, {}}));
      at = skip_blanks(at + 1, end);
    }
    if (is_over(at, end)) return end;
    if (text_[at] == '{' || text_[at] == '[') return rest(flow(at, innermost(), start));
    const Scalar scalar = read_scalar(at, end, ":");
    const std::size_t colon = skip_blanks(scalar.end, end);
    close(at - start, false);
    if (colon == end || text_[colon] != ':' || !is_apart(colon + 1, end)) {
      add({Entry::Kind::word, innermost(), at - start, scalar.inside, 0, {}});
      return end;
    }
    open_.push_back(add({Entry::Kind::key, innermost(), at - start, scalar.inside, colon + 1, {}}));
    return value(open_.back(), end, start);
  }

  std::size_t value(std::size_t key, std::size_t end, std::size_t line_start) {
    const std::size_t at = skip_blanks(out_.entries_[key].after, end);
    out_.entries_[key].value = {at, at};
    if (is_over(at, end)) return end;
    if (text_[at] == '{' || text_[at] == '[') return rest(flow(at, key, line_start));
    if (text_[at] == '|' || text_[at] == '>') {
      block_ = key;
      block_column_ = out_.entries_[key].column;
      out_.entries_[key].value.end = end;
    } else {
      out_.entries_[key].value = read_scalar(at, end, "").inside;
    }
    return end;
  }

  std::size_t rest(std::size_t at) const { return line_end(at); }

  struct Scalar {
    Span inside;          // without quotes
    std::size_t end = 0;  // behind them
  };
  // Within one line. Unquoted, it ends before a comment, before one of `signs`, and before a colon
  // among them only where a blank follows.
  Scalar read_scalar(std::size_t begin, std::size_t end, std::string_view signs) const {
    const char quote = text_[begin];
    std::size_t at = begin;
    if (quote == '"' || quote == '\'') {
      for (++at; at < end && text_[at] != quote; ++at) {
        if (quote == '"' && text_[at] == '\\') ++at;
      }
      if (at < end) return {{begin + 1, at}, at + 1};
      return {{begin + 1, std::max(begin + 1, without_blanks(begin, end))}, end};
    }
    for (; at < end; ++at) {
      if (text_[at] == '#' && at > begin && is_blank(text_[at - 1])) break;
      if (signs.find(text_[at]) == std::string_view::npos) continue;
      if (text_[at] != ':' || is_apart(at + 1, end)) break;
    }
    const std::size_t last = without_blanks(begin, at);
    return {{begin, last}, last};
  }
  std::size_t without_blanks(std::size_t begin, std::size_t end) const {
    while (end > begin && is_blank(text_[end - 1])) --end;
    return end;
  }

  // ---- brackets

  struct Open {
    std::size_t bracket = 0;
    std::size_t current = no_entry;  // the key whose value comes, or the item that has begun
  };

  // The key or item that what comes now belongs to.
  std::size_t target(Open& open, std::size_t at) {
    const Bracket& bracket = out_.brackets_[open.bracket];
    if (open.current == no_entry && bracket.is_map) return bracket.owner;
    if (open.current == no_entry) {
      open.current = add({Entry::Kind::item, bracket.owner, no_entry, {at, at}, 0, {}});
    }
    return open.current;
  }

  // To the bracket that closes the first; where it is missing, to the line that is indented no
  // further than the one it stands on (`line_start`), which therefore belongs to something else.
  std::size_t flow(std::size_t at, std::size_t owner, std::size_t line_start) {
    const std::size_t first = text_.find_first_not_of(blanks, line_start);
    const std::size_t outer = owner == no_entry ? 0 : first - line_start + 1;
    std::vector<Open> open;
    while (at < text_.size() && !is_full()) {
      const char c = text_[at];
      if (c == '\n') {
        const std::size_t end = line_end(at + 1);
        const std::size_t next = skip_blanks(at + 1, end);
        if (next < end && (next - at - 1 < outer || is_fence(text_.substr(at + 1, end - at - 1)))) {
          break;
        }
        ++at;
      } else if (c == '{' || c == '[') {
        const std::size_t in = open.empty() ? owner : target(open.back(), at);
        out_.brackets_.push_back({{at + 1, text_.size()}, in, c == '{'});
        open.push_back({out_.brackets_.size() - 1, no_entry});
        ++at;
      } else if (c == '}' || c == ']') {
        out_.brackets_[open.back().bracket].inside.end = at++;
        open.pop_back();
        if (open.empty()) return at;
      } else if (c == ',') {
        open.back().current = no_entry;
        ++at;
      } else if (is_blank(c) || c == ':') {
        ++at;
      } else if (c == '#') {
        at = line_end(at);
      } else {
        at = flow_scalar(open.back(), at);
      }
    }
    for (const Open& left : open) out_.brackets_[left.bracket].inside.end = at;
    return at;
  }

  std::size_t flow_scalar(Open& open, std::size_t at) {
    const std::size_t end = line_end(at);
    const Scalar scalar = read_scalar(at, end, ":,[]{}");
    const std::size_t colon = skip_blanks(scalar.end, end);
    const bool is_map = out_.brackets_[open.bracket].is_map;
    if (colon < end && text_[colon] == ':') {
      const std::size_t owner = is_map ? out_.brackets_[open.bracket].owner : target(open, at);
      const std::size_t value = skip_blanks(colon + 1, end);
      open.current =
          add({Entry::Kind::key, owner, no_entry, scalar.inside, colon + 1, {value, value}});
      return colon + 1;
    }
    if (is_map && open.current != no_entry) {
      out_.entries_[open.current].value = scalar.inside;
    } else {
      const std::size_t owner = target(open, at);
      add({Entry::Kind::word, owner, no_entry, scalar.inside, 0, {}});
    }
    // A sign that begins no scalar, and still is none of a bracket's, is passed over.
    return std::max(scalar.end, at + 1);
  }

  Outline& out_;
  std::string_view text_;
  std::vector<std::size_t> open_;  // what the next line may lie in, the innermost last
  std::size_t block_ = no_entry;   // the key of the `|` or `>` whose lines come
  std::size_t block_column_ = 0;
};

Outline::Outline(std::string_view text, bool is_message) : text_(text) {
  Scanner(*this).run(is_message);
}

std::optional<Cursor> Outline::at(std::size_t offset) const {
  if (end_ == no_entry || offset > end_) return std::nullopt;
  for (std::size_t i = entries_.size(); i-- > 0;) {
    if (auto cursor = on_entry(i, offset)) return cursor;
  }
  return in_space(offset);
}

std::optional<Cursor> Outline::on_entry(std::size_t index, std::size_t offset) const {
  const Entry& entry = entries_[index];
  if (entry.kind == Entry::Kind::item) return std::nullopt;
  if (entry.name.holds(offset)) {
    const Bracket* bracket = entry.column == no_entry ? bracket_at(offset) : nullptr;
    const bool names_key =
        entry.kind == Entry::Kind::key || (bracket != nullptr && bracket->is_map);
    return Cursor{names_key ? Cursor::Where::key : Cursor::Where::node, entry.parent, false, index,
                  entry.name};
  }
  if (entry.kind != Entry::Kind::key || !Span{entry.after, entry.value.end}.holds(offset)) {
    return std::nullopt;
  }
  const bool is_before = offset < entry.value.begin;
  return Cursor{Cursor::Where::value, index, false, index,
                is_before ? Span{offset, offset} : entry.value};
}

const Outline::Bracket* Outline::bracket_at(std::size_t offset) const {
  const auto holds = [&](const Bracket& bracket) { return bracket.inside.holds(offset); };
  const auto found = std::find_if(brackets_.rbegin(), brackets_.rend(), holds);
  return found == brackets_.rend() ? nullptr : &*found;
}

std::optional<Cursor> Outline::in_space(std::size_t offset) const {
  const Span here{offset, offset};
  if (const Bracket* bracket = bracket_at(offset); bracket != nullptr) {
    return bracket->is_map ? Cursor{Cursor::Where::key, bracket->owner, false, no_entry, here}
                           : Cursor{Cursor::Where::node, bracket->owner, true, no_entry, here};
  }
  const std::size_t line = offset == 0 ? 0 : text_.rfind('\n', offset - 1) + 1;
  const std::string_view before = text_.substr(line, offset - line);
  if (before.find_first_not_of(" \t-") != std::string_view::npos) return std::nullopt;
  for (std::size_t i = entries_.size(); i-- > 0;) {
    const Entry& entry = entries_[i];
    const bool may_hold = entry.kind != Entry::Kind::word && entry.column < before.size();
    if (entry.name.begin < offset && may_hold) {
      return Cursor{Cursor::Where::node, i, false, no_entry, here};
    }
  }
  return Cursor{Cursor::Where::node, no_entry, false, no_entry, here};
}

std::map<std::string_view, std::string_view> Outline::keys_of(std::size_t parent,
                                                              std::size_t without) const {
  std::map<std::string_view, std::string_view> keys;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.kind != Entry::Kind::key || entry.parent != parent || i == without) continue;
    keys.emplace(entry.name.of(text_), entry.value.of(text_));
  }
  return keys;
}

std::size_t Outline::find(std::size_t parent, std::string_view name) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.kind == Entry::Kind::key && entry.parent == parent && entry.name.of(text_) == name;
  });
  return found == entries_.end() ? no_entry : static_cast<std::size_t>(found - entries_.begin());
}

Span Outline::extent(std::size_t key) const {
  // What the key holds follows it at once, and lies in it or in what it holds.
  const auto next = std::find_if(
      entries_.begin() + static_cast<std::ptrdiff_t>(key) + 1, entries_.end(),
      [&](const Entry& other) { return other.parent == no_entry || other.parent < key; });
  const std::size_t end = next == entries_.end() ? end_ : next->name.begin;
  return {entries_[key].name.begin, text_.find_last_not_of(" \t\r\n,", end - 1) + 1};
}

}  // namespace nurtured::daemon::lsp
