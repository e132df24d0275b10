// The base protocol of the Language Server Protocol (LSP 3.17, "Base Protocol"): a header with
// Content-Length, an empty line, and a body of so many bytes. Pure: bytes in, bodies out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nurtured::daemon::lsp {

// A whole workspace's file, escaped, and room for more.
inline constexpr std::size_t frame_bytes_max = std::size_t{16} << 20;
inline constexpr std::size_t header_bytes_max = 4096;

struct Frame {
  enum class Kind {
    whole,
    too_large,  // more than frame_bytes_max: the body is passed over, and the next one is read
    broken,     // no header: nobody knows where the next one begins, and no more is read
  };
  Kind kind = Kind::whole;
  std::string body;
};

class FrameReader {
 public:
  // What has come in, in pieces of any size.
  void feed(std::string_view bytes);
  // The next frame as far as it is there; nullopt when more must be fed first.
  std::optional<Frame> next();

 private:
  std::string bytes_;
  std::size_t skipped_ = 0;  // of a body that is too large: what is still to come
  bool is_broken_ = false;
};

// The body with its header.
std::string framed(std::string_view body);

}  // namespace nurtured::daemon::lsp
