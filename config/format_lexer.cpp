#include "config/format_lexer.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/encoding.h"
#include "config/yaml.h"
#include "config/yaml_fault.h"

namespace nurtured::config {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view signs = "-:,[]{}";
constexpr std::array<std::string_view, 6> words{"~", "null", "Null", "NULL", "---", "..."};

struct Scalar {
  std::size_t offset = 0;
  std::string value;
};

// The parser tells where scalars begin, keys and values alike, in the order of the file.
class ScalarFinder final : public YAML::EventHandler {
 public:
  std::vector<Scalar> take() { return std::move(scalars_); }

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    scalars_.push_back({static_cast<std::size_t>(std::max(mark.pos, 0)), value});
  }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  std::vector<Scalar> scalars_;
};

std::vector<Scalar> find_scalars(std::string_view text) {
  ScalarFinder finder;
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(finder)) {
  }
  return finder.take();
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text), scalars_(find_scalars(text)) {}

  base::Result<std::vector<FormatLine>> run() {
    lines_.push_back({});
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool is_scalar = next_ < scalars_.size() && scalars_[next_].offset == at_;
      // A mark that would become the file's own, were it moved to its beginning.
      if (is_scalar && without_bom(text_.substr(at_)).size() < text_.size() - at_) {
        return base::fail(unknown());
      }
      if (is_scalar) {
        take_scalar(scalars_[next_++]);
      } else if (c == '\n') {
        lines_.push_back({++at_, {}});
      } else if (blanks.find(c) != std::string_view::npos) {
        ++at_;
      } else if (c == '#') {
        const auto whole = text_.substr(at_, rest_of_line());
        add(FormatTokenKind::comment, whole.substr(0, whole.find_last_not_of(blanks) + 1));
        at_ += whole.size() - lines_.back().tokens.back().text.size();
      } else if (!take_word()) {
        if (signs.find(c) == std::string_view::npos) return base::fail(unknown());
        take_sign(c);
      }
    }
    // What stands behind the last line end is no line.
    if (lines_.back().tokens.empty()) lines_.pop_back();
    return std::move(lines_);
  }

 private:
  std::size_t rest_of_line() const { return std::min(text_.find('\n', at_), text_.size()) - at_; }

  void add(FormatTokenKind kind, std::string_view token) {
    lines_.back().tokens.push_back({kind, token, at_, 0});
    at_ += token.size();
  }

  void take_scalar(const Scalar& scalar) {
    const char first = text_[at_];
    if (first == '|' || first == '>') return take_block();
    std::size_t end = 0;
    if (first == '"' || first == '\'') {
      end = end_of_quoted(text_, at_);
    } else {
      Node node;
      node.kind = Node::Kind::scalar;
      node.text = scalar.value;
      node.offset = at_;
      end = end_of_plain(node, text_);
    }
    add(FormatTokenKind::scalar, text_.substr(at_, std::min(end, text_.size()) - at_));
  }

  // YAML 1.2, section 8.1: the content is what is indented like its first line, or as the head
  // says.
  void take_block() {
    const std::size_t head_size = rest_of_line();
    const auto head = text_.substr(at_, std::min(head_size, text_.substr(at_).find('#')));
    const auto digit =
        std::find_if(head.begin(), head.end(), [](char c) { return c > '0' && c <= '9'; });
    std::size_t indent =
        digit == head.end() ? 0 : static_cast<std::size_t>(std::max(parent_, 0) + *digit - '0');
    std::size_t end = at_ + head_size;  // of what is content for sure
    for (std::size_t line = end + 1; line < text_.size();) {
      const std::size_t line_end = std::min(text_.find('\n', line), text_.size());
      const std::size_t first = std::min(text_.find_first_not_of(' ', line), line_end);
      if (first == line_end) {
        // Empty lines at the end belong to it only where `+` keeps them.
        if (head.find('+') != std::string_view::npos) end = line_end;
      } else {
        const std::size_t column = first - line;
        if (indent == 0 && static_cast<int>(column) > parent_) indent = column;
        if (indent == 0 || column < indent) break;
        end = line_end;
      }
      line = line_end + 1;
    }
    add(FormatTokenKind::block, text_.substr(at_, end - at_));
    lines_.back().tokens.back().block_indent = indent;
  }

  bool take_word() {
    const auto rest = text_.substr(at_, rest_of_line());
    const auto word = rest.substr(0, rest.find_first_of(" \t,]}"));
    if (std::find(words.begin(), words.end(), word) == words.end()) return false;
    add(FormatTokenKind::word, word);
    return true;
  }

  void take_sign(char sign) {
    auto& line = lines_.back();
    if (sign == '[' || sign == '{') ++depth_;
    if (sign == ']' || sign == '}') --depth_;
    add(FormatTokenKind::sign, text_.substr(at_, 1));
    if (depth_ > 0) return;
    if (sign == '-') parent_ = static_cast<int>(line.column(line.tokens.back()));
    if (sign == ':' && line.tokens.size() > 1) {
      parent_ = static_cast<int>(line.column(line.tokens[line.tokens.size() - 2]));
    }
  }

  base::Error unknown() const {
    const auto passed = text_.substr(0, at_);
    const std::size_t start =
        passed.rfind('\n') == std::string_view::npos ? 0 : passed.rfind('\n') + 1;
    const int line = 1 + static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
    const int column = 1 + static_cast<int>(base::code_points(passed.substr(start)));
    return {base::ErrorKind::invalid,
            "the formatter does not know this way of writing",
            text_[at_] == '?' ? "write `key: value`" : "write it without this",
            {"", line, column, 1}};
  }

  std::string_view text_;
  std::vector<Scalar> scalars_;
  std::size_t next_ = 0;  // of scalars_
  std::size_t at_ = 0;
  int depth_ = 0;    // of flow lists and maps
  int parent_ = -1;  // the column of the key or dash that a value belongs to
  std::vector<FormatLine> lines_;
};

}  // namespace

base::Result<std::vector<FormatLine>> lex_lines(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace nurtured::config
