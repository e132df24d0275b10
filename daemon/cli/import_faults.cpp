#include "daemon/cli/import_faults.h"

#include <array>
#include <filesystem>

#include "rules/cel/json.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::array<std::string_view, 3> marks = {"line", "column", "reason"};

std::string mark_name(std::string_view mark) {
  return std::string(import_mark_prefix) + std::string(mark);
}

}  // namespace

Result<void> ImportFaults::open(const ImportRows& rows) {
  std::error_code unknown;
  const bool is_begun = goes_on_ && std::filesystem::exists(path_, unknown);
  file_.open(path_, std::ios::binary | (is_begun ? std::ios::app : std::ios::trunc));
  if (!file_) return base::fail(ErrorKind::disk, path_ + " cannot be written");
  if (is_begun || format_ == ImportFormat::jsonl) return {};
  std::vector<std::string> header;
  header.reserve(std::size(marks) + rows.columns().size());
  for (const auto mark : marks) header.push_back(mark_name(mark));
  // Columns of a file that was mended once already.
  for (const auto& column : rows.columns()) {
    if (!column.starts_with(import_mark_prefix)) header.push_back(column);
  }
  file_ << csv_line(header, rows.delimiter());
  return {};
}

Result<void> ImportFaults::add(const ImportRows& rows, const ImportRow& row,
                               const std::string& column, const std::string& reason) {
  if (path_.empty()) return {};
  if (!file_.is_open()) {
    if (auto done = open(rows); !done) return done;
  }
  const std::array<std::string, marks.size()> values = {std::to_string(row.line), column, reason};
  if (format_ == ImportFormat::csv) {
    std::vector<std::string> cells(values.begin(), values.end());
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const bool is_mark =
          i < rows.columns().size() && rows.columns()[i].starts_with(import_mark_prefix);
      if (!is_mark) cells.push_back(row.cells[i]);
    }
    file_ << csv_line(cells, rows.delimiter());
    return {};
  }
  cel::Map object;
  for (std::size_t i = 0; i < marks.size(); ++i) object.set(mark_name(marks[i]), values[i]);
  const auto known = cel::from_json(row.json, {.bytes_max = import_record_bytes_max});
  if (known && known->is_map()) {
    for (const auto& [key, value] : known->as_map()) {
      if (!key.as_string().starts_with(import_mark_prefix)) object.set(key, value);
    }
  }
  file_ << cel::to_json(object) << '\n';
  return {};
}

Result<void> ImportFaults::flush() {
  if (!file_.is_open()) return {};
  file_.flush();
  if (file_) return {};
  return base::fail(ErrorKind::disk, path_ + " cannot be written");
}

}  // namespace nurtured::daemon::cli
