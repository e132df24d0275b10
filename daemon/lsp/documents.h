// The texts that the editor has open, which stand in the place of their files (LSP 3.17, "Text
// Document Synchronization"). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/lsp/positions.h"
#include "rules/cel/value.h"

namespace nurtured::daemon::lsp {

inline constexpr std::size_t documents_max = 1000;
inline constexpr std::size_t changes_max = 10'000;  // of one notification

struct Document {
  std::string uri;  // as the editor spells it
  std::int64_t version = 0;
  std::string text;
};

// `changes` is a list of TextDocumentContentChangeEvent: whole texts, or ranges of the text as the
// changes before have left it. `too_large` beyond config's limit on a file or changes_max,
// `invalid` for what is no change; the document is then of no more use.
base::Result<void> apply_changes(const cel::Value& changes, PositionEncoding encoding,
                                 Document& document);

// A Position of a message; nullopt for anything else. Numbers below 0 are 0.
std::optional<Position> read_position(const cel::Value* value);
cel::Value to_value(const Position& position);
cel::Value range_value(std::string_view text, const Span& span, PositionEncoding encoding);

}  // namespace nurtured::daemon::lsp
