// A file to import: its charset, its CSV or JSON lines, its columns, and what each row becomes.
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include "daemon/cli/import_rows.h"
#include "daemon/import_item.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

void read_as(cli::ImportFormat format, ImportKind kind, const std::string& bytes) {
  static const rules::Book book{rules::BookParts{}};
  const ImportContext context{
      .book = book,
      .now = base::Instant{std::chrono::days{20000}},
      .find_contact = [](const std::string& name) { return base::Result<Who>({.user_id = name}); }};
  std::istringstream in(bytes);
  auto source = ImportSource::open("-", in, "");
  if (!source) return;
  auto rows = cli::ImportRows::open(*source, kind, format, {});
  if (!rows) return;
  for (;;) {
    const auto row = rows->next();
    if (!row || !*row) return;
    if (!(*row)->fault.empty()) continue;
    if (kind == ImportKind::contacts) {
      static_cast<void>(read_import_contact((*row)->fields, context));
    } else {
      static_cast<void>(read_import_touch((*row)->fields, context));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const auto format : {cli::ImportFormat::csv, cli::ImportFormat::jsonl}) {
    read_as(format, ImportKind::contacts, bytes);
    read_as(format, ImportKind::touches, bytes);
  }
  return 0;
}
