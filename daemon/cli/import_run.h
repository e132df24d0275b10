// One import from its first row to its summary: read in batches, each on disk before the next is
// sent; how far it came is kept in the store, so that the same command goes on where it stopped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/cli/import_rows.h"
#include "daemon/cli/toolbox.h"

namespace nurtured::daemon::cli {

// `--consent CHANNEL=DATE:WORDING`: everybody of the file agreed then, who is not said otherwise
// of.
struct ImportConsent {
  std::string channel;
  std::string date;
  std::string wording;
};
// `invalid` where it is not that.
base::Result<ImportConsent> parse_import_consent(std::string_view text);

struct ImportOptions {
  ImportKind kind = ImportKind::contacts;
  std::string file;
  std::string as;       // csv or jsonl; empty: as the file's name ends
  std::string charset;  // empty: it is recognised
  std::string errors;   // where to write what is not taken; empty: beside the file
  ColumnMap map;
  std::vector<ImportConsent> consents;
  bool dry_run = false;
  bool start = false;
  std::string format = "text";
};

// The exit status.
int run_import(const Call& call, const ImportOptions& options);

}  // namespace nurtured::daemon::cli
