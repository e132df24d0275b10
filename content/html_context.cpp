#include "content/html_context.h"

#include <algorithm>
#include <array>
#include <utility>

namespace nurtured::content {
namespace {

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool holds_url(std::string_view attribute) {
  constexpr std::array<std::string_view, 10> names = {
      "href",   "src",  "action", "formaction", "background",
      "poster", "cite", "data",   "longdesc",   "xlink:href"};
  return std::ranges::find(names, attribute) != names.end();
}

bool runs_code(std::string_view attribute) {
  return attribute.starts_with("on") || attribute == "style" || attribute == "srcdoc" ||
         attribute == "srcset";
}

std::string harmless(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    if (is_alphanumeric(c) || std::string_view(" .,_-").find(c) != std::string_view::npos ||
        static_cast<unsigned char>(c) >= 0x80) {
      kept += c;
    }
  }
  return kept;
}

// The entities that stand in URLs of hand-written HTML.
std::string unescaped(std::string_view text) {
  struct Entity {
    std::string_view name;
    std::string_view text;
  };
  constexpr std::array<Entity, 7> entities = {
      Entity{"&amp;", "&"}, {"&lt;", "<"},   Entity{"&gt;", ">"},  {"&quot;", "\""},
      Entity{"&#39;", "'"}, {"&apos;", "'"}, Entity{"&nbsp;", " "}};
  std::string result;
  while (!text.empty()) {
    const auto found = std::ranges::find_if(
        entities, [&](const Entity& entity) { return text.starts_with(entity.name); });
    result += found == entities.end() ? text.substr(0, 1) : found->text;
    text.remove_prefix(found == entities.end() ? 1 : found->name.size());
  }
  return result;
}

// Reads HTML character by character and remembers where it is.
class Scanner {
 public:
  explicit Scanner(const RewriteLink& rewrite) : rewrite_(rewrite) {}

  base::Result<void> literal(std::string_view text);
  void value(std::string_view text);
  base::Result<std::string> finish();

 private:
  enum class Where {
    text,
    tag_name,
    tag,  // between attributes
    attribute_name,
    before_value,
    quoted_value,
    unquoted_value,
    comment,
    code,  // within script or style
  };

  // Each takes the next character of the author's own text.
  base::Result<void> step(char c);
  std::size_t plain_run(std::string_view text) const;
  void step_tag_name(char c);
  void step_tag(char c);
  void step_attribute_name(char c);
  void step_before_value(char c);
  void step_value(char c);
  void step_hidden(char c);
  void end_tag();
  base::Result<void> end_url();
  bool in_url() const { return where_ == Where::quoted_value && holds_url(attribute_); }

  const RewriteLink& rewrite_;
  std::string out_;
  Where where_ = Where::text;
  std::string tag_;
  std::string attribute_;
  char quote_ = 0;
  std::string end_;     // what ends a comment or script
  std::string ending_;  // as much of it as has been read
  // A URL attribute is gathered whole: the author's parts and values, which end at these places.
  struct Part {
    std::string text;
    bool is_value = false;
  };
  std::vector<Part> url_;
};

base::Result<void> Scanner::literal(std::string_view text) {
  while (!text.empty()) {
    const std::size_t run = plain_run(text);
    out_.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    if (auto stepped = step(text.front()); !stepped) return stepped;
    text.remove_prefix(1);
  }
  return {};
}

// How much of `text` is copied without leaving where we are: most of a mail is.
std::size_t Scanner::plain_run(std::string_view text) const {
  if (where_ == Where::text) return std::min(text.find('<'), text.size());
  const bool is_hidden = where_ == Where::comment || where_ == Where::code;
  if (!is_hidden || !ending_.empty()) return 0;
  return std::min(text.find(end_.front()), text.size());
}

void Scanner::value(std::string_view text) {
  if (in_url()) {
    url_.push_back({std::string(text), true});
    return;
  }
  switch (where_) {
    case Where::text:
      out_ += escape_html(clean_text(text));
      break;
    case Where::quoted_value:
      out_ += runs_code(attribute_) ? harmless(text) : escape_html(clean_text(text));
      break;
    case Where::before_value:
      where_ = Where::unquoted_value;
      out_ += harmless(text);
      break;
    case Where::tag_name:
    case Where::tag:
    case Where::attribute_name:
    case Where::unquoted_value:
      out_ += harmless(text);
      break;
    case Where::comment:
    case Where::code:
      break;
  }
}

base::Result<void> Scanner::step(char c) {
  if (in_url()) {
    if (c != quote_) {
      if (url_.empty() || url_.back().is_value) url_.push_back({});
      url_.back().text += c;
      return {};
    }
    if (auto ended = end_url(); !ended) return ended;
  }
  out_ += c;
  switch (where_) {
    case Where::text:
      if (c != '<') break;
      where_ = Where::tag_name;
      tag_.clear();
      break;
    case Where::tag_name:
      step_tag_name(c);
      break;
    case Where::tag:
      step_tag(c);
      break;
    case Where::attribute_name:
      step_attribute_name(c);
      break;
    case Where::before_value:
      step_before_value(c);
      break;
    case Where::quoted_value:
    case Where::unquoted_value:
      step_value(c);
      break;
    case Where::comment:
    case Where::code:
      step_hidden(c);
      break;
  }
  return {};
}

void Scanner::step_tag_name(char c) {
  if (c == '>') return end_tag();
  if (is_space(c)) {
    where_ = tag_.empty() ? Where::text : Where::tag;
    return;
  }
  tag_ += lower(c);
  if (tag_ == "!--") {
    where_ = Where::comment;
    end_ = "-->";
    ending_.clear();
  }
}

void Scanner::step_tag(char c) {
  if (c == '>') return end_tag();
  if (is_space(c) || c == '/') return;
  where_ = Where::attribute_name;
  attribute_ = lower(c);
}

void Scanner::step_attribute_name(char c) {
  if (c == '>') return end_tag();
  if (c == '=') {
    where_ = Where::before_value;
  } else if (is_space(c)) {
    where_ = Where::tag;
  } else {
    attribute_ += lower(c);
  }
}

void Scanner::step_before_value(char c) {
  if (c == '>') return end_tag();
  if (c == '"' || c == '\'') {
    where_ = Where::quoted_value;
    quote_ = c;
    url_.clear();
  } else if (!is_space(c)) {
    where_ = Where::unquoted_value;
  }
}

void Scanner::step_value(char c) {
  if (where_ == Where::quoted_value) {
    if (c == quote_) where_ = Where::tag;
  } else if (c == '>') {
    end_tag();
  } else if (is_space(c)) {
    where_ = Where::tag;
  }
}

// Goes on to the end of a comment, or to the closing tag of a script or style sheet.
void Scanner::step_hidden(char c) {
  ending_ += lower(c);
  while (!end_.starts_with(ending_)) ending_.erase(0, 1);
  if (ending_ != end_) return;
  const bool is_comment = where_ == Where::comment;
  where_ = is_comment ? Where::text : Where::tag;
  if (!is_comment) tag_.insert(0, "/");
}

void Scanner::end_tag() {
  const bool holds_code = tag_ == "script" || tag_ == "style";
  where_ = holds_code ? Where::code : Where::text;
  end_ = "</" + tag_;
  ending_.clear();
}

base::Result<void> Scanner::end_url() {
  std::vector<Piece> pieces;
  std::vector<std::string> texts;
  texts.reserve(url_.size());
  bool has_value = false;
  for (const Part& part : url_) {
    texts.push_back(part.is_value ? part.text : unescaped(part.text));
    pieces.push_back({texts.back(), part.is_value});
    has_value = has_value || part.is_value;
  }
  const bool is_link = tag_ == "a" && attribute_ == "href" && rewrite_;
  const LinkUse use =
      attribute_ == "src" || attribute_ == "background" ? LinkUse::image : LinkUse::link;
  if (has_value || is_link) {
    auto url = checked_url(url_from(pieces), use);
    if (!url && has_value) return base::fail(url.error());
    if (url) {
      out_ += escape_html(is_link ? rewrite_(*url) : *url);
      url_.clear();
      return {};
    }
  }
  for (const Part& part : url_) out_ += part.text;
  url_.clear();
  return {};
}

base::Result<std::string> Scanner::finish() {
  if (in_url()) {
    return base::fail("the HTML ends within the attribute '" + attribute_ + "'",
                      "close its quotes");
  }
  return std::move(out_);
}

}  // namespace

base::Result<std::string> html_from(const std::vector<Piece>& pieces, const RewriteLink& rewrite) {
  Scanner scanner(rewrite);
  for (const Piece& piece : pieces) {
    if (piece.is_value) {
      scanner.value(piece.text);
    } else if (auto read = scanner.literal(piece.text); !read) {
      return base::fail(read.error());
    }
  }
  return scanner.finish();
}

namespace {

// Whether a tag, by its first bytes in small letters, begins or ends a line of what is shown.
bool breaks_line(std::string_view tag) {
  tag.remove_prefix(tag.starts_with("</") ? 2 : 1);
  const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/>"));
  constexpr std::array<std::string_view, 12> blocks = {"br", "p",  "div", "li", "tr", "table",
                                                       "h1", "h2", "h3",  "h4", "ul", "ol"};
  return std::ranges::find(blocks, name) != blocks.end();
}

}  // namespace

std::string text_of_html(std::string_view html) {
  std::string text;
  const auto skip_past = [&](std::string_view end) {
    const std::size_t at = html.find(end);
    html.remove_prefix(at == std::string_view::npos ? html.size() : at + end.size());
  };
  while (!html.empty()) {
    const std::size_t tag = html.find('<');
    text += unescaped(html.substr(0, tag));
    if (tag == std::string_view::npos) break;
    html.remove_prefix(tag);
    const std::string begin = ascii_lower(html.substr(0, 7));
    if (begin.starts_with("<!--")) {
      skip_past("-->");
    } else if (begin == "<script") {
      skip_past("</script>");
    } else if (begin.starts_with("<style")) {
      skip_past("</style>");
    } else {
      if (breaks_line(begin)) text += '\n';
      skip_past(">");
    }
  }
  return text;
}

}  // namespace nurtured::content
