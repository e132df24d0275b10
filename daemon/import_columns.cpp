#include "daemon/import_columns.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/encoding.h"
#include "rules/traits.h"

namespace nurtured::daemon {
namespace {

using base::Result;

struct Alias {
  std::string_view column;  // in small letters, without blanks, hyphens and underlines
  std::string_view field;
};

// How tables of contacts call their columns; GetResponse's are among them
// (getresponse.com/help/how-do-i-prepare-a-file-for-import.html; its custom field is birthdate).
// Its one `name` may be a first name or both, so it stays an attribute until --map says which.
constexpr std::array contact_aliases = {
    Alias{"id", "id"},
    Alias{"userid", "id"},
    Alias{"contactid", "id"},
    Alias{"email", "email"},
    Alias{"e.mail", "email"},
    Alias{"mail", "email"},
    Alias{"emailaddress", "email"},
    Alias{"почта", "email"},
    Alias{"phone", "phone"},
    Alias{"phonenumber", "phone"},
    Alias{"телефон", "phone"},
    Alias{"firstname", "first_name"},
    Alias{"имя", "first_name"},
    Alias{"lastname", "last_name"},
    Alias{"surname", "last_name"},
    Alias{"фамилия", "last_name"},
    Alias{"birthday", "birthday"},
    Alias{"birthdate", "birthday"},
    Alias{"dateofbirth", "birthday"},
    Alias{"датарождения", "birthday"},
    Alias{"locale", "locale"},
    Alias{"language", "locale"},
    Alias{"timezone", "timezone"},
    Alias{"tags", "tags"},
    Alias{"теги", "tags"},
    Alias{"status", "status"},
    Alias{"emailstatus", "status"},
    Alias{"subscriptionstatus", "status"},
    Alias{"статус", "status"},
    Alias{"unsubscribed", "suppressed.email"},
    Alias{"donotcontact", "suppressed.email"},
};

// A table that Mautic exports has the aliases of its contacts' fields, core fields first
// (mautic/mautic app/bundles/LeadBundle/Model/FieldModel.php, $coreFields). Its own number and what
// it keeps by rules of its own stay recognisable. Who is not to be contacted is in no export of
// contacts: a report has it, as `doNotContact` of an import does.
constexpr std::array mautic_signs = {"firstname", "lastname", "points", "preferredlocale"};
constexpr std::array mautic_aliases = {
    Alias{"id", "attributes.mautic_id"},
    Alias{"stage", "attributes.mautic_stage"},
    Alias{"points", "attributes.mautic_points"},
    Alias{"preferredlocale", "locale"},
};

constexpr std::array touch_aliases = {
    Alias{"contact", "contact"}, Alias{"contactid", "contact"},
    Alias{"id", "contact"},      Alias{"userid", "contact"},
    Alias{"email", "contact"},   Alias{"event", "event"},
    Alias{"kind", "kind"},       Alias{"at", "at"},
    Alias{"date", "at"},         Alias{"time", "at"},
    Alias{"datetime", "at"},     Alias{"timestamp", "at"},
    Alias{"дата", "at"},         Alias{"place", "place"},
    Alias{"channel", "channel"}, Alias{"note", "note"},
};

constexpr std::array contact_fields = {"id",        "email",    "phone",      "first_name",
                                       "last_name", "birthday", "locale",     "timezone",
                                       "tags",      "status",   "suppressed", "suppressed.at"};
constexpr std::array touch_fields = {"contact", "event", "kind", "at", "place", "channel", "note"};

// What playbooks keep of a contact, and what is no field without more.
constexpr std::array kept = {"score", "stage", "consent", "channels"};

// Whatever the case of its letters; no blanks, hyphens and underlines.
std::string folded(std::string_view text) {
  std::string out = base::fold_case(text);
  std::erase_if(out, [](char c) { return c == ' ' || c == '-' || c == '_'; });
  return out;
}

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

// A title as conditions can say it, "Company name" as company_name; "companyName" stays.
std::string attribute_of(std::string_view column) {
  const bool is_title = !column.empty() && is_capital(column.front());
  std::string name;
  for (const char c : column) {
    if (c == ' ' || c == '-') {
      if (!name.ends_with('_')) name += '_';
    } else {
      name += is_title && is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return name;
}

template <class Table>
std::optional<std::string> find_alias(const Table& table, std::string_view column) {
  const auto found = std::ranges::find(table, column, &Alias::column);
  if (found == table.end()) return std::nullopt;
  return std::string(found->field);
}

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "consent.email.at" with the known parts at its end.
bool is_dotted_field(std::string_view field) {
  constexpr std::array parts = {"at", "source", "wording", "from"};
  const std::size_t dot = field.find('.');
  if (dot == std::string_view::npos || dot + 1 == field.size()) return false;
  const std::string_view group = field.substr(0, dot);
  const std::string_view rest = field.substr(dot + 1);
  const std::size_t second = rest.find('.');
  const std::string_view part =
      second == std::string_view::npos ? std::string_view() : rest.substr(second + 1);
  if (group == "channels") return second == std::string_view::npos;
  if (group == "consent") return part.empty() || contains(parts, part);
  return group == "suppressed" && (part.empty() || part == "at");
}

bool is_field(ImportKind kind, std::string_view field) {
  const bool is_touch = kind == ImportKind::touches;
  const std::string_view free = is_touch ? "properties." : "attributes.";
  if (field.starts_with(free)) {
    return field.size() > free.size() && field.size() <= rules::trait_name_bytes_max;
  }
  return is_touch ? contains(touch_fields, field)
                  : contains(contact_fields, field) || is_dotted_field(field);
}

class ColumnReader {
 public:
  ColumnReader(ImportKind kind, std::span<const std::string> columns, const ColumnMap& map)
      : kind_(kind), columns_(columns), map_(map) {
    std::vector<std::string> all;
    for (const auto& column : columns) all.push_back(folded(base::trimmed(column)));
    is_mautic_ = kind == ImportKind::contacts &&
                 std::ranges::all_of(mautic_signs, [&](auto sign) { return contains(all, sign); });
  }

  Result<std::string> read_one(std::string_view column) const {
    if (auto done = check_fields(); !done) return base::fail(done.error());
    return field_of(base::trimmed(column));
  }

  Result<std::vector<std::string>> read() const {
    if (auto done = check_fields(); !done) return base::fail(done.error());
    if (auto done = check_map(); !done) return base::fail(done.error());
    std::vector<std::string> fields;
    std::map<std::string, std::string> columns_of;
    for (const auto& column : columns_) {
      auto field = field_of(base::trimmed(column));
      if (!field) return base::fail(field.error());
      if (!field->empty()) {
        const auto [other, is_new] = columns_of.try_emplace(*field, column);
        if (!is_new) {
          return base::fail(
              fmt::format("the columns {} and {} are both `{}`", other->second, column, *field),
              fmt::format("leave one out: --map '{}=-'", column));
        }
      }
      fields.push_back(*std::move(field));
    }
    return fields;
  }

 private:
  Result<void> check_fields() const {
    for (const auto& [column, field] : map_) {
      if (field == "-" || is_field(kind_, field)) continue;
      return base::fail(fmt::format("--map: `{}` is no field", field),
                        "`nurtured import contacts --help` and `… touches --help` have them all");
    }
    return {};
  }

  Result<void> check_map() const {
    for (const auto& [column, field] : map_) {
      const bool is_there = std::ranges::any_of(columns_, [&](const auto& name) {
        return folded(base::trimmed(name)) == folded(base::trimmed(column));
      });
      if (!is_there) return base::fail(fmt::format("--map: there is no column {}", column));
    }
    return {};
  }

  Result<std::string> field_of(std::string_view column) const {
    const std::string name = folded(column);
    for (const auto& [mapped, field] : map_) {
      if (folded(base::trimmed(mapped)) == name) return field == "-" ? std::string() : field;
    }
    if (name.empty() || column.starts_with(import_mark_prefix)) return std::string();
    if (kind_ == ImportKind::touches) {
      if (auto field = find_alias(touch_aliases, name)) return *std::move(field);
      if (is_field(kind_, column)) return std::string(column);
      return free_field("properties.", column);
    }
    if (is_mautic_) {
      if (auto field = find_alias(mautic_aliases, name)) return *std::move(field);
    }
    if (auto field = find_alias(contact_aliases, name)) return *std::move(field);
    if (is_field(kind_, column)) return std::string(column);
    if (contains(kept, name) || column.starts_with("consent.")) {
      return base::fail(
          fmt::format("the column {} cannot be taken as it is", column),
          fmt::format("name what it is, or leave it out: --map '{0}=attributes.old_{1}', --map "
                      "'{0}=-'",
                      column, name));
    }
    return free_field("attributes.", column);
  }

  static Result<std::string> free_field(std::string_view group, std::string_view column) {
    std::string field = std::string(group) + attribute_of(column);
    if (rules::is_plain_text(field, rules::trait_name_bytes_max)) return field;
    return base::fail("a column's name is too long or has control characters");
  }

  ImportKind kind_;
  std::span<const std::string> columns_;
  const ColumnMap& map_;
  bool is_mautic_ = false;
};

}  // namespace

Result<std::vector<std::string>> column_fields(ImportKind kind,
                                               std::span<const std::string> columns,
                                               const ColumnMap& map) {
  return ColumnReader(kind, columns, map).read();
}

Result<std::string> column_field(ImportKind kind, std::string_view column, const ColumnMap& map) {
  return ColumnReader(kind, {}, map).read_one(column);
}

Result<std::pair<std::string, std::string>> parse_column_map(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return base::fail(fmt::format("{} is not COLUMN=FIELD", text));
  }
  return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace nurtured::daemon
