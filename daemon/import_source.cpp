#include "daemon/import_source.h"

#include <cerrno>
#include <filesystem>
#include <istream>
#include <system_error>
#include <vector>

#include "base/encoding.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr std::string_view utf8_mark = "\xef\xbb\xbf";

base::Error system_error(const std::string& what) {
  return {ErrorKind::disk, what + ": " + std::generic_category().message(errno), {}, {}};
}

// Up to chunk_bytes; fewer only at the end.
Result<std::string> read_chunk(std::FILE* file) {
  std::string chunk(chunk_bytes, '\0');
  chunk.resize(std::fread(chunk.data(), 1, chunk.size(), file));
  if (std::ferror(file) != 0) return base::fail(system_error("the file cannot be read"));
  return chunk;
}

// The bytes at its end that begin a character of UTF-8 and do not end it.
std::size_t unfinished_bytes(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto c = static_cast<unsigned char>(text[text.size() - back]);
    if (c < 0x80) return 0;
    if (c < 0xc0) continue;
    const std::size_t length = c >= 0xf0 ? 4 : (c >= 0xe0 ? 3 : 2);
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

Result<ImportSource::File> ImportSource::open_file(const std::string& path) {
  // A folder opens like a file.
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return base::fail(ErrorKind::not_found, path + " is a folder", "name a file");
  }
  File file(std::fopen(path.c_str(), "rbe"));
  if (!file) {
    base::Error error = system_error(path + " cannot be read");
    error.kind = ErrorKind::not_found;
    return base::fail(std::move(error));
  }
  return file;
}

Result<ImportSource::File> ImportSource::keep(std::istream& in) {
  File file(std::tmpfile());
  if (!file) return base::fail(system_error("what is read cannot be kept in a temporary file"));
  std::vector<char> chunk(chunk_bytes);
  std::uint64_t bytes = 0;
  while (in) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    bytes += count;
    if (bytes > import_file_bytes_max) {
      return base::fail(ErrorKind::too_large, "there is too much to import at once");
    }
    if (std::fwrite(chunk.data(), 1, count, file.get()) != count) {
      return base::fail(system_error("what is read cannot be kept in a temporary file"));
    }
  }
  if (std::fseek(file.get(), 0, SEEK_SET) != 0) {
    return base::fail(system_error("what was read cannot be read again"));
  }
  return file;
}

Result<ImportSource> ImportSource::open(const std::string& path, std::istream& in,
                                        const std::string& charset) {
  auto file = path == "-" ? keep(in) : open_file(path);
  if (!file) return base::fail(file.error());
  ImportSource source(*std::move(file));
  if (auto done = source.look_through(charset); !done) return base::fail(done.error());
  return source;
}

Result<void> ImportSource::look_through(const std::string& charset) {
  std::string beginning;
  std::string rest;  // a character that two chunks share
  bool is_utf8 = true;
  for (;;) {
    const auto chunk = read_chunk(file_.get());
    if (!chunk) return base::fail(chunk.error());
    if (chunk->empty()) break;
    bytes_ += chunk->size();
    if (bytes_ > import_file_bytes_max) {
      return base::fail(ErrorKind::too_large, "the file is too long to import at once");
    }
    // Each chunk's digest takes in that of all before it.
    digest_ = base::sha256(std::string(base::view(digest_)) + *chunk);
    if (beginning.empty()) beginning = *chunk;
    if (!is_utf8) continue;
    const std::string text = rest + *chunk;
    const std::size_t unfinished = unfinished_bytes(text);
    rest = text.substr(text.size() - unfinished);
    is_utf8 = base::is_utf8(std::string_view(text).substr(0, text.size() - unfinished));
  }
  if (auto done = choose_charset(charset, beginning, is_utf8 && rest.empty()); !done) return done;
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) {
    return base::fail(system_error("the file cannot be read again"));
  }
  return {};
}

Result<void> ImportSource::choose_charset(const std::string& named, const std::string& beginning,
                                          bool is_utf8) {
  const bool has_mark = beginning.starts_with(utf8_mark);
  // UTF-16 of ASCII alone is UTF-8 with zeros in it.
  const bool has_zeros = beginning.find('\0') != std::string::npos;
  charset_ = named;
  if (named.empty() && (has_mark || (is_utf8 && !has_zeros))) charset_ = "UTF-8";
  if (charset_.empty()) {
    auto recognised = recognise_charset(beginning);
    if (!recognised && !is_utf8) {
      return base::fail("the file is no UTF-8",
                        "name what it is written in: --charset windows-1252, say");
    }
    charset_ = recognised.value_or("UTF-8");
  }
  auto decoder = CharsetDecoder::open(charset_);
  if (!decoder) return base::fail(decoder.error());
  if (!is_utf8_name(charset_)) decoder_ = *std::move(decoder);
  return {};
}

// More of the text behind what is left of it; false at its end.
Result<bool> ImportSource::fill() {
  if (ended_) return false;
  auto chunk = read_chunk(file_.get());
  if (!chunk) return base::fail(chunk.error());
  const bool is_first = bytes_read_ == 0;
  bytes_read_ += chunk->size();
  ended_ = chunk->size() < chunk_bytes;
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += decoder_ ? decoder_->decode(*chunk, ended_) : *chunk;
  if (is_first && buffer_.starts_with(utf8_mark)) buffer_.erase(0, utf8_mark.size());
  return true;
}

Result<ImportSource::Line> ImportSource::next() {
  line_.clear();
  bool too_long = false;
  bool any = false;
  for (;;) {
    const std::size_t end = buffer_.find_first_of("\r\n", at_);
    const bool ends = end != std::string::npos;
    // What follows a CR at the end of what was read so far is not known yet.
    const bool is_unsure = ends && buffer_[end] == '\r' && end + 1 == buffer_.size() && !ended_;
    const std::size_t until = ends ? end : buffer_.size();
    any = any || until > at_ || ends;
    too_long = too_long || line_.size() + (until - at_) > import_record_bytes_max;
    if (!too_long) line_.append(buffer_, at_, until - at_);
    at_ = until;
    if (ends && !is_unsure) break;
    const auto filled = fill();
    if (!filled) return base::fail(filled.error());
    if (*filled) continue;
    if (!any) return Line::end;
    break;
  }
  ++number_;
  if (at_ < buffer_.size()) {
    at_ += buffer_.compare(at_, 2, "\r\n") == 0 ? 2U : 1U;
    line_ += '\n';
  }
  if (!too_long) return Line::whole;
  line_.clear();
  return Line::too_long;
}

}  // namespace nurtured::daemon
