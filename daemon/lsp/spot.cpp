#include "daemon/lsp/spot.h"

#include <algorithm>
#include <array>

#include "config/schema.h"

namespace nurtured::daemon::lsp {
namespace {

bool is_message(std::string_view path) {
  return path.starts_with("content/") && path.find('/', path.find('/') + 1) == std::string::npos;
}

// Null for a file that has none.
cel::Value schema_for(const BookFiles& files, std::string_view path) {
  std::string name;
  if (path.starts_with("playbooks/")) {
    name = "playbook";
  } else if (path.starts_with("tests/")) {
    name = "test";
  } else if (is_message(path)) {
    name = "message";
  } else {
    name = path.substr(0, path.rfind('.'));
  }
  const auto known = config::schema_names();
  if (std::ranges::find(known, name) == known.end()) return {};
  return config::schema_of(name, files.names);
}

// What stands before a name in quotes, and the sort of the name.
struct Introduction {
  std::string_view before;
  std::string_view sort;
};
constexpr std::array introductions = std::to_array<Introduction>({
    {"in_segment(", "segment_name"},
    {"did(", "any_event_name"},
    {"times(", "any_event_name"},
    {"last(", "any_event_name"},
    {"{% render", partial_name},
    {"{%- render", partial_name},
    {"{% include", partial_name},
    {"{%- include", partial_name},
});

std::optional<NameUse> quoted_name(std::string_view text, std::size_t offset) {
  const std::size_t line_begin = text.substr(0, offset).rfind('\n') + 1;
  const std::size_t line_end = std::min(text.find_first_of("\r\n", offset), text.size());
  const std::string_view before = text.substr(line_begin, offset - line_begin);
  const std::size_t quote = before.find_last_of("\"'");
  if (quote == std::string_view::npos) return std::nullopt;
  std::string_view opening = before.substr(0, quote);
  // CEL in a double-quoted scalar has its quotes escaped.
  if (opening.ends_with('\\')) opening.remove_suffix(1);
  while (opening.ends_with(' ')) opening.remove_suffix(1);
  const auto introduction = std::ranges::find_if(
      introductions, [&](const Introduction& its) { return opening.ends_with(its.before); });
  if (introduction == introductions.end()) return std::nullopt;
  const std::size_t end = std::min(text.find_first_of("\"'\\)%", offset), line_end);
  return NameUse{introduction->sort, {line_begin + quote + 1, end}};
}

}  // namespace

Spot::Spot(const BookFiles& files, std::string_view path, std::string_view text, std::size_t offset)
    : files_(files),
      path_(path),
      text_(text),
      offset_(std::min(offset, text.size())),
      schema_(schema_for(files, path)),
      outline_(text, is_message(path)),
      walk_(schema_, outline_, text) {
  if (schema_.is_map()) cursor_ = outline_.at(offset_);
  quoted_ = quoted_name(text_, offset_);
}

std::vector<Shape> Spot::map_shapes() const {
  if (!cursor_ || cursor_->where == Cursor::Where::value) return {};
  auto shapes = walk_.shapes(cursor_->entry, cursor_->self);
  return cursor_->in_list ? walk_.items(shapes) : shapes;
}

std::vector<Shape> Spot::scalar_shapes() const {
  if (!cursor_ || cursor_->where == Cursor::Where::key) return {};
  return cursor_->where == Cursor::Where::value ? walk_.shapes(cursor_->entry) : map_shapes();
}

std::vector<Shape> Spot::key_shapes() const {
  return walk_.key_names(map_shapes());
}

std::vector<NameUse> Spot::uses() const {
  if (quoted_) return {*quoted_};
  std::vector<NameUse> uses;
  for (const auto& shapes : {scalar_shapes(), key_shapes()}) {
    for (const Shape& shape : shapes) {
      if (shape.definition.empty()) continue;
      if (std::ranges::find(uses, shape.definition, &NameUse::sort) != uses.end()) continue;
      uses.push_back({shape.definition, cursor_->typed});
    }
  }
  return uses;
}

std::string_view Spot::beside(std::string_view key) const {
  if (!cursor_ || cursor_->self == no_entry) return {};
  const std::size_t found = outline_.find(outline_.entries()[cursor_->self].parent, key);
  return found == no_entry ? "" : outline_.entries()[found].value.of(text_);
}

}  // namespace nurtured::daemon::lsp
