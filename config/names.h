// The names that a map holds, as candidates for "did you mean". Inside config/ only.
#pragma once

#include <string>
#include <vector>

namespace nurtured::config {

template <class Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

}  // namespace nurtured::config
