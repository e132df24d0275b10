// The file of an import as lines of UTF-8, whatever it was written in: read once for its digest and
// its charset, and then line by line, so that memory holds one line of it. What comes from a pipe
// is kept in a file without a name meanwhile.
#pragma once

#include <cstdint>
#include <cstdio>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "daemon/charset.h"

namespace nurtured::daemon {

// A record of a CSV file may be several lines; this bounds it as a whole, and a line of JSON.
inline constexpr std::size_t import_record_bytes_max = std::size_t{256} << 10;
inline constexpr std::uint64_t import_file_bytes_max = std::uint64_t{64} << 30;

class ImportSource {
 public:
  // `path` "-" reads `in`. `charset` empty: UTF-8, UTF-16 and windows-1251 are recognised.
  // `not_found` for a file that is not there, a folder or an unknown charset; `invalid` for a
  // charset that is to be named; `too_large`; `disk` where it cannot be read or kept.
  static base::Result<ImportSource> open(const std::string& path, std::istream& in,
                                         const std::string& charset);

  enum class Line {
    whole,
    too_long,  // more than import_record_bytes_max: passed over, line() is empty
    end,
  };
  // A line ends with LF, CR LF or CR.
  base::Result<Line> next();
  // As UTF-8 with a line end of "\n", which the last line may lack. May hold bytes that are none,
  // where the file says that it is UTF-8.
  const std::string& line() const { return line_; }
  std::size_t number() const { return number_; }  // of that line, from 1

  const base::Sha256& digest() const { return digest_; }  // of what the file holds
  const std::string& charset() const { return charset_; }
  bool is_converted() const { return decoder_.has_value(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, CloseFile>;

  explicit ImportSource(File file) : file_(std::move(file)) {}
  static base::Result<File> open_file(const std::string& path);
  static base::Result<File> keep(std::istream& in);
  base::Result<void> look_through(const std::string& charset);
  base::Result<void> choose_charset(const std::string& named, const std::string& beginning,
                                    bool is_utf8);
  base::Result<bool> fill();

  File file_;
  base::Sha256 digest_{};
  std::string charset_;
  std::optional<CharsetDecoder> decoder_;  // none: it is UTF-8
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::string buffer_;
  std::size_t at_ = 0;  // in buffer_
  bool ended_ = false;
  std::string line_;
  std::size_t number_ = 0;
};

}  // namespace nurtured::daemon
