#include "connectors/file_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <boost/json.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nurtured::connectors {
namespace {

namespace json = boost::json;
using base::ErrorKind;
using base::Result;

constexpr std::uintmax_t index_bytes_max = 4 * 1024 * 1024;
constexpr mode_t file_mode = 0640;

tl::unexpected<base::Error> disk_error(const std::string& what, const std::string& path) {
  return base::fail(ErrorKind::disk,
                    "cannot " + what + " " + path + ": " + std::generic_category().message(errno));
}

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, file_mode)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool is_open() const { return fd_ >= 0; }
  bool sync() const { return ::fsync(fd_) == 0; }
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

 private:
  int fd_;
};

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string index_page(const std::deque<FileRow>& rows) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<title>Messages</title>\n<style>body{font:16px/1.5 "
      "system-ui;margin:2rem}"
      "table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:left;"
      "border-bottom:1px solid #8884}</style>\n</head>\n<body>\n<h1>Messages</h1>\n<table>\n"
      "<tr><th>Time</th><th>To</th><th>Message</th><th>Subject</th></tr>\n";
  for (const FileRow& row : rows) {
    page += "<tr><td>" + escape_html(row.at) + "</td><td>" + escape_html(row.to) + "</td><td>" +
            escape_html(row.message) + "</td><td><a href=\"" + escape_html(row.file) + "\">" +
            escape_html(row.subject.empty() ? row.file : row.subject) + "</a></td></tr>\n";
  }
  return page + "</table>\n</body>\n</html>\n";
}

std::string index_json(const std::deque<FileRow>& rows) {
  json::array array;
  for (const FileRow& row : rows) {
    array.push_back({{"file", row.file},
                     {"at", row.at},
                     {"to", row.to},
                     {"subject", row.subject},
                     {"message", row.message}});
  }
  return json::serialize(array) + "\n";
}

std::deque<FileRow> parse_index(std::string_view text, std::size_t rows_max) {
  std::deque<FileRow> rows;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::array* const array = error ? nullptr : parsed.if_array();
  if (array == nullptr) return rows;
  for (const json::value& value : *array) {
    const json::object* const object = value.if_object();
    if (object == nullptr || rows.size() == rows_max) continue;
    FileRow row{text_at(*object, "file"), text_at(*object, "at"), text_at(*object, "to"),
                text_at(*object, "subject"), text_at(*object, "message")};
    // It becomes a link, and only ours lie beside the page.
    const bool is_name = !row.file.empty() && row.file.find_first_of("/:\\") == std::string::npos;
    if (is_name) rows.push_back(std::move(row));
  }
  return rows;
}

Result<void> FileFolder::write(const FileRow& row, std::string_view bytes) {
  if (auto opened = open(); !opened) return opened;
  if (auto replaced = replace(row.file, bytes, true); !replaced) return replaced;
  list(row);
  return {};
}

Result<void> FileFolder::write_index() {
  if (auto json = replace("index.json", index_json(rows_), false); !json) return json;
  return replace("index.html", index_page(rows_), false);
}

Result<void> FileFolder::open() {
  if (opened_) return {};
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) {
    return base::fail(ErrorKind::disk, "cannot make the folder " + path_ + ": " + error.message());
  }
  const std::string index = path_ + "/index.json";
  const std::uintmax_t bytes = std::filesystem::file_size(index, error);
  if (!error && bytes <= index_bytes_max) {
    std::ifstream stream(index, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    rows_ = parse_index(text, rows_max_);
  }
  opened_ = true;
  return {};
}

Result<void> FileFolder::replace(const std::string& name, std::string_view bytes,
                                 bool durable) const {
  const std::string path = path_ + "/" + name;
  const std::string aside = path_ + "/." + name + ".new";
  {
    const OpenFile file(aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (!file.is_open() || !file.write(bytes) || (durable && !file.sync())) {
      const auto error = disk_error("write", path);
      ::unlink(aside.c_str());  // best effort: the next write of that name truncates it
      return error;
    }
  }
  if (std::rename(aside.c_str(), path.c_str()) != 0) return disk_error("rename to", path);
  if (durable) {
    const OpenFile folder(path_, O_RDONLY | O_DIRECTORY);
    if (!folder.is_open() || !folder.sync()) return disk_error("sync", path_);
  }
  return {};
}

void FileFolder::list(const FileRow& row) {
  std::erase_if(rows_, [&](const FileRow& listed) { return listed.file == row.file; });
  rows_.push_front(row);
  if (rows_.size() > rows_max_) rows_.pop_back();
}

}  // namespace nurtured::connectors
