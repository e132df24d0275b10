#include "base/error.h"

namespace nurtured::base {

std::string to_string(const Place& place) {
  std::string text = place.path;
  if (place.line > 0) text += (text.empty() ? "" : ":") + std::to_string(place.line);
  if (place.line > 0 && place.column > 0) text += ":" + std::to_string(place.column);
  return text;
}

std::string to_string(const Error& error) {
  std::string text = to_string(error.place);
  if (!text.empty()) text += ": ";
  text += "error: " + error.message;
  if (!error.remedy.empty()) text += "; " + error.remedy;
  return text;
}

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::too_large:
      return "too_large";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::disk:
      return "disk";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace nurtured::base
