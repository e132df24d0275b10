// Requests that two readers could cut differently, or that hide something: each must be refused,
// and nothing after it on the connection may be taken for a request.
#include <atomic>

#include "http/server.h"
#include "tests/catch.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::test;

namespace {

struct Case {
  const char* what;
  std::string bytes;
  int status;
};

const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";

std::string with(const std::string& headers, const std::string& rest = hidden) {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + rest;
}

const std::vector<Case> corpus = {
    {"length and transfer coding", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
     400},
    {"transfer coding and length", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
     400},
    {"two different lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
    {"two equal lengths", with("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
    {"a list of lengths", with("Content-Length: 5, 6\r\n"), 400},
    {"a signed length", with("Content-Length: +5\r\n"), 400},
    {"a negative length", with("Content-Length: -1\r\n"), 400},
    {"a hexadecimal length", with("Content-Length: 0x5\r\n"), 400},
    {"an empty length", with("Content-Length:\r\n"), 400},
    {"a length with a blank in it", with("Content-Length: 1 2\r\n"), 400},
    {"a length past all numbers", with("Content-Length: 99999999999999999999999\r\n"), 400},
    {"a coding that is not chunked", with("Transfer-Encoding: identity\r\n"), 501},
    {"chunked behind another coding", with("Transfer-Encoding: gzip, chunked\r\n"), 501},
    {"a coding that looks like chunked", with("Transfer-Encoding: xchunked\r\n"), 501},
    {"chunked and more", with("Transfer-Encoding: chunked, identity\r\n"), 501},
    {"chunked with a control character",
     with("Transfer-Encoding: \x0b"
          "chunked\r\n"),
     400},
    {"chunked twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, 400},
    {"a blank before the colon", with("Content-Length : 5\r\n"), 400},
    {"a folded line", with("X: a\r\n b\r\n"), 400},
    {"a folded transfer coding", with("Transfer-Encoding:\r\n chunked\r\n"), 400},
    {"a folded first line", "GET / HTTP/1.1\r\n Host: h\r\n\r\n" + hidden, 400},
    {"a bare LF after a header", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n" + hidden, 400},
    {"bare LFs everywhere", "GET / HTTP/1.1\nHost: h\n\n" + hidden, 400},
    {"a bare CR in a header", with("X: a\rb\r\n"), 400},
    {"a NUL in a header", with(std::string("X: a\0b\r\n", 8)), 400},
    {"a NUL in a name", with(std::string("X\0Y: b\r\n", 8)), 400},
    {"a header without a name", with(": b\r\n"), 400},
    {"a header without a colon", with("nothing\r\n"), 400},
    {"a name that is no token", with("X(y): b\r\n"), 400},
    {"no Host", "GET / HTTP/1.1\r\n\r\n" + hidden, 400},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + hidden, 400},
    {"HTTP/2 by its preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"HTTP/0.9", "GET /\r\n\r\n" + hidden, 400},
    {"an unknown version", "GET / HTTP/1.2\r\nHost: h\r\n\r\n" + hidden, 505},
    {"a target with a blank", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n" + hidden, 505},
    {"a target past ASCII", "GET /\xd0\x9f HTTP/1.1\r\nHost: h\r\n\r\n" + hidden, 400},
    {"a target without a slash", "GET a HTTP/1.1\r\nHost: h\r\n\r\n" + hidden, 400},
    {"a tunnel", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n" + hidden, 400},
    {"two blanks in the request line", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n" + hidden, 400},
    {"an unknown expectation", with("Expect: more\r\nContent-Length: 1\r\n"), 417},
    {"a chunk without a size", with("Transfer-Encoding: chunked\r\n", "\r\n\r\n" + hidden), 400},
    {"a chunk with a negative size", with("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n" + hidden),
     400},
    {"a chunk with a prefixed size",
     with("Transfer-Encoding: chunked\r\n", "0x1\r\na\r\n0\r\n\r\n" + hidden), 400},
    {"a chunk of endless size",
     with("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\n" + hidden), 400},
    {"a chunk longer than its size",
     with("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n0\r\n\r\n" + hidden), 400},
    {"a chunk that ends in a bare LF",
     with("Transfer-Encoding: chunked\r\n", "1\na\n0\n\n" + hidden), 400},
    {"a chunk extension with a bare LF",
     with("Transfer-Encoding: chunked\r\n", "1;a\nb\r\na\r\n0\r\n\r\n" + hidden), 400},
    {"a length among the trailers",
     with("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n" + hidden), 400},
    {"a huge chunk", with("Transfer-Encoding: chunked\r\n", "7FFFFFFFFFFFFFFF\r\n" + hidden), 413},
    {"TLS on a plain port", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
     400},
};

}  // namespace

TEST_CASE("requests that could be cut in two ways are refused, and what they hide is not seen") {
  std::atomic<int> seen = 0;
  ServerThread server({}, [&](http::Request&&, http::Reply reply) {
    ++seen;
    reply.send({});
  });
  for (const Case& hostile : corpus) {
    CAPTURE(hostile.what);
    seen = 0;
    RawClient client(server.port());
    client.send(hostile.bytes);
    const std::string response = client.read_until_closed();
    CHECK(status_of(response) == hostile.status);
    CHECK(response.find("HTTP/1.1", 1) == std::string::npos);
    CHECK(seen == 0);
  }
}
