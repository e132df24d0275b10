// Expressions as they are written inside outputs and tags, turned into the program's trees. Two
// readers: a strict one over lexemes for outputs, conditions and `for`, and a lenient one, for the
// tags where Shopify's is lenient. Used by the parser alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/liquid/lexer.h"
#include "content/liquid/program.h"

namespace nurtured::content::liquid {

// Turns positions into lines and columns and keeps what the template uses.
class Notes {
 public:
  Notes(std::string_view name, std::string_view source) : name_(name), source_(source) {}

  base::Place place(const char* at);
  // The template's own name: not a use of the world's.
  void assigned(std::string_view name) { assigned_.emplace_back(name); }
  void variable(const Lookup& lookup, const char* at);
  void partial(std::string name, const char* at);
  // Its index.
  std::size_t filter(std::string_view name, const char* at, bool is_known);

  std::size_t variable_count() const { return variables_.size(); }
  std::size_t filter_count() const { return filters_.size(); }
  VariableUse& use(std::size_t index) { return variables_[index].use; }
  FilterUse& filter_use(std::size_t index) { return filters_[index].use; }
  // What was noted, without the variables that the template itself assigns.
  Usage finish();

 private:
  template <class Use>
  struct Noted {
    Use use;
    const char* at = nullptr;
  };
  template <class Use>
  std::vector<Use> in_order(std::vector<Noted<Use>> noted);

  std::string_view name_;
  std::string_view source_;
  std::size_t offset_ = 0;
  int line_ = 1;
  int column_ = 1;
  std::vector<Noted<VariableUse>> variables_;
  std::vector<Noted<PartialUse>> partials_;
  std::vector<Noted<FilterUse>> filters_;
  std::vector<std::string> assigned_;
};

// What every reader of markup needs.
struct MarkupContext {
  const CompileOptions& options;
  Notes& notes;
};

// Reads one piece of markup. Errors have their place. Markup must be a part of the source.
class MarkupReader {
 public:
  MarkupReader(std::string_view markup, MarkupContext context)
      : markup_(markup), context_(context) {}

  // Each takes the whole markup.
  base::Result<Pipeline> pipeline();
  base::Result<Condition> condition();
  // variable in collection reversed limit: n offset: n; the body is left empty.
  base::Result<For> loop_head();

 private:
  base::Result<void> start();
  const Lexeme& peek(std::size_t ahead = 0) const;
  bool take(LexemeKind kind);
  bool take_word(std::string_view word);
  base::Result<std::string_view> expect(LexemeKind kind);
  tl::unexpected<base::Error> failure(std::string message, std::string remedy = {});

  base::Result<Expression> expression(int depth = 0);
  base::Result<Expression> primary(int depth);
  base::Result<void> segments(Lookup& lookup, int depth);
  base::Result<FilterCall> filter();
  base::Result<void> filter_arguments(FilterCall& call);
  base::Result<Test> test();
  base::Result<void> loop_attribute(For& loop);

  std::string_view markup_;
  MarkupContext context_;
  std::vector<Lexeme> lexemes_;
  std::size_t at_ = 0;
};

// ---- the lenient reader

// Fragments longer than this are refused, so that reading one may take quadratic time.
inline constexpr std::size_t fragment_bytes_max = 4096;

// The next quoted text or run of characters without blank, comma, bar and quote in `text`, after
// anything that cannot begin one: Shopify's QuotedFragment. A range keeps its blanks. nullopt when
// there is none.
std::optional<std::string_view> find_fragment(std::string_view text);

// An expression from a fragment; what makes no sense in it is passed over.
base::Result<Expression> lenient_expression(std::string_view fragment, MarkupContext context,
                                            int depth = 0);

// `name: fragment` pairs anywhere in the markup.
struct Attribute {
  std::string_view name;
  std::string_view value;
};
std::vector<Attribute> find_attributes(std::string_view markup);

}  // namespace nurtured::content::liquid
