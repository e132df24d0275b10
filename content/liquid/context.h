// The variables of a rendering and what expressions are worth in it. Used by the renderer alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "content/liquid/filters.h"
#include "content/liquid/program.h"
#include "content/liquid/value.h"

namespace nurtured::content::liquid {

struct Local {
  std::string_view name;
  Value value;
};

// What one template and those it includes share. `render` starts a new one.
struct Frame {
  std::unordered_map<std::string_view, Value> assigned;
  std::vector<Local> locals;  // of loops and includes, innermost last
  std::unordered_map<std::string_view, std::int64_t> counters;
  std::unordered_map<std::string, std::size_t> cycles;
  std::unordered_map<std::string_view, std::int64_t> loop_ends;  // for `offset: continue`
  std::vector<std::shared_ptr<const Loop>> loops;
  std::string last_changed;  // of ifchanged
  bool has_changed = false;
  bool is_isolated = false;
};

class Context {
 public:
  Context(const Data& data, const RenderOptions& options);

  Frame& frame() { return *frame_; }
  // Makes `frame` the one in hand and returns the one before.
  Frame* exchange(Frame* frame) { return std::exchange(frame_, frame); }
  Budget& budget() { return budget_; }
  const RenderOptions& options() const { return options_; }
  bool is_trusted(const Pipeline& pipeline) const;

  Checked<Value> evaluate(const Expression& expression);
  Checked<Value> evaluate(const Pipeline& pipeline);
  Checked<bool> holds(const Condition& condition);
  // One comparison by ==, where `right` may be `empty` or `blank`.
  Checked<bool> matches(const Value& left, const Expression& right);
  // The datum that a pipeline without filters reads straight from the global data: no copy.
  // nullptr when it takes more than that.
  const cel::Value* direct(const Pipeline& pipeline) const;
  // Null when there is no such variable.
  Value find(std::string_view name) const;

 private:
  Checked<std::optional<Value>> lookup_name(const Lookup& lookup, std::string& name);
  std::optional<Value> find_optional(std::string_view name) const;
  Checked<Value> evaluate(const Lookup& lookup);
  Checked<Value> apply(const FilterCall& call, const Value& input);
  Checked<bool> holds(const Test& test);
  Checked<bool> compare(const Test& test);

  const Data& data_;
  const RenderOptions& options_;
  Budget budget_;
  Frame first_frame_;
  Frame* frame_ = &first_frame_;
};

}  // namespace nurtured::content::liquid
