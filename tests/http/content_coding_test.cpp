#include "http/content_coding.h"

#include <rapidcheck.h>
#include <zlib.h>

#include "tests/catch.h"

using namespace nurtured::http;
using nurtured::base::ErrorKind;

namespace {

constexpr std::size_t plenty = 1024 * 1024;

std::string deflate_with(int window_bits, const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("each coding is taken off") {
  CHECK(decode_content("plain", "", plenty) == "plain");
  CHECK(decode_content("plain", "identity", plenty) == "plain");
  CHECK(decode_content(gzip("zipped"), "GZip", plenty) == "zipped");
  CHECK(decode_content(gzip("zipped"), " x-gzip ", plenty) == "zipped");
  CHECK(decode_content(deflate_with(15, "framed"), "deflate", plenty) == "framed");
  CHECK(decode_content(deflate_with(-15, "bare"), "deflate", plenty) == "bare");
  CHECK(decode_content(gzip(deflate_with(15, "twice")), "deflate, gzip", plenty) == "twice");
  CHECK(decode_content(gzip("one ") + gzip("body"), "gzip", plenty) == "one body");
}

TEST_CASE("any text comes back from gzip") {
  CHECK(rc::check([](const std::string& text) {
    RC_ASSERT(decode_content(gzip(text), "gzip", plenty) == text);
  }));
}

TEST_CASE("a bomb stops at the limit") {
  const std::string bomb = gzip(std::string(64 * 1024 * 1024, 'a'));
  REQUIRE(bomb.size() < 100'000);
  const auto decoded = decode_content(bomb, "gzip", plenty);
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().kind == ErrorKind::too_large);
  CHECK(decode_content(gzip(std::string(1000, 'a')), "gzip", 1000));
  CHECK_FALSE(decode_content(gzip(std::string(1001, 'a')), "gzip", 1000));
  CHECK_FALSE(decode_content(gzip(bomb), "gzip, gzip", plenty));
  CHECK_FALSE(decode_content("12", "", 1));
}

TEST_CASE("damaged bodies and unknown codings are refused") {
  const std::string good = gzip("some text that is long enough to be cut");
  const auto [body, coding, kind] = GENERATE_COPY(table<std::string, std::string, ErrorKind>({
      {"", "gzip", ErrorKind::invalid},
      {"not gzip", "gzip", ErrorKind::invalid},
      {good.substr(0, 5), "gzip", ErrorKind::invalid},
      {good.substr(0, good.size() - 1), "gzip", ErrorKind::invalid},
      {good + "tail", "gzip", ErrorKind::invalid},
      {std::string("\x1f\x8b\x08\xff", 4), "gzip", ErrorKind::invalid},
      {"\xff\xff\xff\xff", "deflate", ErrorKind::invalid},
      {"", "deflate", ErrorKind::invalid},
      {good, "br", ErrorKind::not_found},
      {good, "gzip;q=1", ErrorKind::not_found},
      {good, "gzip, gzip, gzip", ErrorKind::not_found},
      {good, "zstd", ErrorKind::not_found},
  }));
  CAPTURE(coding);
  const auto decoded = decode_content(body, coding, plenty);
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().kind == kind);
}
