#include "daemon/cli/import_rows.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/encoding.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::cli {
namespace {

using base::Result;

// Different keys that a file of JSON lines may have; beyond, they are read anew each time.
constexpr std::size_t known_keys_max = 2000;
constexpr std::size_t json_depth_max = 20;

// What a row may nest: {"consent": {"email": {"at": …}}} says what "consent.email.at" does.
constexpr std::array groups = {"attributes", "channels", "consent", "properties", "suppressed"};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// "consent.email" of {"given": …} is the consent itself.
std::string joined(const std::string& outer, const std::string& inner) {
  return inner == "given" || inner == "reason" ? outer : outer + "." + inner;
}

}  // namespace

Result<ImportRows> ImportRows::open(ImportSource& source, ImportKind kind, ImportFormat format,
                                    ColumnMap map) {
  ImportRows rows(source, kind, std::move(map));
  if (format == ImportFormat::jsonl) {
    // What is wrong with --map is wrong whatever the rows say.
    if (const auto any = column_field(kind, "email", rows.map_); !any) {
      return base::fail(any.error());
    }
    return rows;
  }
  rows.csv_.emplace(source);
  if (auto done = rows.read_header(); !done) return base::fail(done.error());
  return rows;
}

Result<void> ImportRows::read_header() {
  auto header = csv_->next();
  if (!header) return base::fail(header.error());
  if (!*header) return base::fail("the file is empty", "its first line names the columns");
  if (!(*header)->fault.empty()) {
    return base::fail("the line of the columns' names cannot be read: " + (*header)->fault);
  }
  columns_ = std::move((*header)->cells);
  auto fields = column_fields(kind_, columns_, map_);
  if (!fields) return base::fail(fields.error());
  fields_ = *std::move(fields);
  return {};
}

Result<std::optional<ImportRow>> ImportRows::next() {
  return csv_ ? next_record() : next_object();
}

Result<std::optional<ImportRow>> ImportRows::next_record() {
  auto record = csv_->next();
  if (!record) return base::fail(record.error());
  if (!*record) return std::optional<ImportRow>();
  ImportRow row{.line = (*record)->line,
                .fields = {},
                .cells = std::move((*record)->cells),
                .json = {},
                .fault = std::move((*record)->fault)};
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (is_blank(row.cells[i])) continue;
    if (i >= fields_.size()) {
      row.fault = fmt::format("it has {} columns instead of {}", row.cells.size(), fields_.size());
      break;
    }
    if (!fields_[i].empty()) row.fields.set(fields_[i], row.cells[i]);
  }
  return std::optional(std::move(row));
}

Result<std::optional<ImportRow>> ImportRows::next_object() {
  for (;;) {
    const auto line = source_->next();
    if (!line) return base::fail(line.error());
    if (*line == ImportSource::Line::end) return std::optional<ImportRow>();
    ImportRow row{.line = source_->number(), .fields = {}, .cells = {}, .json = {}, .fault = {}};
    if (*line == ImportSource::Line::too_long) {
      row.fault = fmt::format("it is longer than {} bytes", import_record_bytes_max);
      return std::optional(std::move(row));
    }
    if (is_blank(source_->line())) continue;
    const auto object = cel::from_json(
        source_->line(), {.bytes_max = import_record_bytes_max, .depth_max = json_depth_max});
    if (!object || !object->is_map()) {
      row.fault = object ? "it is no JSON object" : object.error().message;
      return std::optional(std::move(row));
    }
    row.json = source_->line();
    read_object(*object, row);
    return std::optional(std::move(row));
  }
}

void ImportRows::read_object(const cel::Value& object, ImportRow& row) {
  // A list of what is yet to be read, for groups nest up to three deep.
  std::vector<std::pair<std::string, const cel::Value*>> open;
  for (const auto& [key, value] : object.as_map()) open.emplace_back(key.as_string(), &value);
  while (!open.empty()) {
    auto [key, value] = std::move(open.back());
    open.pop_back();
    const std::string group = key.substr(0, key.find('.'));
    const auto depth = std::ranges::count(key, '.');
    const bool is_named = group == "consent" || group == "suppressed";
    if (value->is_map() && std::ranges::find(groups, group) != groups.end() &&
        depth < (is_named ? 2 : 1)) {
      for (const auto& [inner, nested] : value->as_map()) {
        open.emplace_back(joined(key, inner.as_string()), &nested);
      }
      continue;
    }
    auto field = field_of(key);
    if (!field) {
      row.fault = base::to_string(field.error());
      return;
    }
    if (field->empty() || value->is_null()) continue;
    if (row.fields.find(*field) != nullptr) row.fault = fmt::format("`{}` is there twice", *field);
    row.fields.set(*field, *value);
  }
}

Result<std::string> ImportRows::field_of(const std::string& key) {
  const auto known = known_keys_.find(key);
  if (known != known_keys_.end()) return known->second;
  auto field = column_field(kind_, key, map_);
  if (field && known_keys_.size() < known_keys_max) known_keys_.emplace(key, *field);
  return field;
}

std::string ImportRows::column_of(const std::string& field) const {
  const auto found = std::ranges::find(fields_, field);
  if (field.empty() || found == fields_.end()) return field;
  return columns_[static_cast<std::size_t>(found - fields_.begin())];
}

}  // namespace nurtured::daemon::cli
