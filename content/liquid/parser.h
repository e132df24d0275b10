// Source to program. Used by template.cpp alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "content/liquid/markup.h"
#include "content/liquid/program.h"
#include "content/liquid/tokenizer.h"

namespace nurtured::content::liquid {

class Parser {
 public:
  Parser(Program& program, const CompileOptions& options);

  // Fills the program's body and usage.
  base::Result<void> parse();

 private:
  // The tag that ended a body: one that the body's own tags do not know. No name: the source ended.
  struct End {
    std::string_view name;
    std::string_view markup;
    const char* at = nullptr;
    bool at_end() const { return name.data() == nullptr; }
  };

  base::Result<End> parse_body(Tokenizer& tokens, Block& block);
  base::Result<std::optional<End>> parse_token(std::string_view token, Tokenizer& tokens,
                                               Block& block);
  void add_text(std::string_view token, Block& block);
  base::Result<void> add_output(std::string_view token, Block& block);
  base::Result<void> parse_liquid_tag(std::string_view markup, Block& block);
  // False when the tag is not known here.
  base::Result<bool> parse_tag(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<bool> parse_simple_tag(TagToken tag, Block& block);
  void trim_before(std::string_view token, Block& block);

  base::Result<void> parse_assign(TagToken tag, Block& block);
  base::Result<void> parse_cycle(TagToken tag, Block& block);
  base::Result<void> parse_partial(TagToken tag, Block& block);
  base::Result<void> parse_partial_variable(std::string_view rest, PartialCall& call);
  base::Result<void> parse_inline_comment(TagToken tag);
  base::Result<void> parse_comment(Tokenizer& tokens, TagToken tag);
  base::Result<void> parse_doc(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<void> parse_raw(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<void> skip_raw(Tokenizer& tokens, const char* at);
  base::Result<void> parse_capture(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<void> parse_if(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<void> parse_case(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<void> parse_when(std::string_view markup, When& when);
  base::Result<void> parse_for(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<void> parse_table_row(TagToken tag, Tokenizer& tokens, Block& block);
  base::Result<void> parse_if_changed(TagToken tag, Tokenizer& tokens, Block& block);
  // Reads a body up to `end_name`, no other end allowed.
  base::Result<void> parse_whole_body(TagToken tag, Tokenizer& tokens, Block& body);

  tl::unexpected<base::Error> failure(const char* at, std::string message, std::string remedy = {});
  tl::unexpected<base::Error> wrong_end(TagToken tag, const End& end);
  // Adds a node that prints (or may print) something.
  void add(Block& block, const char* at, decltype(Node::what) what);
  std::size_t offset_of(const char* at) const;
  MarkupContext context() { return {options_, notes_}; }

  Program& program_;
  const CompileOptions& options_;
  Notes notes_;
  bool trims_next_ = false;    // the token before ended in -%} or -}}
  bool text_is_last_ = false;  // the last token of the body in hand was literal text
  int depth_ = 0;
};

}  // namespace nurtured::content::liquid
