// The rows of a file to import, of CSV or of JSON lines, each as the fields that the operations
// take (daemon/import_columns.h) and as it stood in the file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/import_columns.h"
#include "daemon/import_csv.h"
#include "daemon/import_source.h"
#include "rules/cel/value.h"

namespace nurtured::daemon::cli {

enum class ImportFormat { csv, jsonl };

struct ImportRow {
  std::size_t line = 0;
  cel::Map fields;
  std::vector<std::string> cells;  // of CSV, as it stood
  std::string json;                // of JSON lines, as it stood; empty where it is none
  std::string fault;               // why it cannot be taken
};

class ImportRows {
 public:
  // `source` must outlive it. Of CSV the first record names the columns: `invalid` without one, and
  // where they cannot be understood.
  static base::Result<ImportRows> open(ImportSource& source, ImportKind kind, ImportFormat format,
                                       ColumnMap map);

  // nullopt at the end. Errors are the source's, or of a --map that cannot be.
  base::Result<std::optional<ImportRow>> next();

  // Of CSV: as they are named.
  const std::vector<std::string>& columns() const { return columns_; }
  char delimiter() const { return csv_ ? csv_->delimiter() : ','; }
  // The column that says it, or the field itself.
  std::string column_of(const std::string& field) const;

 private:
  ImportRows(ImportSource& source, ImportKind kind, ColumnMap map)
      : source_(&source), kind_(kind), map_(std::move(map)) {}
  base::Result<void> read_header();
  base::Result<std::optional<ImportRow>> next_record();
  base::Result<std::optional<ImportRow>> next_object();
  void read_object(const cel::Value& object, ImportRow& row);
  base::Result<std::string> field_of(const std::string& key);

  ImportSource* source_;
  ImportKind kind_;
  ColumnMap map_;
  std::optional<CsvReader> csv_;
  std::vector<std::string> columns_;
  std::vector<std::string> fields_;                             // of each column
  std::map<std::string, std::string, std::less<>> known_keys_;  // of JSON: key → field
};

}  // namespace nurtured::daemon::cli
