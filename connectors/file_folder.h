// The folder of the file connector: writes that are whole or not there, and the page that lists
// them. One thread.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nurtured::connectors {

struct FileRow {
  std::string file;  // its name in the folder
  std::string at;    // RFC 3339
  std::string to;
  std::string subject;
  std::string message;
  bool operator==(const FileRow&) const = default;
};

class FileFolder {
 public:
  FileFolder(std::string path, std::size_t rows_max)
      : path_(std::move(path)), rows_max_(rows_max) {}

  // Durable when it returns: written aside, synced, renamed, the folder synced. Makes the folder
  // where it is missing. `disk` for what the system refuses.
  base::Result<void> write(const FileRow& row, std::string_view bytes);
  // index.html and index.json, which gives the rows back after a restart. For people: not synced.
  base::Result<void> write_index();

 private:
  base::Result<void> open();
  base::Result<void> replace(const std::string& name, std::string_view bytes, bool durable) const;
  void list(const FileRow& row);

  std::string path_;
  std::size_t rows_max_;
  bool opened_ = false;
  std::deque<FileRow> rows_;  // newest first
};

// Pure.
std::string index_page(const std::deque<FileRow>& rows);
std::string index_json(const std::deque<FileRow>& rows);
// What does not read is left out: the index is a convenience.
std::deque<FileRow> parse_index(std::string_view json, std::size_t rows_max);

}  // namespace nurtured::connectors
