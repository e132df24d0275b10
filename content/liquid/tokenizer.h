// A source cut into literal text, outputs and tags, exactly where Shopify's tokenizer cuts it: an
// output ends at the first `}`, a tag at the first `%}`, whatever stands between. Used by the
// parser alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace nurtured::content::liquid {

// Tokens are parts of the source, in order and without gaps (but for the line ends of a `liquid`
// tag's body).
class Tokenizer {
 public:
  enum class Mode {
    document,
    lines,  // the body of a `liquid` tag: each line is a tag
  };

  explicit Tokenizer(std::string_view source, Mode mode = Mode::document)
      : source_(source), mode_(mode) {}

  std::optional<std::string_view> next();
  bool by_lines() const { return mode_ == Mode::lines; }

 private:
  std::string_view take(std::size_t end);
  std::string_view take_output();

  std::string_view source_;
  Mode mode_;
  std::size_t at_ = 0;
};

// {%- name markup -%} taken apart. A token that is not so formed gives nothing.
struct TagToken {
  std::string_view name;
  std::string_view markup;
};
std::optional<TagToken> read_tag(std::string_view token);
// The same for a line of a `liquid` tag.
std::optional<TagToken> read_line_tag(std::string_view line);
// The last tag that ends the token, and the text before it: how `raw` and `doc` find their end in
// text that is cut anyhow.
struct LastTag {
  std::string_view before;
  std::string_view name;
};
std::optional<LastTag> read_last_tag(std::string_view token);

}  // namespace nurtured::content::liquid
