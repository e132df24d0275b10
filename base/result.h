// Result<T>: a T, or the Error that stands in its way. Return early on error; never throw for what
// input can cause.
//
//   Result<int> port(std::string_view text) {
//     if (text.empty()) return fail("the port is empty", "write a number from 1 to 65535");
//     ...
//   }
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "base/error.h"

namespace nurtured::base {

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

inline tl::unexpected<Error> fail(std::string message, std::string remedy = {}) {
  return fail(Error{ErrorKind::invalid, std::move(message), std::move(remedy), {}});
}

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string remedy = {}) {
  return fail(Error{kind, std::move(message), std::move(remedy), {}});
}

}  // namespace nurtured::base
