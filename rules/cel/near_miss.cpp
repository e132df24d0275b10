#include "rules/cel/near_miss.h"

#include <algorithm>
#include <vector>

namespace nurtured::cel {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t distance_max = 3;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The optimal string alignment distance: insertions, deletions, substitutions, and swaps of
// neighbours.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> above(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const char a = lower(left[i - 1]);
      const char b = lower(right[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a == b ? 0U : 1U)});
      if (i > 1 && j > 1 && a == lower(right[j - 2]) && b == lower(left[i - 2])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[right.size()];
}

}  // namespace

std::string near_miss(std::string_view name, std::span<const std::string> candidates) {
  if (name.size() > name_bytes_max) return {};
  const std::size_t allowed = std::min(distance_max, std::max<std::size_t>(1, name.size() / 3));
  std::size_t best = allowed + 1;
  std::string_view nearest;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > name_bytes_max || candidate == name) continue;
    const std::size_t found = distance(name, candidate);
    if (found >= best || found >= candidate.size()) continue;
    best = found;
    nearest = candidate;
  }
  return std::string(nearest);
}

}  // namespace nurtured::cel
