#include "config/allow.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/front_matter.h"
#include "config/lint_pages.h"
#include "config/scenario_reader.h"
#include "config/section.h"

namespace nurtured::config {
namespace {

constexpr std::string_view marker = "nurtured:";
constexpr std::string_view how_to_allow =
    "write `# nurtured: allow NAME` and the reason; names: `nurtured check --list`";
constexpr std::string_view settings_path = "nurtured.yaml";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The quoted scalars of a file and the lines of its block scalars: what stands there is text,
// whatever it looks like.
class Texts {
 public:
  Texts(std::string_view source, const Node& root) : source_(source) { add(root); }

  bool covers(std::size_t offset) const {
    const auto after = ranges_.upper_bound(offset);
    return after != ranges_.begin() && offset < std::prev(after)->second;
  }

 private:
  void add(const Node& node) {
    for (const Node& item : node.items) add(item);
    for (const Entry& entry : node.entries) {
      add_key(entry.place);
      add(entry.value);
    }
    if (!node.is_quoted()) return;
    if (node.style == ScalarStyle::block) {
      ranges_.emplace(next_line(node.offset), end_of_block(node));
    } else {
      ranges_.emplace(node.offset, end_of_quotes(node.offset));
    }
  }

  void add_key(const base::Place& place) {
    const std::size_t begin = offset_of(place);
    if (begin < source_.size() && (source_[begin] == '"' || source_[begin] == '\'')) {
      ranges_.emplace(begin, end_of_quotes(begin));
    }
  }

  std::size_t offset_of(const base::Place& place) {
    for (; line_ < place.line; ++line_) {
      const std::size_t end = source_.find('\n', line_start_);
      if (end == std::string_view::npos) return source_.size();
      line_start_ = end + 1;
    }
    if (line_ > place.line) return source_.size();
    std::size_t at = line_start_;
    for (int column = 1; column < place.column && at < source_.size(); ++column) {
      ++at;
      while (at < source_.size() && (static_cast<unsigned char>(source_[at]) & 0xc0U) == 0x80U) {
        ++at;
      }
    }
    return at;
  }

  std::size_t end_of_quotes(std::size_t begin) const {
    const char quote = source_[begin];
    for (std::size_t at = begin + 1; at < source_.size(); ++at) {
      if (quote == '"' && source_[at] == '\\') {
        ++at;
      } else if (source_[at] == quote) {
        const bool is_doubled =
            quote == '\'' && at + 1 < source_.size() && source_[at + 1] == quote;
        if (!is_doubled) return at + 1;
        ++at;
      }
    }
    return source_.size();
  }

  // From the end of its header on, the lines that are indented like its first one, and blank ones.
  std::size_t end_of_block(const Node& node) const {
    std::size_t at = next_line(node.offset);
    if (node.text.find_first_not_of('\n') == std::string::npos) return at;
    std::optional<std::size_t> indent;
    while (at < source_.size()) {
      const std::size_t end = next_line(at);
      const std::string_view line = source_.substr(at, end - at);
      const std::size_t first = line.find_first_not_of(" \r\n");
      if (first != std::string_view::npos) {
        if (indent && first < *indent) break;
        if (!indent) indent = first;
      }
      at = end;
    }
    return at;
  }

  std::size_t next_line(std::size_t at) const {
    const std::size_t end = source_.find('\n', at);
    return end == std::string_view::npos ? source_.size() : end + 1;
  }

  std::string_view source_;
  std::map<std::size_t, std::size_t> ranges_;  // begin → end
  // Keys come in the order of the file, so that lines are counted once.
  int line_ = 1;
  std::size_t line_start_ = 0;
};

// The comment of a line, from its `#`; npos where it has none.
std::size_t comment_of(std::string_view source, std::size_t begin, std::size_t end,
                       const Texts& texts) {
  for (std::size_t at = begin; at < end; ++at) {
    const bool may_begin = at == begin || is_blank(source[at - 1]);
    if (source[at] == '#' && may_begin && !texts.covers(at)) return at;
  }
  return std::string_view::npos;
}

// The name in `nurtured: allow NAME — why`; empty where it is not written so.
std::string name_in(std::string_view comment) {
  constexpr std::string_view verb = "allow";
  std::string_view rest = trimmed(comment.substr(marker.size()));
  if (!rest.starts_with(verb)) return "";
  rest.remove_prefix(verb.size());
  if (rest.empty() || !is_blank(rest.front())) return "";
  rest = trimmed(rest);
  const std::string_view name = rest.substr(0, rest.find_first_of(" \t"));
  const bool is_name = std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  return is_name && name.size() <= lint_name_bytes_max ? std::string(name) : "";
}

struct Comments {
  std::vector<Allow> allows;
  std::vector<bool> used;
};

bool is_about(const Allow& allow, const Problem& problem) {
  return allow.name == problem.name &&
         (problem.place.line == 0 || allow.line == problem.place.line ||
          allow.place.line == problem.place.line);
}

// The comments of those files, by path.
std::map<std::string, Comments, std::less<>> comments_of(const Workspace& workspace,
                                                         AllowedIn files) {
  std::map<std::string, Comments, std::less<>> out;
  for (const File& file : workspace.files) {
    const bool is_scenario = file.path.starts_with(scenarios_folder);
    if (is_scenario != (files == AllowedIn::scenarios)) continue;
    if (file.text.find(marker) == std::string::npos) continue;
    std::vector<Allow> allows;
    if (file.path.ends_with(".yaml")) {
      allows = read_allows(file.text, file.path);
    } else if (file.path.ends_with(".md") && !file.path.starts_with("content/partials/")) {
      Problems told_elsewhere;
      const auto message = read_message_file(file.path, file.text, told_elsewhere);
      if (message) allows = read_allows(message->front_source, file.path);
    }
    const std::size_t count = allows.size();
    if (count > 0) out.emplace(file.path, Comments{std::move(allows), std::vector<bool>(count)});
  }
  return out;
}

// A file that has no YAML in it has its comments in nurtured.yaml.
std::string_view commented_file(const Problem& problem) {
  const std::string_view path = problem.place.path;
  const bool has_comments = (path.ends_with(".yaml") || path.ends_with(".md")) &&
                            !path.starts_with("content/partials/") && !path.starts_with("files/");
  return has_comments ? path : settings_path;
}

bool is_silenced(const Problem& problem, std::map<std::string, Comments, std::less<>>& comments) {
  if (problem.severity == Severity::error || problem.name.empty()) return false;
  const std::string_view path = commented_file(problem);
  const auto found = comments.find(path);
  if (found == comments.end()) return false;
  // What is warned of in a message may stand in its text, where no comment can.
  const bool is_by_name = path != problem.place.path || path.ends_with(".md");
  bool silenced = false;
  for (std::size_t i = 0; i < found->second.allows.size(); ++i) {
    const Allow& allow = found->second.allows[i];
    const bool fits = is_by_name ? allow.name == problem.name : is_about(allow, problem);
    if (!fits) continue;
    found->second.used[i] = true;
    silenced = true;
  }
  return silenced;
}

Problem unused_allow(const Allow& allow) {
  Problem problem{Severity::warning, allow.place, "unused-allow", "", ""};
  if (allow.name.empty()) {
    problem.message = "this comment silences nothing";
    problem.remedy = std::string(how_to_allow);
  } else if (find_lint_page(allow.name) == nullptr) {
    const std::vector<std::string> names = lint_names();
    problem.message = fmt::format("there is no lint `{}`", allow.name);
    problem.remedy = did_you_mean(allow.name, names, std::string(how_to_allow));
  } else {
    problem.message = fmt::format("nothing is warned of here as `{}`", allow.name);
    problem.remedy = "remove the comment, or put it on the line that is warned of";
  }
  return problem;
}

}  // namespace

std::vector<Allow> read_allows(std::string_view text, const std::string& path) {
  std::vector<Allow> out;
  const std::string_view source = without_bom(text);
  Problems told_elsewhere;
  const auto root = parse_yaml(text, path, told_elsewhere);
  if (!root) return out;
  const Texts texts(source, *root);
  std::vector<std::size_t> above;  // of `out`: comments whose line is still to come
  int line = 1;
  for (std::size_t begin = 0; begin < source.size(); ++line) {
    const std::size_t end = std::min(source.find('\n', begin), source.size());
    const std::size_t hash = comment_of(source, begin, end, texts);
    const std::string_view code = trimmed(source.substr(begin, std::min(hash, end) - begin));
    if (!code.empty()) {
      for (const std::size_t i : above) out[i].line = line;
      above.clear();
    }
    if (hash != std::string_view::npos) {
      const std::string_view comment = trimmed(source.substr(hash + 1, end - hash - 1));
      if (comment.starts_with(marker) && out.size() < allows_max) {
        const int column =
            1 + static_cast<int>(base::code_points(source.substr(begin, hash - begin)));
        const auto length =
            static_cast<int>(base::code_points(trimmed(source.substr(hash, end - hash))));
        out.push_back({name_in(comment), {path, line, column, length}, line});
        if (code.empty()) above.push_back(out.size() - 1);
      }
    }
    begin = end + 1;
  }
  return out;
}

std::vector<Problem> silence_allowed(const Workspace& workspace, AllowedIn files,
                                     std::vector<Problem> problems, bool is_complete) {
  auto comments = comments_of(workspace, files);
  if (comments.empty()) return problems;
  std::erase_if(problems, [&](const Problem& problem) { return is_silenced(problem, comments); });
  if (!is_complete || problems.size() >= Problems::kept_max) return problems;
  Problems told;
  for (Problem& problem : problems) told.add(std::move(problem));
  for (const auto& [path, of_file] : comments) {
    for (std::size_t i = 0; i < of_file.allows.size(); ++i) {
      if (!of_file.used[i]) told.add(unused_allow(of_file.allows[i]));
    }
  }
  return told.take();
}

}  // namespace nurtured::config
