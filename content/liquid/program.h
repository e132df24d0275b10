// A compiled template: the tree that the parser builds and the renderer walks. Immutable once
// built. Texts in it are parts of the source, which the program owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "content/liquid/filters.h"
#include "content/liquid/template.h"
#include "rules/cel/value.h"

namespace nurtured::content::liquid {

// ---- expressions

struct Lookup;
struct RangeExpression;

// `empty` and `blank`: tests in a comparison, an empty text elsewhere.
enum class Emptiness { empty, blank };

using Expression =
    std::variant<cel::Value, Emptiness, std::unique_ptr<Lookup>, std::unique_ptr<RangeExpression>>;

// `.key` or `[expression]`.
struct Segment {
  Expression key;
  bool is_command = false;  // written with a dot as size, first or last
};

// name.key[0]... or [expression].key
struct Lookup {
  std::string name;          // empty where `computed_name` is set
  Expression computed_name;  // null where `name` is
  std::vector<Segment> segments;
};

struct RangeExpression {
  Expression first;
  Expression last;
};

struct FilterCall {
  const FilterEntry* filter = nullptr;  // nullptr: unknown, hands its input on
  std::vector<Expression> arguments;
  std::vector<std::pair<std::string, Expression>> named;
};

// head | filter: argument, name: argument | ...
struct Pipeline {
  Expression head;
  std::vector<FilterCall> filters;
  bool is_raw = false;  // `raw` is the last filter
};

// ---- conditions

enum class Comparison { none, equal, unequal, less, less_equal, greater, greater_equal, contains };

struct Test {
  Expression left;
  Comparison comparison = Comparison::none;
  Expression right;
  bool joined_by_and = false;  // with the test after it; otherwise by or
};

// Tests joined by and/or, which bind alike and from right to left.
struct Condition {
  std::vector<Test> tests;
};

// ---- nodes

struct Node;

struct Block {
  std::vector<Node> nodes;
  // Holds nothing but white space and tags that print nothing; such text is not printed.
  bool is_blank = true;
};

struct Text {
  std::string_view text;
};

struct Output {
  Pipeline value;
};

struct Assign {
  std::string_view name;
  Pipeline value;
};

struct Capture {
  std::string_view name;
  Block body;
};

// increment and decrement.
struct Counter {
  std::string_view name;
  bool is_increment = true;
};

struct Cycle {
  std::optional<Expression> name;  // groups the cycles that advance together
  std::string unnamed_key;         // where there is no name
  std::vector<Expression> values;
};

struct Branch {
  std::optional<Condition> condition;  // none: else
  Block body;
};

// if and unless.
struct If {
  bool negates_first = false;
  std::vector<Branch> branches;
};

// One when or else of a case. Each of several values that matches renders the body once.
struct When {
  std::vector<Expression> values;
  bool is_else = false;
  Block body;
};

struct Case {
  Expression subject;
  std::vector<When> whens;
};

struct For {
  std::string_view variable;
  std::string name;  // "variable-collection": the key of offset: continue
  Expression collection;
  bool is_reversed = false;
  bool continues = false;  // offset: continue
  std::optional<Expression> offset;
  std::optional<Expression> limit;
  Block body;
  Block otherwise;
};

struct TableRow {
  std::string_view variable;
  Expression collection;
  std::optional<Expression> columns;
  std::optional<Expression> offset;
  std::optional<Expression> limit;
  Block body;
};

struct IfChanged {
  Block body;
};

// include and render.
struct PartialCall {
  bool is_isolated = false;  // render: sees nothing but its arguments and the global variables
  bool is_loop = false;      // `for`, not `with`
  Expression name;
  std::optional<Expression> variable;
  std::string_view alias;
  std::vector<std::pair<std::string_view, Expression>> arguments;
};

enum class Interrupt { stop, skip };  // break, continue

struct Node {
  std::size_t offset = 0;  // of its markup in the source
  std::variant<Text, Output, Assign, Counter, Interrupt, std::unique_ptr<Capture>,
               std::unique_ptr<Cycle>, std::unique_ptr<If>, std::unique_ptr<Case>,
               std::unique_ptr<For>, std::unique_ptr<TableRow>, std::unique_ptr<IfChanged>,
               std::unique_ptr<PartialCall>>
      what;
};

struct Program {
  std::string name;
  std::string source;
  Block body;
  Usage usage;
  std::size_t literal_bytes = 0;  // of all text nodes: what an output is likely to need

  Program() = default;
  Program(const Program&) = delete;  // texts point into `source`
  Program& operator=(const Program&) = delete;
};

// Line and column of an offset in the source, for errors.
base::Place place_in(const Program& program, std::size_t offset);

}  // namespace nurtured::content::liquid
