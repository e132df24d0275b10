#include "config/format.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "config/format_lexer.h"
#include "config/front_matter.h"
#include "config/yaml.h"

namespace nurtured::config {
namespace {

constexpr std::size_t step = 2;
constexpr std::string_view blanks = " \t";

using Kind = FormatTokenKind;
using Token = FormatToken;
using Line = FormatLine;

std::string_view stripped_right(std::string_view text) {
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// `'a'` becomes `"a"` and `"a \"b\""` becomes `'a "b"'`, where no other escape stands in the way.
std::string with_usual_quotes(std::string_view scalar) {
  const char quote = scalar.empty() ? '\0' : scalar.front();
  if ((quote != '"' && quote != '\'') || scalar.find('\n') != std::string_view::npos) {
    return std::string(scalar);
  }
  const auto inside = scalar.substr(1, scalar.size() - 2);
  const std::string_view escaped = quote == '"' ? "\\\"" : "''";
  const char other = quote == '"' ? '\'' : '"';
  std::string out(1, other);
  bool has_escaped = false;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside.substr(i, 2) == escaped) {
      has_escaped = true;
      out += quote;
      ++i;
    } else if (inside[i] == '\\' || inside[i] == other) {
      return std::string(scalar);
    } else {
      out += inside[i];
    }
  }
  if (quote == '"' && !has_escaped) return std::string(scalar);
  return out + other;
}

class Writer {
 public:
  explicit Writer(std::string_view text) : text_(text) {}

  std::string write(const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      if (line.tokens.empty()) {
        has_gap_ = true;
      } else if (line.tokens.front().kind == Kind::comment && depth_ == 0) {
        waiting_.push_back({&line, std::exchange(has_gap_, false)});
      } else {
        write_line(line);
      }
    }
    place_comments(0, 0, true);
    return std::move(out_);
  }

 private:
  // A list or map in block style that is open: where its items stood, and where they stand now.
  struct Level {
    std::size_t old_column = 0;
    std::size_t column = 0;
    bool is_list = false;
  };
  // A line that is nothing but a comment waits for the line that tells where it belongs.
  struct Waiting {
    const Line* line = nullptr;
    bool after_gap = false;
  };

  std::size_t value_column() const { return levels_.empty() ? 0 : levels_.back().column + step; }

  void emit(std::string_view line, bool after_gap) {
    if (after_gap && !out_.empty()) out_ += '\n';
    out_ += line;
    out_ += '\n';
  }

  // ---- comments on lines of their own

  // One that was indented further than the line behind it belongs to what ends before that line;
  // any other goes with that line. `old_column` is that line's, or the end's.
  std::vector<std::optional<std::size_t>> own_columns(std::size_t old_column, bool is_end) const {
    std::vector<std::optional<std::size_t>> columns;
    for (const Waiting& comment : waiting_) {
      const std::size_t stood = comment.line->column(comment.line->tokens.front());
      std::optional<std::size_t> column;
      for (const Level& level : levels_) {
        if ((is_end || level.old_column > old_column) && level.old_column <= stood) {
          column = level.column;
        }
      }
      columns.push_back(column);
    }
    return columns;
  }

  void put_comments(const std::vector<std::optional<std::size_t>>& columns, std::size_t otherwise) {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      std::string line(columns[i].value_or(otherwise), ' ');
      line += waiting_[i].line->tokens.front().text;
      emit(line, waiting_[i].after_gap);
    }
    waiting_.clear();
  }

  void place_comments(std::size_t old_column, std::size_t column, bool is_end) {
    put_comments(own_columns(old_column, is_end), column);
  }

  // ---- lines

  void write_line(const Line& line) {
    const Token& first = line.tokens.front();
    const bool after_gap = std::exchange(has_gap_, false);
    if (first.text == "---" || first.text == "...") {
      place_comments(0, 0, false);
      levels_.clear();
      return emit(write_tokens(line, 0), after_gap);
    }
    if (depth_ > 0) return emit(write_tokens(line, flow_column(first)), after_gap);
    const auto columns = own_columns(line.column(first), false);
    const std::size_t column = enter_line(line);
    put_comments(columns, column);
    emit(write_tokens(line, column), after_gap);
  }

  // Opens and closes levels as the dashes and the key of the line say; where it begins now.
  std::size_t enter_line(const Line& line) {
    const auto& tokens = line.tokens;
    std::size_t i = 0;
    std::optional<std::size_t> column;
    const auto enter = [&](bool is_list) {
      const std::size_t entered = enter_level(line.column(tokens[i]), is_list);
      if (!column) column = entered;
    };
    for (; i < tokens.size() && tokens[i].is_sign('-'); ++i) enter(true);
    if (i < tokens.size() && is_key(line, i)) enter(false);
    flow_is_apart_ = !column;
    return column.value_or(value_column());
  }

  // A value stands further right than its block: what does not is a last key without its colon,
  // which the parser takes.
  bool is_key(const Line& line, std::size_t i) const {
    const Token& token = line.tokens[i];
    if (token.kind != Kind::scalar) return false;
    if (i + 1 < line.tokens.size() && line.tokens[i + 1].is_sign(':')) return true;
    return i == 0 && !levels_.empty() && line.column(token) <= levels_.back().old_column;
  }

  std::size_t enter_level(std::size_t old_column, bool is_list) {
    const auto is_over = [&](const Level& level) {
      return level.old_column > old_column ||
             (level.old_column == old_column && level.is_list && !is_list);
    };
    while (!levels_.empty() && is_over(levels_.back())) levels_.pop_back();
    // A list may stand right below its key, in the key's column.
    const bool is_new = levels_.empty() || levels_.back().old_column < old_column ||
                        levels_.back().is_list != is_list;
    if (is_new) levels_.push_back({old_column, value_column(), is_list});
    return levels_.back().column;
  }

  // Of a line that begins inside [] or {}. A closing bracket stands below the line that opened it,
  // yet never as far left as the block around it: YAML 1.2, section 7.4, wants it indented.
  std::size_t flow_column(const Token& first) const {
    const bool closes = first.is_sign(']') || first.is_sign('}');
    const std::size_t depth = depth_ - (closes ? 1 : 0);
    if (flow_is_apart_) return value_column() + step * depth;
    return (levels_.empty() ? 0 : levels_.back().column) + step * std::max<std::size_t>(depth, 1);
  }

  std::size_t continuation_column() const {
    if (depth_ > 0) return flow_column({});
    return std::max(value_column(), step);
  }

  // ---- tokens

  std::string write_tokens(const Line& line, std::size_t column) {
    std::string out(column, ' ');
    const Token* former = nullptr;
    for (const Token& token : line.tokens) {
      if (token.kind == Kind::comment) {
        if (former != nullptr) out.append(blanks_before_comment(out, token), ' ');
        out += token.text;
      } else {
        if (former != nullptr && is_apart(*former, token)) out += ' ';
        write_token(token, out);
      }
      former = &token;
    }
    return out;
  }

  static bool is_apart(const Token& former, const Token& token) {
    if (token.is_sign(':')) return false;
    if (former.is_sign('[') || former.is_sign('{')) return false;
    if (former.is_sign(':') || former.is_sign('-')) return true;
    if (token.is_sign(',') || token.is_sign(']') || token.is_sign('}')) return false;
    return true;
  }

  void write_token(const Token& token, std::string& out) {
    if (token.is_sign(']') || token.is_sign('}')) --depth_;
    if (token.kind == Kind::block) {
      write_block(token, out);
    } else if (token.kind == Kind::scalar) {
      write_scalar(token.text, out);
    } else {
      out += token.text;
    }
    if (token.is_sign('[') || token.is_sign('{')) ++depth_;
  }

  // Blanks around the line breaks of a scalar mean nothing, but for one behind a backslash.
  void write_scalar(std::string_view scalar, std::string& out) const {
    std::size_t end = scalar.find('\n');
    if (end == std::string_view::npos) {
      out += with_usual_quotes(scalar);
      return;
    }
    const bool has_escapes = scalar.front() == '"';
    for (bool is_first = true; !scalar.empty(); is_first = false) {
      const bool is_last = end == std::string_view::npos;
      std::string_view line = scalar.substr(0, end);
      scalar.remove_prefix(is_last ? scalar.size() : end + 1);
      end = scalar.find('\n');
      if (!is_first) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        out += '\n';
        if (!line.empty()) out.append(continuation_column(), ' ');
      }
      if (is_last) {
        out += line;
        return;
      }
      const auto kept = stripped_right(line);
      out += kept;
      if (has_escapes && kept.size() < line.size() && ends_in_escape(kept))
        out += line[kept.size()];
    }
  }

  static bool ends_in_escape(std::string_view text) {
    const std::size_t last = text.find_last_not_of('\\');
    return (text.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 1;
  }

  void write_block(const Token& block, std::string& out) const {
    std::string_view text = block.text;
    const std::string_view head = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(head.size() + 1, text.size()));
    const std::size_t comment = std::min(head.find('#'), head.size());
    const auto marks = stripped_right(head.substr(0, comment));
    out += marks;
    if (comment < head.size()) out.append(" ").append(stripped_right(head.substr(comment)));
    if (block.text.size() == head.size()) return;
    const std::size_t digit = marks.find_first_of("123456789");
    const std::size_t indent = digit == std::string_view::npos
                                   ? std::max(value_column(), step)
                                   : value_column() - (levels_.empty() ? 0 : step) +
                                         static_cast<std::size_t>(marks[digit] - '0');
    for (bool is_last = false; !is_last;) {
      const std::size_t end = text.find('\n');
      is_last = end == std::string_view::npos;
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(is_last ? text.size() : end + 1);
      out += '\n';
      // Blanks beyond the indentation are content.
      if (line.size() > block.block_indent) {
        out.append(indent, ' ').append(line.substr(block.block_indent));
      }
    }
  }

  // A comment one blank behind the text stays so; further right it keeps its column, for those that
  // stand one below the other.
  std::size_t blanks_before_comment(std::string_view written, const Token& comment) const {
    const auto before = text_.substr(0, comment.offset);
    const auto stood = before.substr(before.rfind('\n') + 1);
    const std::size_t width = base::code_points(written.substr(written.rfind('\n') + 1));
    if (stood.size() - stripped_right(stood).size() <= 1) return 1;
    const std::size_t column = base::code_points(stood);
    return column > width + 1 ? column - width : 1;
  }

  std::string_view text_;
  std::string out_;
  std::vector<Level> levels_;
  std::vector<Waiting> waiting_;
  bool has_gap_ = false;        // an empty line came
  bool flow_is_apart_ = false;  // the brackets around stand on a line of their own
  std::size_t depth_ = 0;       // of brackets
};

bool is_same(const Node& a, const Node& b) {
  return a.kind == b.kind && a.text == b.text && a.is_quoted() == b.is_quoted() &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), is_same) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](const Entry& x, const Entry& y) {
                      return x.key == y.key && is_same(x.value, y.value);
                    });
}

std::vector<std::string_view> comments_of(const std::vector<Line>& lines) {
  std::vector<std::string_view> comments;
  for (const Line& line : lines) {
    for (const Token& token : line.tokens) {
      if (token.kind == Kind::comment) comments.push_back(token.text);
    }
  }
  return comments;
}

// The formatter reads between the scalars by hand. What it writes is therefore read again: a file
// that it misunderstood stays as it is.
bool keeps_all(const Node& root, const std::vector<Line>& lines, std::string_view formatted,
               const std::string& path) {
  Problems ignored;
  const auto again = parse_yaml(formatted, path, ignored);
  if (!again || ignored.has_errors() || !is_same(root, *again)) return false;
  const auto lines_again = lex_lines(formatted);
  return lines_again && comments_of(lines) == comments_of(*lines_again);
}

std::string with_line_ends(std::string_view text, bool crlf) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (crlf && text[i] == '\n') out += '\r';
    out += text[i];
  }
  return out;
}

bool has_crlf(std::string_view text) {
  const std::size_t first = text.find('\n');
  return first != std::string_view::npos && first > 0 && text[first - 1] == '\r';
}

// `line_before`: how many lines of the file stand above the text.
std::optional<std::string> format_once(std::string_view text, const std::string& path,
                                       int lines_before, Problems& problems) {
  Problems found;
  const auto root = parse_yaml(text, path, found);
  if (!root || found.has_errors()) {
    for (Problem& problem : found.take()) {
      problem.place.line += lines_before;
      problems.add(std::move(problem));
    }
    return std::nullopt;
  }
  const std::string plain = with_line_ends(without_bom(text), false);
  const auto lines = lex_lines(plain);
  if (!lines) {
    base::Place place = lines.error().place;
    place.path = path;
    place.line += lines_before;
    problems.error(std::move(place), lines.error().message, lines.error().remedy);
    return std::nullopt;
  }
  std::string out = Writer(plain).write(*lines);
  // Whether a text in block style ends with a line break may be told by the end of the file alone.
  const bool ends_in_block = !lines->empty() && !lines->back().tokens.empty() &&
                             lines->back().tokens.back().kind == Kind::block;
  const bool ends_in_text =
      plain.find_first_not_of(" \t", plain.find_last_of('\n') + 1) != std::string::npos;
  if (ends_in_block && !plain.ends_with('\n') && ends_in_text) out.pop_back();
  const bool is_kept = keeps_all(*root, *lines, out, path);
  if (!is_kept && !plain.ends_with('\n') && !ends_in_text) {
    const auto last = static_cast<int>(std::ranges::count(plain, '\n')) + 1;
    problems.error({path, last + lines_before, 1, 1},
                   "the file ends in blanks, and they may belong to the text before them",
                   "remove them, or end the line");
    return std::nullopt;
  }
  if (!is_kept) {
    problems.error({path, 0, 0, 1}, "the formatter would change what this file means",
                   "this is a fault of ours: please report it with the file");
    return std::nullopt;
  }
  return with_line_ends(out, has_crlf(text));
}

// What would look otherwise each time it is formatted stays as it is.
std::optional<std::string> format_text(std::string_view text, const std::string& path,
                                       int lines_before, Problems& problems) {
  auto once = format_once(text, path, lines_before, problems);
  if (!once) return std::nullopt;
  Problems ignored;
  if (format_once(*once, path, lines_before, ignored) == once) return once;
  problems.error({path, 0, 0, 1}, "the formatter does not settle on a look for this file",
                 "this is a fault of ours: please report it with the file");
  return std::nullopt;
}

}  // namespace

std::optional<std::string> format_yaml(std::string_view text, const std::string& path,
                                       Problems& problems) {
  return format_text(text, path, 0, problems);
}

std::optional<std::string> format_file(const File& file, Problems& problems) {
  if (!file.path.ends_with(".md")) return format_yaml(file.text, file.path, problems);
  const auto message = read_message_file(file.path, file.text, problems);
  if (!message) return std::nullopt;
  const std::string_view text = message->text;
  if (without_bom(text).size() != text.size()) {
    problems.error({file.path, 1, 1, 1}, "a second byte order mark stands here", "remove it");
    return std::nullopt;
  }
  if (message->front_source.empty()) return std::string(text);
  const std::size_t begin = text.find('\n') + 1;
  const std::size_t end = message->front_source.size();
  auto front = format_text(text.substr(begin, end - begin), file.path, 1, problems);
  if (!front) return std::nullopt;
  const std::string_view line_end = has_crlf(text) ? "\r\n" : "\n";
  if (!front->empty() && !front->ends_with('\n')) *front += line_end;
  return std::string("---").append(line_end).append(*front).append(text.substr(end));
}

}  // namespace nurtured::config
