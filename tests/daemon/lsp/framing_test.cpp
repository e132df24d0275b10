#include "daemon/lsp/framing.h"

#include "tests/catch.h"

namespace nurtured::daemon::lsp {
namespace {

// The frames as words: a body in quotes, or why there is none.
std::string read_all(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    reader.feed(bytes.substr(0, piece));
    while (const auto frame = reader.next()) {
      if (frame->kind == Frame::Kind::whole) out += "'" + frame->body + "' ";
      if (frame->kind == Frame::Kind::too_large) out += "too large ";
      if (frame->kind == Frame::Kind::broken) out += "broken ";
    }
  }
  return out;
}

TEST_CASE("frames are read from pieces of any size, and hostile ones do no harm") {
  const std::string large = std::to_string(frame_bytes_max + 1);
  const auto [bytes, frames] = GENERATE_COPY(table<std::string, std::string>({
      {framed("{}") + framed("") + framed("абв"), "'{}' '' 'абв' "},
      {"content-length: 2\r\nContent-Type: x; charset=utf-8\r\n\r\n{}", "'{}' "},
      {"Content-Length:   2  \r\n\r\n{}", "'{}' "},
      {"Content-Length: 5\r\n\r\n{}", ""},
      {"Content-Length: -1\r\n\r\n{}", "broken "},
      {"Content-Length: 2x\r\n\r\n{}", "broken "},
      {"Content-Length: 99999999999999999999999\r\n\r\n{}", "broken "},
      {"Content-Length: \r\n\r\n{}", "broken "},
      {"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "broken "},
      {"Content-Type: x\r\n\r\n{}", "broken "},
      {"nonsense\r\n\r\n{}", "broken "},
      {"\r\n\r\n", "broken "},
      {std::string(header_bytes_max + 1, 'x'), "broken "},
      {std::string(header_bytes_max + 1, 'x') + "\r\n\r\n", "broken "},
      {"Content-Length: " + large + "\r\n\r\n" + std::string(frame_bytes_max + 1, ' ') +
           framed("{}"),
       "too large '{}' "},
      {"Content-Length: " + large + "\r\n\r\nfew", "too large "},
  }));
  CAPTURE(bytes.substr(0, 100));
  CHECK(read_all(bytes, bytes.size()) == frames);
  if (bytes.size() < 10'000) CHECK(read_all(bytes, 1) == frames);
}

}  // namespace
}  // namespace nurtured::daemon::lsp
