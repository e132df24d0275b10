// A text stream read line by line, with a bound on how long a line may be.
#pragma once

#include <cstddef>
#include <istream>
#include <string>

namespace nurtured::daemon::cli {

inline constexpr std::size_t line_bytes_max = std::size_t{16} << 20;

class LineReader {
 public:
  explicit LineReader(std::istream& in, std::size_t bytes_max = line_bytes_max)
      : in_(in), bytes_max_(bytes_max) {}

  enum class Line {
    whole,
    too_long,  // more than the bound; text() is empty, and the rest of the line was passed over
    end,
  };
  Line next();

  // The line without its end ("\n" or "\r\n"); valid until the next call.
  const std::string& text() const { return text_; }
  // Of that line, from 1.
  std::size_t number() const { return number_; }
  // True when reading on would wait for whoever writes: the time to hand over what was answered.
  bool would_wait() const { return in_.rdbuf()->in_avail() <= 0; }

 private:
  std::istream& in_;
  std::size_t bytes_max_;
  std::string text_;
  std::size_t number_ = 0;
};

}  // namespace nurtured::daemon::cli
