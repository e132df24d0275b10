#include "config/problem.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <tuple>
#include <utility>

#include "base/encoding.h"
#include "config/lint_pages.h"
#include "config/redact.h"
#include "rules/cel/json.h"

namespace nurtured::config {
namespace {

// The file that secrets are written into.
constexpr std::string_view settings_path = "nurtured.yaml";

// Wider than any line a person writes; a machine's line is shown around its fault.
constexpr std::size_t shown_columns = 120;

// Terminals obey control characters, and a workspace may come from anybody: each becomes a blank.
// So does U+0080 to U+009F (C2 80 to C2 9F in UTF-8).
std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1) ++i;
    out += byte < 0x20 || byte == 0x7f || is_c1 ? ' ' : text[i];
  }
  return base::is_utf8(out) ? out : "(not UTF-8)";
}

std::string_view line_of(std::string_view source, int line) {
  std::size_t start = 0;
  for (int i = 1; i < line; ++i) {
    const std::size_t end = source.find('\n', start);
    if (end == std::string_view::npos) return {};
    start = end + 1;
  }
  return source.substr(start, source.find_first_of("\r\n", start) - start);
}

// `count` code points from the one numbered `first` (from 0).
std::string slice(std::string_view text, std::size_t first, std::size_t count) {
  std::size_t begin = text.size();
  std::size_t end = text.size();
  std::size_t number = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U) continue;
    if (number == first) begin = i;
    if (number == first + count) {
      end = i;
      break;
    }
    ++number;
  }
  return std::string(text.substr(begin, end - begin));
}

struct CodePoints {
  std::uint32_t first;
  std::uint32_t last;
};
// What terminals show two columns wide: the wide and fullwidth blocks of Unicode's
// EastAsianWidth.txt, and pictures.
constexpr std::array<CodePoints, 9> wide_blocks = {{{0x1100, 0x115f},
                                                    {0x2e80, 0x303e},
                                                    {0x3041, 0xa4cf},
                                                    {0xac00, 0xd7a3},
                                                    {0xf900, 0xfaff},
                                                    {0xfe30, 0xfe6f},
                                                    {0xff00, 0xff60},
                                                    {0x1f300, 0x1faff},
                                                    {0x20000, 0x3fffd}}};
// And what takes none of its own: marks that stand on the letter before.
constexpr std::array<CodePoints, 4> zero_blocks = {
    {{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};

template <class Blocks>
bool is_in(const Blocks& blocks, std::uint32_t point) {
  return std::any_of(blocks.begin(), blocks.end(), [&](const CodePoints& block) {
    return point >= block.first && point <= block.last;
  });
}

// How many columns of a terminal a text (UTF-8) takes.
std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t point = bytes == 1 ? lead : lead & (0x7fU >> bytes);
    for (std::size_t rest = 1; rest < bytes && i + rest < text.size(); ++rest) {
      point = (point << 6U) | (static_cast<unsigned char>(text[i + rest]) & 0x3fU);
    }
    columns += is_in(wide_blocks, point) ? 2U : is_in(zero_blocks, point) ? 0U : 1U;
    i += bytes;
  }
  return columns;
}

void print_line(std::ostream& out, const base::Place& place, std::string_view source) {
  const std::string line = printable(line_of(source, place.line));
  if (line.empty()) return;
  const auto column = static_cast<std::size_t>(std::max(place.column, 1)) - 1;
  const std::size_t first = column > shown_columns * 2 / 3 ? column - shown_columns / 3 : 0;
  const std::string shown = slice(line, first, shown_columns);
  const auto length = static_cast<std::size_t>(std::max(place.length, 1));
  const std::size_t caret = columns_of(slice(shown, 0, column - first));
  const std::size_t range = columns_of(slice(shown, column - first, length));
  out << "  " << shown << "\n  " << std::string(caret, ' ') << '^'
      << std::string(std::max<std::size_t>(range, 1) - 1, '~') << '\n';
}

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "\x1b[1;31m";
    case Severity::warning:
      return "\x1b[1;35m";
    case Severity::note:
      break;
  }
  return "\x1b[1;36m";
}

// A fault of a whole file stands at its beginning, so that editors can jump there.
base::Place shown_place(base::Place place) {
  if (place.line == 0 && !place.path.empty()) return {place.path, 1, 1, 1};
  return place;
}

std::string shown_path(const std::string& path, const PrintOptions& options) {
  if (options.prefix.empty()) return path;
  return options.prefix + (options.prefix.ends_with('/') ? "" : "/") + path;
}

cel::Value position(int line, int column) {
  return cel::Map{{"line", line}, {"column", column}};
}

}  // namespace

cel::Value to_value(const Problem& problem, const PrintOptions& options) {
  const base::Place place = shown_place(problem.place);
  cel::Map map{{"path", shown_path(place.path, options)},
               {"severity", to_string(problem.severity)},
               {"name", problem.name},
               {"message", problem.message},
               {"remedy", problem.remedy}};
  if (auto doc = lint_doc(problem.name)) map.set("doc", *std::move(doc));
  if (place.line > 0) {
    const int column = std::max(place.column, 1);
    map.set("range", cel::Map{{"start", position(place.line, column)},
                              {"end", position(place.line, column + std::max(place.length, 1))}});
  } else {
    map.set("range", nullptr);
  }
  return map;
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      break;
  }
  return "note";
}

void Problems::error(base::Place place, std::string message, std::string remedy) {
  add({Severity::error, std::move(place), {}, std::move(message), std::move(remedy)});
}

void Problems::warning(base::Place place, std::string name, std::string message,
                       std::string remedy) {
  add({Severity::warning, std::move(place), std::move(name), std::move(message),
       std::move(remedy)});
}

void Problems::note(base::Place place, std::string name, std::string message, std::string remedy) {
  add({Severity::note, std::move(place), std::move(name), std::move(message), std::move(remedy)});
}

void Problems::add(Problem problem) {
  problem.message = without_userinfo(problem.message);
  if (problem.severity == Severity::error) ++errors_;
  const base::Place& place = problem.place;
  if (!silent_.empty() && silent_.contains({place.path, place.line, place.column})) return;
  if (problems_.size() < kept_max || (problem.severity == Severity::error && errors_ == 1)) {
    problems_.push_back(std::move(problem));
  } else {
    ++dropped_;
  }
}

void Problems::silence(const base::Place& place) {
  silent_.emplace(place.path, place.line, place.column);
}

std::vector<Problem> Problems::take() {
  const auto key = [](const Problem& p) {
    return std::tie(p.place.path, p.place.line, p.place.column, p.severity, p.message, p.remedy,
                    p.name, p.place.length);
  };
  std::vector<Problem> all = std::exchange(problems_, {});
  std::sort(all.begin(), all.end(),
            [&](const Problem& a, const Problem& b) { return key(a) < key(b); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (dropped_ > 0) {
    all.push_back({Severity::note,
                   {},
                   "too-many",
                   std::to_string(dropped_) + " more problems are not shown",
                   "mend the ones above first"});
  }
  silent_.clear();
  errors_ = 0;
  dropped_ = 0;
  return all;
}

bool has_errors(const std::vector<Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& p) { return p.severity == Severity::error; });
}

void print_problems(std::ostream& out, const std::vector<Problem>& problems, const SourceOf& source,
                    const PrintOptions& options) {
  std::optional<std::string> settings;
  const auto shown_source = [&](const std::string& path) -> std::string_view {
    if (path != settings_path) return source(path);
    if (!settings) settings = redacted_settings(source(path));
    return *settings;
  };
  for (const Problem& problem : problems) {
    base::Place place = shown_place(problem.place);
    if (!place.path.empty()) place.path = shown_path(place.path, options);
    const std::string where = printable(base::to_string(place));
    if (!where.empty()) out << where << ": ";
    if (options.colour) out << colour_of(problem.severity);
    out << to_string(problem.severity) << ':' << (options.colour ? "\x1b[0m " : " ")
        << printable(problem.message);
    if (!problem.remedy.empty()) out << "; " << printable(problem.remedy);
    if (!problem.name.empty()) out << " [" << problem.name << ']';
    out << '\n';
    if (problem.place.line > 0) print_line(out, place, shown_source(problem.place.path));
  }
}

std::string problems_json(const std::vector<Problem>& problems, const PrintOptions& options) {
  std::string out = "[";
  for (std::size_t i = 0; i < problems.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    out += cel::to_json(to_value(problems[i], options));
  }
  return out + (problems.empty() ? "]\n" : "\n]\n");
}

}  // namespace nurtured::config
