// Internal to http: bytes to a Request, piece by piece, by Beast's basic_parser with stricter rules
// around it (see server.h). It keeps nothing of the input; the caller keeps what was not consumed.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "http/request.h"

namespace nurtured::http {

struct ParserLimits {
  std::size_t header_bytes_max = 0;
  std::size_t header_count_max = 0;
};

// What one call made of the input.
struct Parsed {
  std::size_t consumed = 0;
  bool complete = false;  // the headers, or the whole request
  int refused = 0;        // the status to answer with before closing; 0: all is well
};

class RequestParser {
 public:
  explicit RequestParser(ParserLimits limits);
  ~RequestParser();

  // Before each request.
  void reset();
  // Give all bytes that are there, from the request's first on, until `complete`. Nothing is
  // consumed before. On completion `request` has method, target and headers; it must
  // stay where it is until the body is complete.
  Parsed parse_header(std::string_view input, Request& request);

  // After the headers.
  bool keep_alive() const;
  bool is_http_1_0() const;  // false before
  // "Expect: 100-continue" was asked.
  bool expects_continue() const;
  bool has_body() const;
  // Appends to the body of the request given to parse_header, until `complete`. A body over
  // `body_bytes_max` is refused with 413, at once where its length was announced.
  Parsed parse_body(std::string_view input, std::size_t body_bytes_max);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nurtured::http
