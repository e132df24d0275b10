#include "daemon/lsp/documents.h"

#include <algorithm>

#include "config/workspace.h"

namespace nurtured::daemon::lsp {
namespace {

base::Result<void> apply_change(const cel::Value& change, PositionEncoding encoding,
                                std::string& text) {
  const cel::Value* written = change.find("text");
  if (written == nullptr || !written->is_string()) return base::fail("a change without its text");
  const cel::Value* range = change.find("range");
  if (range == nullptr || range->is_null()) {
    text = written->as_string();
  } else {
    const auto start = read_position(range->find("start"));
    const auto end = read_position(range->find("end"));
    if (!start || !end) return base::fail("a change without its range");
    const std::size_t from = offset_at(text, *start, encoding);
    const std::size_t to = std::max(from, offset_at(text, *end, encoding));
    text.replace(from, to - from, written->as_string());
  }
  if (text.size() <= config::WorkspaceLimits{}.file_bytes_max) return {};
  return base::fail(base::ErrorKind::too_large, "a text that is too long");
}

}  // namespace

base::Result<void> apply_changes(const cel::Value& changes, PositionEncoding encoding,
                                 Document& document) {
  if (!changes.is_list()) return base::fail("no list of changes");
  if (changes.as_list().size() > changes_max) {
    return base::fail(base::ErrorKind::too_large, "too many changes at once");
  }
  for (const cel::Value& change : changes.as_list()) {
    if (auto done = apply_change(change, encoding, document.text); !done) return done;
  }
  return {};
}

std::optional<Position> read_position(const cel::Value* value) {
  if (value == nullptr) return std::nullopt;
  const cel::Value* line = value->find("line");
  const cel::Value* character = value->find("character");
  if (line == nullptr || !line->is_int() || character == nullptr || !character->is_int()) {
    return std::nullopt;
  }
  return Position{std::max<std::int64_t>(line->as_int(), 0),
                  std::max<std::int64_t>(character->as_int(), 0)};
}

cel::Value to_value(const Position& position) {
  return cel::Map{{"line", position.line}, {"character", position.character}};
}

cel::Value range_value(std::string_view text, const Span& span, PositionEncoding encoding) {
  return cel::Map{{"start", to_value(position_at(text, span.begin, encoding))},
                  {"end", to_value(position_at(text, span.end, encoding))}};
}

}  // namespace nurtured::daemon::lsp
