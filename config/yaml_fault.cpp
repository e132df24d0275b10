#include "config/yaml_fault.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace nurtured::config {
namespace {

constexpr std::array refused_signs{
    RefusedSign{'!', "tags (!name) are not read here",
                "put the expression in quotes if the ! belongs to it, else remove it"},
    RefusedSign{'&', "anchors (&name) are not read here",
                "put the expression in quotes if the & belongs to it, else remove it"},
    RefusedSign{'*', "aliases (*name) are not read here",
                "put the expression in quotes if the * belongs to it, else repeat the text"},
    RefusedSign{'>', "`>` begins a text of several lines here", "put the expression in quotes"},
    RefusedSign{'|', "`|` begins a text of several lines here", "put the expression in quotes"},
};
// yaml-cpp's words and ours: what it says of the common mistakes helps nobody.
struct Translation {
  std::string_view theirs;
  std::string_view message;
  std::string_view remedy;
};
constexpr std::array translations{
    Translation{"illegal map value", "`: ` cannot stand inside an unquoted text",
                "put the whole text in quotes"},
    Translation{"illegal map key", "a key cannot stand here", "check the indentation"},
    Translation{"illegal block entry", "a list item cannot stand here", "check the indentation"},
    Translation{"illegal tab when looking for indentation", "a tab stands where lines are indented",
                "indent with spaces"},
    Translation{"unknown token", "an unquoted text cannot begin with this character",
                "put the text in quotes"},
    Translation{"end of map not found", "this does not fit the lines above",
                "check the indentation and the quotes"},
    Translation{"end of sequence not found", "this does not fit the list above",
                "check the indentation and the quotes"},
    Translation{"end of sequence flow not found", "a `[` is not closed", "close it with `]`"},
    Translation{"end of map flow not found", "a `{` is not closed", "close it with `}`"},
    Translation{"illegal character in scalar", "this character cannot stand here",
                "put the text in quotes"},
};

constexpr std::string_view blanks = " \t";

std::size_t start_of_line(std::string_view text, std::size_t offset) {
  const std::size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

// `>`, `|-`, `>+2 # comment`: the head of a block, and nothing else.
bool is_block_head(std::string_view written) {
  const std::size_t end = std::min(written.find_first_not_of("+-0123456789", 1), written.size());
  const std::string_view rest = written.substr(end);
  const std::size_t next = std::min(rest.find_first_not_of(blanks), rest.size());
  return next == rest.size() || rest[next] == '\r' || (next > 0 && rest[next] == '#');
}

// Where, on the line that begins at `line`, an unquoted value begins with a sign that YAML takes
// for itself; npos when none does up to `offset`.
std::size_t find_refused_sign(std::string_view text, std::size_t line, std::size_t offset) {
  const std::size_t end = std::min(text.find('\n', line), text.size());
  bool at_start = true;  // of a value
  for (std::size_t i = line; i < end && i <= offset; ++i) {
    const char c = text[i];
    if (blanks.find(c) != std::string_view::npos) continue;
    const bool is_apart = i + 1 == end || blanks.find(text[i + 1]) != std::string_view::npos;
    if (at_start && (c == '"' || c == '\'')) {
      const std::size_t after = end_of_quoted(text, i);
      if (after == std::string_view::npos || after > end) return std::string_view::npos;
      i = after - 1;
      at_start = false;
    } else if (c == '#' && (i == line || blanks.find(text[i - 1]) != std::string_view::npos)) {
      return std::string_view::npos;
    } else if (at_start && (c == '!' || c == '&' || c == '*')) {
      return i;
    } else if (at_start && (c == '>' || c == '|')) {
      return is_block_head(text.substr(i, end - i)) ? std::string_view::npos : i;
    } else {
      at_start = c == '{' || c == '[' || c == ',' || (c == ':' && is_apart) ||
                 (at_start && c == '-' && is_apart);
    }
  }
  return std::string_view::npos;
}

// An expression that was not quoted: what of it YAML stumbled over. nullopt when it is something
// else.
std::optional<YamlFault> unquoted_expression(std::string_view text, std::size_t offset,
                                             std::string_view theirs) {
  const std::size_t line = start_of_line(text, offset);
  // yaml-cpp names what a tab led to, not the tab.
  const std::size_t tab = text.substr(line, offset - line).find_first_not_of(' ');
  if (tab != std::string_view::npos && text[line + tab] == '\t') {
    return YamlFault{line + tab, "a tab stands where lines are indented", "indent with spaces"};
  }
  const std::size_t before_line = line == 0 ? 0 : start_of_line(text, line - 1);
  for (const std::size_t start : {line, before_line}) {
    const std::size_t sign = find_refused_sign(text, start, offset);
    if (sign == std::string_view::npos) continue;
    const RefusedSign& refused = refused_sign(text[sign]);
    return YamlFault{sign, std::string(refused.message), std::string(refused.remedy)};
  }
  const std::size_t last =
      offset == 0 ? std::string_view::npos : text.find_last_not_of(blanks, offset - 1);
  const char before = last == std::string_view::npos ? '\n' : text[last];
  // `if: "customer" in contact.tags`: the quotes end before the text does.
  if (before == '"' || before == '\'') {
    return YamlFault{offset, "the text goes on after its closing quote",
                     "put the whole expression in quotes: '\"a\" in b'"};
  }
  const char found = offset < text.size() ? text[offset] : '\n';
  // `if: ["a"].exists(…)`
  if ((before == ']' || before == '}') &&
      std::string_view("\r\n,:]}#").find(found) == std::string_view::npos) {
    return YamlFault{offset, "the text goes on after its closing bracket",
                     "put the whole expression in quotes"};
  }
  // `{if: event.name in ["a", "b"]}`
  const bool in_flow = theirs.ends_with("flow not found");
  if (in_flow && std::string_view("\n,[{:").find(before) == std::string_view::npos &&
      std::string_view("[{?\"'").find(found) != std::string_view::npos) {
    return YamlFault{offset,
                     std::string("`") + found + "` cannot stand inside an unquoted text here",
                     "put the whole expression in quotes"};
  }
  return std::nullopt;
}

}  // namespace

const RefusedSign& refused_sign(char sign) {
  return *std::find_if(refused_signs.begin(), refused_signs.end(),
                       [&](const RefusedSign& refused) { return refused.sign == sign; });
}

std::size_t end_of_quoted(std::string_view text, std::size_t offset) {
  const char quote = text[offset];
  for (std::size_t i = offset + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

YamlFault explain_fault(std::string_view text, std::size_t offset, const std::string& theirs) {
  if (auto explained = unquoted_expression(text, offset, theirs)) return *std::move(explained);
  const auto* known = std::find_if(translations.begin(), translations.end(),
                                   [&](const auto& t) { return t.theirs == theirs; });
  if (known == translations.end()) return {offset, "this is no YAML: " + theirs, ""};
  return {offset, std::string(known->message), std::string(known->remedy)};
}

}  // namespace nurtured::config
