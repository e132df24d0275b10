#include "config/yaml.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/encoding.h"
#include "config/yaml_fault.h"

namespace nurtured::config {
namespace {

// Line and column of a byte. Positions mostly grow, so it goes on from the last one: a file of one
// long line stays linear.
class Locator {
 public:
  Locator(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  base::Place at(std::size_t offset, int length = 1) {
    offset = std::min(offset, text_.size());
    while (offset_ < offset) step_forward();
    while (offset_ > offset) step_back();
    return {path_, line_, column_, length};
  }

 private:
  static bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

  void step_forward() {
    if (text_[offset_] == '\n') {
      ++line_;
      column_ = 1;
    } else if (starts_code_point(text_[offset_])) {
      ++column_;
    }
    ++offset_;
  }

  void step_back() {
    --offset_;
    if (text_[offset_] == '\n') {
      --line_;
      const std::size_t before = offset_ == 0 ? std::string_view::npos : offset_ - 1;
      const std::size_t end = before == std::string_view::npos ? before : text_.rfind('\n', before);
      const std::size_t start = end == std::string_view::npos ? 0 : end + 1;
      column_ = 1 + static_cast<int>(base::code_points(text_.substr(start, offset_ - start)));
    } else if (starts_code_point(text_[offset_])) {
      --column_;
    }
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t offset_ = 0;
  int line_ = 1;
  int column_ = 1;
};

// Ends the parse from inside a handler; what is wrong has been reported.
struct Stop {};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const std::string& path, Problems& problems,
              const YamlLimits& limits)
      : text_(text), locator_(text, path), problems_(problems), limits_(limits) {}

  Node take() { return std::move(root_); }
  Locator& locator() { return locator_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      problems_.error(locator_.at(offset_of(mark)), "a second document begins here",
                      "keep one document in a file");
      throw Stop{};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.place = null_place(offset_of(mark));
    if (!check_properties(mark, "", anchor)) problems_.silence(node.place);
    add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    Node node;
    node.place = locator_.at(offset_of(mark));
    refuse(refused_sign('*'), node.place);
    add(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = value;
    node.offset = offset_of(mark);
    if (check_properties(mark, tag, anchor))
      set_style(node);
    else
      node.place = locator_.at(node.offset);
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    std::set<std::string, std::less<>> keys;
    bool has_key = false;
    bool key_is_bad = false;  // its value is read and forgotten
    Entry entry;
  };

  static std::size_t offset_of(const YAML::Mark& mark) {
    return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
  }

  // False, and reported, when a tag or an anchor stands before the value.
  bool check_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const std::size_t offset = offset_of(mark);
    const char first = offset < text_.size() ? text_[offset] : '\0';
    const bool has_tag = (!tag.empty() && tag != "?" && tag != "!") || first == '!';
    if (!has_tag && anchor == 0) return true;
    // `!a && b` is a tag and an anchor to YAML, and neither to who wrote it.
    refuse(refused_sign(has_tag && first != '&' ? '!' : '&'), locator_.at(offset));
    return false;
  }

  // What is wrong with a value is said once: readers of the tree find it empty, or without its
  // beginning.
  void refuse(const RefusedSign& sign, const base::Place& place) {
    problems_.error(place, std::string(sign.message), std::string(sign.remedy));
    problems_.silence(place);
  }

  void set_style(Node& node) {
    const char first = node.offset < text_.size() ? text_[node.offset] : '\0';
    std::size_t end = node.offset + node.text.size();
    if (first == '"' || first == '\'') {
      node.style = first == '"' ? ScalarStyle::double_quoted : ScalarStyle::single_quoted;
      end = end_of_quoted(text_, node.offset);
      if (end == std::string_view::npos) {
        problems_.error(locator_.at(node.offset), "the quote that opens here is never closed",
                        "close it where the text ends");
        throw Stop{};
      }
      check_escapes(node);
    } else if (first == '|' || first == '>') {
      node.style = ScalarStyle::block;
    } else {
      check_cut(node, end);
    }
    // The range is that of the first line. Not searched for beyond the scalar: a file may be one
    // long line.
    const std::string_view written = text_.substr(node.offset, end - node.offset);
    const auto shown = base::code_points(written.substr(0, written.find_first_of("\r\n")));
    node.place = locator_.at(node.offset, std::max(1, static_cast<int>(shown)));
  }

  // `Order #17` is `Order` to YAML, and a comment that nobody meant. One that somebody meant has a
  // blank behind its sign, as a rule.
  void check_cut(const Node& node, std::size_t end) {
    const std::size_t sign = text_.find_first_not_of(" \t", end);
    if (sign == end || sign == std::string_view::npos || text_[sign] != '#') return;
    if (sign + 1 >= text_.size()) return;
    constexpr std::string_view behind_comments = " \t\r\n#!-=";
    if (behind_comments.find(text_[sign + 1]) != std::string_view::npos) return;
    if (text_.substr(node.offset, node.text.size()) != node.text) return;
    const std::string_view shown = base::cut_utf8(node.text, 40);
    problems_.warning(locator_.at(sign), "cut-by-comment",
                      fmt::format("the text ends before this #, and says `{}`", shown),
                      "put the whole text in quotes, or a blank behind the # of a comment");
  }

  // "\uD800" is no character, and nothing here holds a zero byte.
  void check_escapes(const Node& node) {
    if (base::is_utf8(node.text) && node.text.find('\0') == std::string::npos) return;
    problems_.error(locator_.at(node.offset), "an escape in this text makes no character",
                    "write the character itself");
  }

  // An empty value has no place of its own: that of its key, or of its dash.
  base::Place null_place(std::size_t offset) {
    if (!stack_.empty() && stack_.back().has_key) return stack_.back().entry.place;
    if (offset < text_.size() &&
        (text_[offset] == '~' || text_[offset] == 'n' || text_[offset] == 'N')) {
      return locator_.at(offset);
    }
    const std::size_t last =
        offset == 0 ? std::string_view::npos : text_.find_last_not_of(" \t\r\n", offset - 1);
    return locator_.at(last == std::string_view::npos ? offset : last);
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    check_properties(mark, tag, anchor);
    if (stack_.size() >= limits_.depth_max) {
      problems_.error(
          locator_.at(offset_of(mark)),
          "lists and maps are nested more than " + std::to_string(limits_.depth_max) + " deep here",
          "flatten them");
      throw Stop{};
    }
    count(mark);
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = locator_.at(offset_of(mark));
    stack_.push_back(std::move(frame));
  }

  void close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    attach(std::move(node));
  }

  void count(const YAML::Mark& mark) {
    if (++nodes_ > limits_.nodes_max) {
      problems_.error(locator_.at(offset_of(mark)),
                      "the file has more than " + std::to_string(limits_.nodes_max) + " values",
                      "split it");
      throw Stop{};
    }
  }

  void add(Node node) {
    YAML::Mark mark;
    mark.pos = static_cast<int>(node.offset);
    count(mark);
    attach(std::move(node));
  }

  void attach(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.is_list()) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      take_key(frame, std::move(node));
    } else {
      frame.has_key = false;
      frame.entry.value = std::move(node);
      if (!frame.key_is_bad) frame.node.entries.push_back(std::move(frame.entry));
      frame.entry = {};
    }
  }

  void take_key(Frame& frame, Node key) {
    frame.has_key = true;
    frame.key_is_bad = true;
    frame.entry.place = key.place;
    if (!key.is_scalar() || key.text.empty()) {
      problems_.error(key.place, "a key must be a text", "put it in quotes");
    } else if (key.text.size() > limits_.key_bytes_max) {
      problems_.error(key.place,
                      "a key has at most " + std::to_string(limits_.key_bytes_max) + " bytes");
    } else if (key.text == "<<") {
      problems_.error(key.place, "merge keys (<<) are not read here", "repeat the keys");
    } else if (!frame.keys.insert(key.text).second) {
      problems_.error(key.place, "`" + key.text + "` stands here twice", "keep one of them");
    } else {
      frame.key_is_bad = false;
      frame.entry.key = std::move(key.text);
    }
  }

  std::string_view text_;
  Locator locator_;
  Problems& problems_;
  const YamlLimits& limits_;
  std::vector<Frame> stack_;
  Node root_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

void report(const YAML::Exception& fault, std::string_view text, Locator& locator,
            Problems& problems) {
  const std::size_t offset =
      fault.mark.pos < 0 ? 0 : std::min(static_cast<std::size_t>(fault.mark.pos), text.size());
  YamlFault explained = explain_fault(text, offset, fault.msg);
  problems.error(locator.at(explained.offset), std::move(explained.message),
                 std::move(explained.remedy));
}

bool is_forbidden_control(std::string_view text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte == '\r') return i + 1 == text.size() || text[i + 1] != '\n';
  return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f;
}

bool is_readable(std::string_view text, const std::string& path, Problems& problems,
                 const YamlLimits& limits) {
  if (text.size() > limits.bytes_max) {
    problems.error({path, 0, 0, 1},
                   "the file has more than " + std::to_string(limits.bytes_max) + " bytes",
                   "split it");
    return false;
  }
  if (!base::is_utf8(text)) {
    std::size_t valid = 0;
    while (valid < text.size()) {
      const auto next = std::min(text.find('\n', valid), text.size() - 1) + 1;
      if (!base::is_utf8(text.substr(valid, next - valid))) break;
      valid = next;
    }
    problems.error(Locator(text, path).at(valid), "this line is not UTF-8",
                   "save the file as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_forbidden_control(text, i)) {
      problems.error(Locator(text, path).at(i), "a control character stands here",
                     "remove it, or write it as an escape inside double quotes");
      return false;
    }
  }
  return true;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

std::string_view without_bom(std::string_view text) {
  constexpr std::string_view bom = "\xef\xbb\xbf";
  return text.starts_with(bom) ? text.substr(bom.size()) : text;
}

std::optional<Node> parse_yaml(std::string_view text, const std::string& path, Problems& problems,
                               const YamlLimits& limits) {
  text = without_bom(text);
  if (!is_readable(text, path, problems, limits)) return std::nullopt;
  TreeBuilder builder(text, path, problems, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& fault) {
    report(fault, text, builder.locator(), problems);
    return std::nullopt;
  }
  Node root = builder.take();
  if (root.place.path.empty()) root.place = {path, 1, 1, 1};
  return root;
}

}  // namespace nurtured::config
