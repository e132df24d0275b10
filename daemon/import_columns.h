// What the columns of an import mean: by their names, by those that other systems give theirs, and
// by what --map says. Pure.
//
// Fields of a contact
//   id                           the contact's own
//   email, channels.NAME         addresses
//   phone first_name last_name birthday locale timezone tags
//   consent.CHANNEL              yes, no, or the date of the consent; and .at .source .wording
//   .from suppressed.CHANNEL           unsubscribed, complained, bounced or manual; and .at
//   suppressed                   the same of the person
//   status                       of the e-mail address, in another system's words
//   attributes.NAME              what every other column is
// Fields of a touch
//   contact event kind at place channel note
//   properties.NAME              what every other column is
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace nurtured::daemon {

enum class ImportKind { contacts, touches };

// `--map COLUMN=FIELD`, in the order given. The field "-" leaves the column out.
using ColumnMap = std::vector<std::pair<std::string, std::string>>;

// A row's columns that tell of what was not taken before, as an error file has them: left out.
inline constexpr std::string_view import_mark_prefix = "import.";

// The field of each column, "" for one that is left out. `invalid` where two columns mean the same,
// a name in `map` is no column, its field is none, or a column is of what playbooks keep; with the
// --map that would mend it.
base::Result<std::vector<std::string>> column_fields(ImportKind kind,
                                                     std::span<const std::string> columns,
                                                     const ColumnMap& map);

// The same of one column alone, a key of a JSON object.
base::Result<std::string> column_field(ImportKind kind, std::string_view column,
                                       const ColumnMap& map);

// "COLUMN=FIELD" of the command line. `invalid` where it is not that.
base::Result<std::pair<std::string, std::string>> parse_column_map(std::string_view text);

}  // namespace nurtured::daemon
