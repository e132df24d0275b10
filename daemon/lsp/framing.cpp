#include "daemon/lsp/framing.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/encoding.h"

namespace nurtured::daemon::lsp {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view header_end = "\r\n\r\n";

bool is_length(std::string_view name) {
  return base::fold_case(name) == "content-length";
}

// nullopt where it is missing, stands twice or is no number.
std::optional<std::size_t> content_length(std::string_view header) {
  std::optional<std::size_t> length;
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find(line_end));
    header.remove_prefix(std::min(header.size(), line.size() + line_end.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    if (!is_length(line.substr(0, colon))) continue;
    const std::string_view digits = base::trimmed(line.substr(colon + 1));
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
    if (length || error != std::errc() || end != digits.end()) return std::nullopt;
    length = number;
  }
  return length;
}

}  // namespace

void FrameReader::feed(std::string_view bytes) {
  const std::size_t passed = std::min(skipped_, bytes.size());
  skipped_ -= passed;
  if (!is_broken_) bytes_.append(bytes.substr(passed));
}

std::optional<Frame> FrameReader::next() {
  const std::size_t end = bytes_.find(header_end);
  if (is_broken_ || (end == std::string::npos && bytes_.size() <= header_bytes_max)) {
    return std::nullopt;
  }
  const auto length = end > header_bytes_max
                          ? std::nullopt
                          : content_length(std::string_view(bytes_).substr(0, end));
  if (!length) {
    is_broken_ = true;
    bytes_.clear();
    return Frame{Frame::Kind::broken, {}};
  }
  const std::size_t begin = end + header_end.size();
  if (*length > frame_bytes_max) {
    const std::size_t passed = std::min(*length, bytes_.size() - begin);
    skipped_ = *length - passed;
    bytes_.erase(0, begin + passed);
    return Frame{Frame::Kind::too_large, {}};
  }
  if (bytes_.size() - begin < *length) return std::nullopt;
  Frame frame{Frame::Kind::whole, bytes_.substr(begin, *length)};
  bytes_.erase(0, begin + *length);
  return frame;
}

std::string framed(std::string_view body) {
  return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

}  // namespace nurtured::daemon::lsp
