#include "config/front_matter.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"

namespace nurtured::config {
namespace {

bool is_fence(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) {
    line.remove_suffix(1);
  }
  return line == "---";
}

// Where the front matter of a file ends: the closing fence, and what follows it.
struct Fences {
  std::size_t yaml = 0;
  std::size_t closing = 0;
  std::size_t body = 0;
};

std::optional<Fences> find_fences(std::string_view text) {
  const std::size_t first_end = text.find('\n');
  if (first_end == std::string_view::npos || !is_fence(text.substr(0, first_end))) {
    return std::nullopt;
  }
  Fences fences{first_end + 1, text.size(), text.size()};
  for (std::size_t line = fences.yaml; line < text.size();) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    if (is_fence(text.substr(line, end - line))) {
      fences.closing = line;
      fences.body = std::min(end + 1, text.size());
      return fences;
    }
    line = end + 1;
  }
  return fences;
}

}  // namespace

std::optional<MessageFile> read_message_file(const std::string& path, std::string_view text,
                                             Problems& problems) {
  MessageFile file;
  file.path = path;
  file.text = without_bom(text);
  file.front.path = path;
  file.front.root.place = {path, 1, 1, 1};
  file.body = file.text;
  if (!base::is_utf8(file.text) || file.text.find('\0') != std::string_view::npos) {
    problems.error({path, 0, 0, 1}, "the file is no UTF-8 text", "save it as UTF-8");
    return std::nullopt;
  }
  const auto fences = find_fences(file.text);
  if (!fences) return file;
  if (fences->closing == file.text.size()) {
    problems.error({path, 1, 1, 3}, "the front matter is never closed",
                   "put a line `---` below it");
    return std::nullopt;
  }
  file.front_source = std::string(file.text.substr(0, fences->closing));
  std::fill_n(file.front_source.begin(), 3, ' ');
  auto root = parse_yaml(file.front_source, path, problems);
  if (!root) return std::nullopt;
  file.front.root = std::move(*root);
  file.body = file.text.substr(fences->body);
  const auto before = file.text.substr(0, fences->body);
  file.body_line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  return file;
}

}  // namespace nurtured::config
