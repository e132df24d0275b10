// The file of what an import did not take: each row with its line, its column and the reason in
// front, so that it can be mended there and imported in its turn.
#pragma once

#include <fstream>
#include <string>

#include "base/result.h"
#include "daemon/cli/import_rows.h"

namespace nurtured::daemon::cli {

class ImportFaults {
 public:
  // `path` empty: none is written. It is made with the first fault; `goes_on` keeps what an earlier
  // run wrote.
  ImportFaults(std::string path, ImportFormat format, bool goes_on)
      : path_(std::move(path)), format_(format), goes_on_(goes_on) {}

  // `disk` where it cannot be written.
  base::Result<void> add(const ImportRows& rows, const ImportRow& row, const std::string& column,
                         const std::string& reason);
  // What was added is with the operating system.
  base::Result<void> flush();

 private:
  base::Result<void> open(const ImportRows& rows);

  std::string path_;
  ImportFormat format_;
  bool goes_on_;
  std::ofstream file_;
};

}  // namespace nurtured::daemon::cli
