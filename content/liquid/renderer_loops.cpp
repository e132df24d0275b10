// for, tablerow, include and render.
#include <algorithm>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "content/liquid/renderer.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

std::size_t size_of(const Value& collection) {
  if (const auto* range = std::get_if<Range>(&collection)) return range->size();
  if (const auto text = as_text(collection)) return text->empty() ? 0 : 1;
  const cel::Value* data = as_data(collection);
  if (data == nullptr) return 0;
  if (data->is_list()) return data->as_list().size();
  return data->is_map() ? data->as_map().size() : 0;
}

bool is_walkable(const Value& collection) {
  const cel::Value* data = as_data(collection);
  return std::holds_alternative<Range>(collection) ||
         (data != nullptr && (data->is_list() || data->is_map()));
}

// Saturates: the ends of a range may lie anywhere.
std::int64_t added(std::int64_t left, std::int64_t right) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return left < 0 ? std::numeric_limits<std::int64_t>::min()
                  : std::numeric_limits<std::int64_t>::max();
}

// The part of `size` members from number `from` up to `to`.
std::pair<std::size_t, std::size_t> part_of(std::size_t size, std::int64_t from,
                                            std::optional<std::int64_t> to) {
  const auto clamp = [&](std::int64_t index) {
    if (index <= 0) return std::size_t{0};
    return std::min(static_cast<std::size_t>(index), size);
  };
  const std::size_t begin = clamp(from);
  const std::size_t end = to ? clamp(*to) : size;
  return {begin, end > begin ? end - begin : 0};
}

}  // namespace

Value Renderer::Sequence::at(std::size_t index) const {
  const std::size_t place = begin + (is_reversed ? length - 1 - index : index);
  if (const auto* range = std::get_if<Range>(&collection)) {
    return cel::Value(range->first + static_cast<std::int64_t>(place));
  }
  const cel::Value* data = as_data(collection);
  if (data != nullptr && data->is_list()) return data->as_list()[place];
  if (data != nullptr && data->is_map()) {
    const auto& entry = data->as_map().begin()[static_cast<std::ptrdiff_t>(place)];
    return cel::Value(cel::List{entry.key, entry.value});
  }
  return collection;
}

std::optional<std::int64_t> Renderer::loop_number(const std::optional<Expression>& expression,
                                                  bool is_strict, std::int64_t otherwise) {
  if (!expression) return otherwise;
  const auto value = context_.evaluate(*expression);
  if (!value) {
    fail(value.error());
    return std::nullopt;
  }
  if (is_nil(*value)) return is_strict ? otherwise : 0;
  const auto text = as_text(*value);
  if (!is_strict && text) return leading_whole(*text).value_or(0);
  const cel::Value* data = as_data(*value);
  if (!is_strict && data != nullptr && data->is_double()) {
    constexpr double bound = 1e15;
    return static_cast<std::int64_t>(std::clamp(data->as_double(), -bound, bound));
  }
  const auto whole = strict_integer(*value);
  if (!whole) {
    fail(whole.error());
    return std::nullopt;
  }
  return *whole;
}

bool Renderer::take_stop() {
  const auto interrupt = std::exchange(interrupt_, std::nullopt);
  return interrupt == Interrupt::stop;
}

bool Renderer::render(const For& loop) {
  Frame& frame = context_.frame();
  const auto offset = loop.continues ? std::optional(frame.loop_ends[loop.name])
                                     : loop_number(loop.offset, true, 0);
  if (!offset) return false;
  auto collection = context_.evaluate(loop.collection);
  if (!collection) return fail(collection.error());
  constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
  const auto limit = loop_number(loop.limit, true, unlimited);
  if (!limit) return false;
  Sequence sequence{.collection = std::move(*collection), .is_reversed = loop.is_reversed};
  const std::size_t size = size_of(sequence.collection);
  if (as_text(sequence.collection)) {
    sequence.length = size;  // a text is one item, whatever the offset
  } else {
    const auto to = *limit == unlimited ? std::nullopt : std::optional(added(*limit, *offset));
    std::tie(sequence.begin, sequence.length) = part_of(size, *offset, to);
  }
  frame.loop_ends[loop.name] = added(*offset, static_cast<std::int64_t>(sequence.length));
  return sequence.length == 0 ? render(loop.otherwise) : render_for(loop, sequence);
}

bool Renderer::render_for(const For& loop, const Sequence& sequence) {
  Frame& frame = context_.frame();
  auto state = std::make_shared<Loop>();
  state->name = loop.name;
  state->length = sequence.length;
  if (!frame.loops.empty()) state->parent = frame.loops.back();
  frame.loops.push_back(state);
  const std::size_t locals = frame.locals.size();
  frame.locals.push_back({"forloop", std::shared_ptr<const Loop>(state)});
  frame.locals.push_back({loop.variable, cel::Value()});
  for (; state->index < sequence.length; ++state->index) {
    if (!context_.budget().take_steps(1)) {
      return fail(steps_fault(context_.budget().limits()).value());
    }
    frame.locals[locals + 1].value = sequence.at(state->index);
    if (!render(loop.body)) return false;
    if (interrupt_ && take_stop()) break;
  }
  frame.locals.resize(locals);
  frame.loops.pop_back();
  return true;
}

bool Renderer::render(const TableRow& table) {
  auto collection = context_.evaluate(table.collection);
  if (!collection) return fail(collection.error());
  if (!is_truthy(*collection)) return true;
  const auto offset = loop_number(table.offset, false, 0);
  if (!offset) return false;
  const auto limit = loop_number(table.limit, false, 0);
  if (!limit) return false;
  Sequence sequence{.collection = std::move(*collection)};
  const std::size_t size = size_of(sequence.collection);
  if (as_text(sequence.collection)) {
    sequence.length = size;
  } else {
    const auto to = table.limit ? std::optional(added(*limit, *offset)) : std::nullopt;
    std::tie(sequence.begin, sequence.length) = part_of(size, *offset, to);
  }
  const auto columns =
      loop_number(table.columns, false, static_cast<std::int64_t>(sequence.length));
  return columns && render_cells(table, sequence, *columns);
}

bool Renderer::render_cells(const TableRow& table, const Sequence& sequence, std::int64_t columns) {
  Frame& frame = context_.frame();
  auto state = std::make_shared<Loop>();
  state->length = sequence.length;
  state->columns = columns;
  const std::size_t locals = frame.locals.size();
  frame.locals.push_back({"tablerowloop", std::shared_ptr<const Loop>(state)});
  frame.locals.push_back({table.variable, cel::Value()});
  if (!write("<tr class=\"row1\">\n")) return false;
  for (; state->index < sequence.length; ++state->index) {
    if (!context_.budget().take_steps(1)) {
      return fail(steps_fault(context_.budget().limits()).value());
    }
    frame.locals[locals + 1].value = sequence.at(state->index);
    if (!write("<td class=\"col" + std::to_string(state->column) + "\">")) return false;
    if (!render(table.body) || !write("</td>")) return false;
    if (interrupt_ && take_stop()) break;
    const bool row_ends = state->column == columns;
    if (row_ends && state->index + 1 < sequence.length &&
        !write("</tr>\n<tr class=\"row" + std::to_string(state->row + 1) + "\">")) {
      return false;
    }
    state->column = row_ends ? 1 : state->column + 1;
    if (row_ends) ++state->row;
  }
  frame.locals.resize(locals);
  return write("</tr>\n");
}

// ---- partials

const Program* Renderer::find_partial(const PartialCall& call, std::string& name) {
  const auto value = context_.evaluate(call.name);
  if (!value) {
    fail(value.error());
    return nullptr;
  }
  if (!as_text(*value)) {
    fail("the name of a template is not a text");
    return nullptr;
  }
  name = *as_text(*value);
  const Partials* partials = context_.options().partials;
  const base::Result<Template>* found = partials == nullptr ? nullptr : partials->find(name);
  if (found == nullptr) {
    fail(Fault{.kind = base::ErrorKind::not_found,
               .message = "there is no template '" + name.substr(0, 100) + "'"});
    return nullptr;
  }
  if (!*found) {
    error_ = found->error();
    return nullptr;
  }
  return &(*found)->program();
}

bool Renderer::render(const PartialCall& call) {
  if (!call.is_isolated && context_.frame().is_isolated) {
    return fail("'include' may not be used within 'render'");
  }
  std::string name;
  const Program* partial = find_partial(call, name);
  if (partial == nullptr) return false;
  std::string_view variable = call.alias;
  if (variable.empty()) {
    variable = name;
    variable.remove_prefix(variable.rfind('/') + 1);  // npos + 1 is 0
  }
  return call.is_isolated ? render_isolated(call, *partial, variable)
                          : include(call, *partial, variable);
}

// The partial's errors name the partial; afterwards those of this template name it again.
bool Renderer::render_partial(const Program& partial) {
  const Program* outer = std::exchange(program_, &partial);
  const std::size_t outer_offset = offset_;
  if (!render(partial.body)) return false;
  program_ = outer;
  offset_ = outer_offset;
  return true;
}

bool Renderer::include(const PartialCall& call, const Program& partial, std::string_view name) {
  Frame& frame = context_.frame();
  Value variable = context_.find(name);
  if (call.variable) {
    auto given = context_.evaluate(*call.variable);
    if (!given) return fail(given.error());
    variable = std::move(*given);
  }
  const std::size_t locals = frame.locals.size();
  for (const auto& [key, expression] : call.arguments) {
    auto value = context_.evaluate(expression);
    if (!value) return fail(value.error());
    frame.locals.push_back({key, std::move(*value)});
  }
  const std::size_t slot = frame.locals.size();
  frame.locals.push_back({name, cel::Value()});
  const cel::Value* data = as_data(variable);
  const bool is_loop = data != nullptr && data->is_list();
  const std::size_t turns = is_loop ? data->as_list().size() : 1;
  for (std::size_t i = 0; i < turns; ++i) {
    if (!context_.budget().take_steps(1)) {
      return fail(steps_fault(context_.budget().limits()).value());
    }
    frame.locals[slot].value = is_loop ? Value(data->as_list()[i]) : variable;
    if (!render_partial(partial)) return false;
    if (interrupt_) break;
  }
  frame.locals.resize(locals);
  return true;
}

bool Renderer::render_isolated(const PartialCall& call, const Program& partial,
                               std::string_view name) {
  Sequence sequence{.collection = cel::Value(), .length = 1};
  if (call.variable) {
    auto given = context_.evaluate(*call.variable);
    if (!given) return fail(given.error());
    sequence.collection = std::move(*given);
  }
  std::shared_ptr<Loop> state;
  if (call.is_loop && is_walkable(sequence.collection)) {
    sequence.length = size_of(sequence.collection);
    state = std::make_shared<Loop>();
    state->length = sequence.length;
  }
  std::vector<Local> locals;
  for (const auto& [key, expression] : call.arguments) {
    auto value = context_.evaluate(expression);
    if (!value) return fail(value.error());
    locals.push_back({key, std::move(*value)});
  }
  for (std::size_t i = 0; i < sequence.length; ++i) {
    if (!context_.budget().take_steps(1 + locals.size())) {
      return fail(steps_fault(context_.budget().limits()).value());
    }
    Frame frame{.locals = locals, .is_isolated = true};
    Value item = state ? sequence.at(i) : sequence.collection;
    if (state) {
      state->index = i;
      frame.locals.push_back({"forloop", std::shared_ptr<const Loop>(state)});
    }
    if (!is_nil(item)) frame.locals.push_back({name, std::move(item)});
    Frame* outer = context_.exchange(&frame);
    const bool rendered = render_partial(partial);
    context_.exchange(outer);
    if (!rendered) return false;
    interrupt_.reset();
  }
  return true;
}

}  // namespace nurtured::content::liquid
