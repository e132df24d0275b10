// What can go wrong that a user or the outside world caused, as a value. Bugs are exceptions or
// assertions; everything else is an Error inside a Result (base/result.h), with a kind that callers
// switch on, words for the person who must mend it, and where. Used by every room. It holds no
// domain word.
#pragma once

#include <string>

namespace nurtured::base {

// A range in a text that a person wrote. `line` and `column` count from 1 (column in Unicode code
// points, as editors show it); 0 means unknown. `path` is as the user would type it.
struct Place {
  std::string path;
  int line = 0;
  int column = 0;
  int length = 1;

  bool operator==(const Place&) const = default;
};

enum class ErrorKind {
  invalid,      // the input is wrong; the same input fails again
  not_found,    // what was named does not exist
  conflict,     // it exists already, or somebody else holds it
  denied,       // the caller may not
  too_large,    // a limit was reached
  unavailable,  // try later: network, lock, overload
  disk,         // the store cannot write: full, read-only, failed sync
  internal,     // we are at fault
};

struct Error {
  ErrorKind kind = ErrorKind::invalid;
  std::string message;  // what is wrong, in the user's words, without a final stop
  std::string remedy;   // what would be right; empty when there is nothing to say
  Place place;

  bool operator==(const Error&) const = default;
};

// "PATH:LINE:COL: error: message; remedy", leaving out what is unknown.
std::string to_string(const Error& error);
std::string to_string(const Place& place);
const char* to_string(ErrorKind kind);

}  // namespace nurtured::base
