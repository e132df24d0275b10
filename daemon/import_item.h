// One row of an import, as fields and what they say (daemon/import_columns.h), read into the event
// that it makes. Nothing of it starts a playbook, unless that was asked for. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/inputs.h"
#include "rules/book.h"
#include "rules/cel/value.h"

namespace nurtured::daemon {

inline constexpr std::size_t import_tags_max = 100;
// Of a consent's wording, source and place, and of a touch's note.
inline constexpr std::size_t import_evidence_bytes_max = 4096;

// Why a row is not taken.
struct ImportFault {
  std::string field;  // empty: the row as a whole
  std::string reason;
};
template <class T>
using ImportResult = tl::expected<T, ImportFault>;

struct ImportContext {
  const rules::Book& book;
  base::Instant now;
  bool starts = false;  // playbooks may start
  // Whom a touch is of, by what its `contact` says. An error is the row's.
  std::function<base::Result<Who>(const std::string& name)> find_contact = {};
};

// `fields` is a map: text, as tables have it, or any JSON. An empty text says nothing. A consent
// keeps its own date; one in the future, an unknown channel or an address that is none is a fault.
ImportResult<EventInput> read_import_contact(const cel::Value& fields,
                                             const ImportContext& context);

// Of the event that the row names, or of `touch.logged` with its kind.
ImportResult<EventInput> read_import_touch(const cel::Value& fields, const ImportContext& context);

// A moment as tables have it: RFC 3339, or on the clock of `zone` "2026-03-01", "2026-03-01 10:30"
// with or without seconds, "01.03.2026" and "01.03.2026 10:30". `invalid` for anything else,
// "03/01/2026" for one, which means two days.
base::Result<base::Instant> parse_import_time(std::string_view text, const rules::Zone& zone);

}  // namespace nurtured::daemon
