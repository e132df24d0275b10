#include "http/content_coding.h"

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include <zlib.h>

#include "base/encoding.h"
#include "http/headers.h"

namespace nurtured::http {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

// windowBits of zlib's inflateInit2: what kind of frame surrounds the data.
enum class Frame : int { bare = -MAX_WBITS, zlib = MAX_WBITS, gzip = MAX_WBITS + 16 };

class Inflater {
 public:
  explicit Inflater(Frame frame) {
    if (inflateInit2(&stream_, static_cast<int>(frame)) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

Bytef* input(std::string_view data) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // zlib reads it only
}

Result<std::string> inflate_all(std::string_view data, Frame frame, std::size_t bytes_max) {
  Inflater inflater(frame);
  z_stream& stream = inflater.stream();
  stream.next_in = input(data);
  stream.avail_in = static_cast<uInt>(data.size());
  std::string out;
  std::array<char, 16 * 1024> block;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = block.size() - stream.avail_out;
    if (out.size() + made > bytes_max) {
      return fail(ErrorKind::too_large, "the body is too large once decompressed");
    }
    out.append(block.data(), made);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      // RFC 1952 section 2.2: a gzip file is a row of members.
      if (frame != Frame::gzip || inflateReset(&stream) != Z_OK) {
        return fail("there is more after the end of the compressed body");
      }
    } else if (status != Z_OK || (made == 0 && stream.avail_in == 0)) {
      return fail("the compressed body is damaged or cut short");
    }
  }
}

Result<std::string> decode_one(std::string_view body, std::string_view coding,
                               std::size_t bytes_max) {
  if (body.size() > UINT32_MAX)
    return fail(ErrorKind::too_large, "the compressed body is too large");
  if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) {
    return inflate_all(body, Frame::gzip, bytes_max);
  }
  if (equal_ignoring_case(coding, "deflate")) {
    // A zlib header is a multiple of 31 with method 8 (RFC 1950); what has none is bare deflate.
    const bool has_header =
        body.size() >= 2 && (static_cast<unsigned char>(body[0]) & 0x0f) == Z_DEFLATED &&
        (static_cast<unsigned char>(body[0]) * 256 + static_cast<unsigned char>(body[1])) % 31 == 0;
    return inflate_all(body, has_header ? Frame::zlib : Frame::bare, bytes_max);
  }
  return fail(ErrorKind::not_found, "the content coding is unknown", "use gzip, deflate or none");
}

std::vector<std::string_view> codings_of(std::string_view list) {
  std::vector<std::string_view> codings;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view coding = base::trimmed(list.substr(0, comma));
    if (!coding.empty() && !equal_ignoring_case(coding, "identity")) codings.push_back(coding);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return codings;
}

}  // namespace

Result<std::string> decode_content(std::string_view body, std::string_view coding,
                                   std::size_t bytes_max) {
  std::vector<std::string_view> codings = codings_of(coding);
  if (codings.size() > content_codings_max) {
    return fail(ErrorKind::not_found, "the body is compressed too many times", "compress it once");
  }
  if (codings.empty()) {
    if (body.size() > bytes_max) return fail(ErrorKind::too_large, "the body is too large");
    return std::string(body);
  }
  std::reverse(codings.begin(), codings.end());
  auto decoded = decode_one(body, codings.front(), bytes_max);
  for (std::size_t i = 1; decoded && i < codings.size(); ++i) {
    decoded = decode_one(*decoded, codings[i], bytes_max);
  }
  return decoded;
}

std::string gzip(std::string_view body) {
  z_stream stream{};
  constexpr int memory_level = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, static_cast<int>(Frame::gzip),
                   memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(body.size())), '\0');
  stream.next_in = input(body);
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace nurtured::http
