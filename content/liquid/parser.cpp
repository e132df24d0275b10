#include "content/liquid/parser.h"

#include <utility>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {

using base::Result;

Parser::Parser(Program& program, const CompileOptions& options)
    : program_(program), options_(options), notes_(program.name, program.source) {}

std::size_t Parser::offset_of(const char* at) const {
  return static_cast<std::size_t>(at - program_.source.data());
}

tl::unexpected<base::Error> Parser::failure(const char* at, std::string message,
                                            std::string remedy) {
  return base::fail(base::Error{
      .message = std::move(message), .remedy = std::move(remedy), .place = notes_.place(at)});
}

tl::unexpected<base::Error> Parser::wrong_end(TagToken tag, const End& end) {
  const std::string name(tag.name);
  if (end.at_end()) {
    return failure(tag.name.data(), "the tag '" + name + "' is not closed",
                   "write {% end" + name + " %}");
  }
  return failure(end.at, "unexpected tag '" + std::string(end.name) + "' within '" + name + "'",
                 "'" + name + "' is closed by {% end" + name + " %}");
}

Result<void> Parser::parse() {
  Tokenizer tokens(program_.source);
  auto end = parse_body(tokens, program_.body);
  if (!end) return base::fail(end.error());
  if (!end->at_end()) {
    const std::string name(end->name);
    return failure(end->at, name.empty() ? "a tag without a name" : "unexpected tag '" + name + "'",
                   name.starts_with("end") ? "nothing is open that it could close" : "");
  }
  program_.usage = notes_.finish();
  return {};
}

Result<Parser::End> Parser::parse_body(Tokenizer& tokens, Block& block) {
  if (depth_ >= options_.limits.nesting_max) {
    return base::fail(base::Error{.kind = base::ErrorKind::too_large,
                                  .message = "tags are nested too deeply",
                                  .remedy = "at most " + std::to_string(depth_)});
  }
  ++depth_;
  text_is_last_ = false;
  while (const auto token = tokens.next()) {
    auto end = parse_token(*token, tokens, block);
    if (!end) return base::fail(end.error());
    if (*end) {
      --depth_;
      return **end;
    }
  }
  --depth_;
  return End{};
}

Result<std::optional<Parser::End>> Parser::parse_token(std::string_view token, Tokenizer& tokens,
                                                       Block& block) {
  std::optional<TagToken> tag;
  if (tokens.by_lines()) {
    if (is_blank(token)) return std::nullopt;
    tag = read_line_tag(token);
  } else if (token.starts_with("{%")) {
    trim_before(token, block);
    tag = read_tag(token);
    if (!tag && !(token.size() >= 4 && token.ends_with("%}"))) {
      return failure(token.data(), "a tag is not closed", "write %} at its end");
    }
  } else if (token.starts_with("{{")) {
    trim_before(token, block);
    text_is_last_ = false;
    if (auto added = add_output(token, block); !added) return base::fail(added.error());
    return std::nullopt;
  } else {
    add_text(token, block);
    return std::nullopt;
  }
  if (!tag) return End{token.substr(0, 0), token, token.data()};
  text_is_last_ = false;
  if (tag->name == "liquid") {
    if (auto parsed = parse_liquid_tag(tag->markup, block); !parsed) {
      return base::fail(parsed.error());
    }
    return std::nullopt;
  }
  const auto known = parse_tag(*tag, tokens, block);
  if (!known) return base::fail(known.error());
  text_is_last_ = false;
  if (!*known) return End{tag->name, tag->markup, tag->name.data()};
  return std::nullopt;
}

void Parser::trim_before(std::string_view token, Block& block) {
  if (token.size() > 2 && token[2] == '-' && text_is_last_) {
    auto& text = std::get<Text>(block.nodes.back().what).text;
    text = strip_right(text);
  }
  trims_next_ = token.size() >= 3 && token[token.size() - 3] == '-';
}

void Parser::add_text(std::string_view token, Block& block) {
  if (trims_next_) token = strip_left(token);
  trims_next_ = false;
  if (!is_blank(token)) block.is_blank = false;
  block.nodes.push_back({offset_of(token.data()), Text{token}});
  text_is_last_ = true;
}

Result<void> Parser::add_output(std::string_view token, Block& block) {
  if (!token.ends_with("}}") || token.size() < 4) {
    return failure(token.data(), "an output is not closed", "write }} at its end");
  }
  std::string_view markup = token.substr(2, token.size() - 4);
  if (markup.starts_with('-')) markup.remove_prefix(1);
  if (markup.ends_with('-')) markup.remove_suffix(1);
  auto pipeline = MarkupReader(markup, context()).pipeline();
  if (!pipeline) return base::fail(pipeline.error());
  add(block, strip_left(markup).data(), Output{std::move(*pipeline)});
  return {};
}

void Parser::add(Block& block, const char* at, decltype(Node::what) what) {
  block.nodes.push_back({offset_of(at), std::move(what)});
  block.is_blank = false;
}

Result<void> Parser::parse_liquid_tag(std::string_view markup, Block& block) {
  if (++depth_ > options_.limits.nesting_max) {
    return base::fail(base::Error{.kind = base::ErrorKind::too_large,
                                  .message = "tags are nested too deeply",
                                  .place = notes_.place(markup.data())});
  }
  Tokenizer lines(markup, Tokenizer::Mode::lines);
  while (const auto line = lines.next()) {
    auto end = parse_token(*line, lines, block);
    if (!end) return base::fail(end.error());
    if (*end) {
      return failure((*end)->at, "unexpected tag '" + std::string((*end)->name) + "' in 'liquid'");
    }
  }
  --depth_;
  return {};
}

Result<bool> Parser::parse_tag(TagToken tag, Tokenizer& tokens, Block& block) {
  Result<void> parsed;
  if (tag.name == "if" || tag.name == "unless") {
    parsed = parse_if(tag, tokens, block);
  } else if (tag.name == "for") {
    parsed = parse_for(tag, tokens, block);
  } else if (tag.name == "case") {
    parsed = parse_case(tag, tokens, block);
  } else if (tag.name == "capture") {
    parsed = parse_capture(tag, tokens, block);
  } else if (tag.name == "comment") {
    parsed = parse_comment(tokens, tag);
  } else if (tag.name == "raw") {
    parsed = parse_raw(tag, tokens, block);
  } else if (tag.name == "doc") {
    parsed = parse_doc(tag, tokens, block);
  } else if (tag.name == "tablerow") {
    parsed = parse_table_row(tag, tokens, block);
  } else if (tag.name == "ifchanged") {
    parsed = parse_if_changed(tag, tokens, block);
  } else {
    return parse_simple_tag(tag, block);
  }
  if (!parsed) return base::fail(parsed.error());
  return true;
}

Result<bool> Parser::parse_simple_tag(TagToken tag, Block& block) {
  Result<void> parsed;
  if (tag.name == "assign") {
    parsed = parse_assign(tag, block);
  } else if (tag.name == "echo") {
    auto pipeline = MarkupReader(tag.markup, context()).pipeline();
    if (!pipeline) return base::fail(pipeline.error());
    add(block, tag.markup.data(), Output{std::move(*pipeline)});
  } else if (tag.name == "increment" || tag.name == "decrement") {
    const std::string_view name = strip(tag.markup);
    notes_.assigned(name);
    add(block, tag.name.data(), Counter{name, tag.name == "increment"});
  } else if (tag.name == "cycle") {
    parsed = parse_cycle(tag, block);
  } else if (tag.name == "include" || tag.name == "render") {
    parsed = parse_partial(tag, block);
  } else if (tag.name == "break") {
    add(block, tag.name.data(), Interrupt::stop);
  } else if (tag.name == "continue") {
    add(block, tag.name.data(), Interrupt::skip);
  } else if (tag.name == "#") {
    parsed = parse_inline_comment(tag);
  } else {
    return false;
  }
  if (!parsed) return base::fail(parsed.error());
  return true;
}

Result<void> Parser::parse_whole_body(TagToken tag, Tokenizer& tokens, Block& body) {
  const auto end = parse_body(tokens, body);
  if (!end) return base::fail(end.error());
  if (end->name != "end" + std::string(tag.name)) return wrong_end(tag, *end);
  return {};
}

}  // namespace nurtured::content::liquid
