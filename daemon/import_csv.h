// Records of a CSV file (RFC 4180, and what spreadsheets make of it), by libcsv, each with the line
// on which it begins. Bounded, and never stopped by a bad record.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/import_source.h"

namespace nurtured::daemon {

inline constexpr std::size_t import_columns_max = 400;
inline constexpr std::size_t import_cell_bytes_max = std::size_t{16} << 10;

struct CsvRecord {
  std::size_t line = 0;  // on which it begins, from 1
  std::vector<std::string> cells;
  std::string fault;  // why it cannot be taken; `cells` are then empty
};

class CsvReader {
 public:
  // `source` must outlive it.
  explicit CsvReader(ImportSource& source);
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) = delete;

  // The next record that is not blank; nullopt at the end. The first one decides on the delimiter:
  // comma, semicolon or tab, whichever it has most of outside of quotes. Errors are the source's.
  //
  // A quote that is never closed would take in the rest of the file: past import_record_bytes_max
  // the line that has it is given as a fault, and the lines behind it are read for themselves.
  base::Result<std::optional<CsvRecord>> next();

  char delimiter() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A record as libcsv writes it: each cell in quotes, then CR LF (RFC 4180).
std::string csv_line(const std::vector<std::string>& cells, char delimiter);

}  // namespace nurtured::daemon
