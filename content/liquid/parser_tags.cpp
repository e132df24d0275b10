// The tags of parser.h, each as lenient or strict as Shopify's.
#include <utility>
#include <variant>
#include <vector>

#include "content/liquid/parser.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

using base::Result;

// What Shopify lets stand in the name of an assigned variable.
constexpr bool is_name_part(char c) {
  return is_word(c) || c == '-' || c == '.' || c == '[' || c == ']' || c == '(' || c == ')';
}

void drop_texts(Block& block) {
  std::erase_if(block.nodes,
                [](const Node& node) { return std::holds_alternative<Text>(node.what); });
}

// True when `text` goes on, after blanks, with `word` and a blank; they are taken off.
bool take_word(std::string_view& text, std::string_view word) {
  if (text.empty() || !is_space(text.front())) return false;
  std::string_view rest = strip_left(text);
  if (!rest.starts_with(word)) return false;
  rest.remove_prefix(word.size());
  if (rest.empty() || !is_space(rest.front())) return false;
  text = rest;
  return true;
}

std::string_view after(std::string_view whole, std::string_view part) {
  return whole.substr(static_cast<std::size_t>(part.data() + part.size() - whole.data()));
}

}  // namespace

// name = pipeline; what stands before the name is passed over.
Result<void> Parser::parse_assign(TagToken tag, Block& block) {
  std::size_t equals = 0;
  std::string_view name;
  while ((equals = tag.markup.find('=', equals)) != std::string_view::npos) {
    const std::string_view before = strip_right(tag.markup.substr(0, equals));
    std::size_t begin = before.size();
    while (begin > 0 && is_name_part(before[begin - 1])) --begin;
    name = before.substr(begin);
    if (!name.empty()) break;
    ++equals;
  }
  if (name.empty()) {
    return failure(tag.name.data(), "'assign' is not understood", "write: assign name = value");
  }
  auto value = MarkupReader(tag.markup.substr(equals + 1), context()).pipeline();
  if (!value) return base::fail(value.error());
  notes_.assigned(name);
  block.nodes.push_back({offset_of(name.data()), Assign{name, std::move(*value)}});
  return {};
}

Result<void> Parser::parse_capture(TagToken tag, Tokenizer& tokens, Block& block) {
  std::size_t begin = 0;
  while (begin < tag.markup.size() && !is_name_part(tag.markup[begin])) ++begin;
  std::size_t end = begin;
  while (end < tag.markup.size() && is_name_part(tag.markup[end])) ++end;
  if (begin == end) {
    return failure(tag.name.data(), "'capture' has no name", "write: capture name");
  }
  auto capture = std::make_unique<Capture>();
  capture->name = tag.markup.substr(begin, end - begin);
  notes_.assigned(capture->name);
  if (auto read = parse_whole_body(tag, tokens, capture->body); !read) return read;
  block.nodes.push_back({offset_of(tag.name.data()), std::move(capture)});
  return {};
}

Result<void> Parser::parse_cycle(TagToken tag, Block& block) {
  auto cycle = std::make_unique<Cycle>();
  std::string_view rest = tag.markup;
  const auto first = find_fragment(rest);
  if (!first) return failure(tag.name.data(), "'cycle' has no values", "write: cycle 'a', 'b'");
  // The name ends at the last colon of the first fragment, or at one that follows it.
  std::string_view name = *first;
  std::string_view tail = after(rest, name);
  const bool quoted = name.front() == '"' || name.front() == '\'';
  if (const std::size_t colon = name.rfind(':'); !quoted && colon != std::string_view::npos) {
    tail = rest.substr(static_cast<std::size_t>(name.data() - rest.data()) + colon);
    name = name.substr(0, colon);
  }
  if (strip_left(tail).starts_with(':')) {
    auto read = lenient_expression(name, context());
    if (!read) return base::fail(read.error());
    cycle->name = std::move(*read);
    rest = strip_left(tail).substr(1);
  }
  bool is_constant = true;
  while (const auto fragment = find_fragment(rest)) {
    auto value = lenient_expression(*fragment, context());
    if (!value) return base::fail(value.error());
    is_constant = is_constant && std::holds_alternative<cel::Value>(*value);
    cycle->unnamed_key += *fragment;
    cycle->unnamed_key += ',';
    cycle->values.push_back(std::move(*value));
    const std::size_t comma = after(rest, *fragment).find(',');
    if (comma == std::string_view::npos) break;
    rest = after(rest, *fragment).substr(comma + 1);
  }
  // Cycles of the same constants advance together; one that reads a variable goes by itself.
  if (!is_constant) {
    cycle->unnamed_key = program_.name + '@' + std::to_string(offset_of(tag.name.data()));
  }
  if (cycle->values.empty()) return failure(tag.name.data(), "'cycle' has no values");
  add(block, tag.name.data(), std::move(cycle));
  return {};
}

// 'name' for variable as alias, argument: value
Result<void> Parser::parse_partial(TagToken tag, Block& block) {
  auto call = std::make_unique<PartialCall>();
  call->is_isolated = tag.name == "render";
  auto name = find_fragment(tag.markup);
  while (call->is_isolated && name && name->front() != '"' && name->front() != '\'') {
    name = find_fragment(after(tag.markup, *name));
  }
  if (!name) {
    return failure(tag.name.data(), "'" + std::string(tag.name) + "' does not name its template",
                   "write: " + std::string(tag.name) + " 'name'");
  }
  auto expression = lenient_expression(*name, context());
  if (!expression) return base::fail(expression.error());
  const auto* constant = std::get_if<cel::Value>(&*expression);
  const std::string partial =
      constant != nullptr && constant->is_string() ? constant->as_string() : "";
  notes_.partial(partial, name->data());
  call->name = std::move(*expression);
  if (auto read = parse_partial_variable(after(tag.markup, *name), *call); !read) return read;
  for (const Attribute& attribute : find_attributes(tag.markup)) {
    const std::size_t first_use = notes_.variable_count();
    auto value = lenient_expression(attribute.value, context());
    if (!value) return base::fail(value.error());
    for (std::size_t i = first_use; i < notes_.variable_count(); ++i) {
      notes_.use(i).partial = partial;
      notes_.use(i).parameter = attribute.name;
    }
    call->arguments.emplace_back(attribute.name, std::move(*value));
  }
  add(block, tag.name.data(), std::move(call));
  return {};
}

// for or with a variable, and the alias
Result<void> Parser::parse_partial_variable(std::string_view rest, PartialCall& call) {
  call.is_loop = take_word(rest, "for");
  if (call.is_loop || take_word(rest, "with")) {
    const auto fragment = find_fragment(rest);
    if (fragment) {
      auto variable = lenient_expression(*fragment, context());
      if (!variable) return base::fail(variable.error());
      call.variable = std::move(*variable);
      rest = after(rest, *fragment);
    }
  }
  if (take_word(rest, "as")) {
    rest = strip_left(rest);
    std::size_t length = 0;
    while (length < rest.size() && (is_word(rest[length]) || rest[length] == '-')) ++length;
    call.alias = rest.substr(0, length);
  }
  return {};
}

// Every line must begin with '#'.
Result<void> Parser::parse_inline_comment(TagToken tag) {
  for (std::size_t at = tag.markup.find('\n'); at != std::string_view::npos;
       at = tag.markup.find('\n', at + 1)) {
    const std::string_view line = strip_left(tag.markup.substr(at));
    if (!line.empty() && line[0] != '#') {
      return failure(line.data(), "a line of a comment does not begin with '#'");
    }
  }
  return {};
}

Result<void> Parser::skip_raw(Tokenizer& tokens, const char* at) {
  while (const auto token = tokens.next()) {
    const auto last = read_last_tag(*token);
    if (last && last->name == "endraw") return {};
  }
  return failure(at, "the tag 'raw' is not closed", "write {% endraw %}");
}

// What a comment holds is not parsed, but comments in it and raw text count.
Result<void> Parser::parse_comment(Tokenizer& tokens, TagToken tag) {
  std::size_t open = 1;
  while (const auto token = tokens.next()) {
    const auto inner = tokens.by_lines() ? read_line_tag(*token) : read_tag(*token);
    if (!inner) continue;
    if (inner->name == "raw") {
      if (auto skipped = skip_raw(tokens, inner->name.data()); !skipped) return skipped;
    } else if (inner->name == "comment") {
      ++open;
    } else if (inner->name == "endcomment" && --open == 0) {
      if (!tokens.by_lines()) trims_next_ = (*token)[token->size() - 3] == '-';
      return {};
    }
  }
  return wrong_end(tag, End{});
}

Result<void> Parser::parse_doc(TagToken tag, Tokenizer& tokens, Block& block) {
  if (!is_blank(tag.markup)) return failure(tag.markup.data(), "'doc' takes nothing");
  bool is_empty = true;
  while (const auto token = tokens.next()) {
    const auto last = read_last_tag(*token);
    if (last && last->name == "doc") return failure(last->name.data(), "'doc' within 'doc'");
    if (last && last->name == "enddoc") {
      trims_next_ = (*token)[token->size() - 3] == '-';
      if (!is_empty || !last->before.empty()) block.is_blank = false;
      return {};
    }
    is_empty = is_empty && token->empty();
  }
  return wrong_end(tag, End{});
}

Result<void> Parser::parse_raw(TagToken tag, Tokenizer& tokens, Block& block) {
  if (!is_blank(tag.markup)) return failure(tag.markup.data(), "'raw' takes nothing");
  const char* begin = nullptr;
  while (const auto token = tokens.next()) {
    if (begin == nullptr) begin = token->data();
    const auto last = read_last_tag(*token);
    if (!last || last->name != "endraw") continue;
    trims_next_ = (*token)[token->size() - 3] == '-';
    const char* end = last->before.data() + last->before.size();
    if (begin != end) {
      add(block, begin, Text{{begin, static_cast<std::size_t>(end - begin)}});
    }
    return {};
  }
  return wrong_end(tag, End{});
}

Result<void> Parser::parse_if(TagToken tag, Tokenizer& tokens, Block& block) {
  auto node = std::make_unique<If>();
  node->negates_first = tag.name == "unless";
  TagToken opener = tag;
  bool is_blank_whole = true;
  while (true) {
    Branch branch;
    if (opener.name != "else") {
      auto condition = MarkupReader(opener.markup, context()).condition();
      if (!condition) return base::fail(condition.error());
      branch.condition = std::move(*condition);
    }
    const auto end = parse_body(tokens, branch.body);
    if (!end) return base::fail(end.error());
    is_blank_whole = is_blank_whole && branch.body.is_blank;
    node->branches.push_back(std::move(branch));
    if (end->name == "end" + std::string(tag.name)) break;
    if (end->name != "elsif" && end->name != "else") return wrong_end(tag, *end);
    opener = {end->name, end->markup};
  }
  if (is_blank_whole) {
    for (Branch& branch : node->branches) drop_texts(branch.body);
  } else {
    block.is_blank = false;
  }
  block.nodes.push_back({offset_of(tag.name.data()), std::move(node)});
  return {};
}

// value or value, value: what follows anything else is passed over.
Result<void> Parser::parse_when(std::string_view markup, When& when) {
  while (true) {
    const auto fragment = find_fragment(markup);
    if (!fragment) return failure(markup.data(), "'when' has no value", "write: when 'a', 'b'");
    auto value = lenient_expression(*fragment, context());
    if (!value) return base::fail(value.error());
    when.values.push_back(std::move(*value));
    markup = after(markup, *fragment);
    const std::string_view next = strip_left(markup);
    if (next.starts_with(',')) {
      markup = next.substr(1);
    } else if (!take_word(markup, "or")) {
      return {};
    }
    if (!find_fragment(markup)) return {};
  }
}

Result<void> Parser::parse_case(TagToken tag, Tokenizer& tokens, Block& block) {
  auto node = std::make_unique<Case>();
  const auto fragment = find_fragment(tag.markup);
  if (!fragment) return failure(tag.name.data(), "'case' has no value", "write: case variable");
  const std::size_t first_use = notes_.variable_count();
  auto subject = lenient_expression(*fragment, context());
  if (!subject) return base::fail(subject.error());
  for (std::size_t i = first_use; i < notes_.variable_count(); ++i) {
    notes_.use(i).is_condition = true;
  }
  node->subject = std::move(*subject);
  Block before;
  Block* body = &before;
  bool is_blank_whole = true;
  while (true) {
    const auto end = parse_body(tokens, *body);
    if (!end) return base::fail(end.error());
    is_blank_whole = is_blank_whole && body->is_blank;
    if (end->name == "endcase") break;
    if (end->name != "when" && end->name != "else") return wrong_end(tag, *end);
    When when{.is_else = end->name == "else"};
    if (!when.is_else) {
      if (auto read = parse_when(end->markup, when); !read) return read;
    } else if (!is_blank(end->markup)) {
      return failure(end->markup.data(), "'else' of a case takes no condition");
    }
    node->whens.push_back(std::move(when));
    body = &node->whens.back().body;
  }
  if (is_blank_whole) {
    for (When& when : node->whens) drop_texts(when.body);
  } else {
    block.is_blank = false;
  }
  block.nodes.push_back({offset_of(tag.name.data()), std::move(node)});
  return {};
}

Result<void> Parser::parse_for(TagToken tag, Tokenizer& tokens, Block& block) {
  auto head = MarkupReader(tag.markup, context()).loop_head();
  if (!head) return base::fail(head.error());
  auto node = std::make_unique<For>(std::move(*head));
  notes_.assigned(node->variable);
  notes_.assigned("forloop");
  auto end = parse_body(tokens, node->body);
  if (end && end->name == "else") end = parse_body(tokens, node->otherwise);
  if (!end) return base::fail(end.error());
  if (end->name != "endfor") return wrong_end(tag, *end);
  if (node->body.is_blank && node->otherwise.is_blank) {
    drop_texts(node->body);
    drop_texts(node->otherwise);
  } else {
    block.is_blank = false;
  }
  block.nodes.push_back({offset_of(tag.name.data()), std::move(node)});
  return {};
}

// variable in collection cols: n limit: n offset: n
Result<void> Parser::parse_table_row(TagToken tag, Tokenizer& tokens, Block& block) {
  auto node = std::make_unique<TableRow>();
  const std::string_view markup = strip_left(tag.markup);
  std::size_t length = 0;
  while (length < markup.size() && is_word(markup[length])) ++length;
  node->variable = markup.substr(0, length);
  std::string_view rest = markup.substr(length);
  const auto collection = length > 0 && take_word(rest, "in") ? find_fragment(rest) : std::nullopt;
  if (!collection) {
    return failure(tag.name.data(), "'tablerow' is not understood",
                   "write: tablerow item in list cols: 2");
  }
  auto expression = lenient_expression(*collection, context());
  if (!expression) return base::fail(expression.error());
  node->collection = std::move(*expression);
  for (const Attribute& attribute : find_attributes(after(rest, *collection))) {
    auto value = lenient_expression(attribute.value, context());
    if (!value) return base::fail(value.error());
    if (attribute.name == "cols") node->columns = std::move(*value);
    if (attribute.name == "limit") node->limit = std::move(*value);
    if (attribute.name == "offset") node->offset = std::move(*value);
  }
  notes_.assigned(node->variable);
  notes_.assigned("tablerowloop");
  if (auto read = parse_whole_body(tag, tokens, node->body); !read) return read;
  if (!node->body.is_blank) block.is_blank = false;
  block.nodes.push_back({offset_of(tag.name.data()), std::move(node)});
  return {};
}

Result<void> Parser::parse_if_changed(TagToken tag, Tokenizer& tokens, Block& block) {
  auto node = std::make_unique<IfChanged>();
  if (auto read = parse_whole_body(tag, tokens, node->body); !read) return read;
  if (!node->body.is_blank) block.is_blank = false;
  block.nodes.push_back({offset_of(tag.name.data()), std::move(node)});
  return {};
}

}  // namespace nurtured::content::liquid
