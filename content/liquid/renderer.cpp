#include "content/liquid/renderer.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

// A list's text may be much longer than what is there of it, as its items may be shared.
bool is_heavier_than(const Value& value, std::size_t bytes_max) {
  const cel::Value* data = as_data(value);
  return data != nullptr && data->weight() > bytes_max;
}

}  // namespace

Renderer::Renderer(const Program& program, const Data& data, const RenderOptions& options,
                   bool marks)
    : program_(&program), context_(data, options), marks_(marks) {
  constexpr std::size_t spare = 256;
  result_.text.reserve(std::min(program.literal_bytes + spare, options.limits.output_bytes_max));
}

base::Result<Marked> Renderer::run() {
  if (!render(program_->body)) return base::fail(std::move(*error_));
  return std::move(result_);
}

bool Renderer::fail(const Fault& fault) {
  error_ = base::Error{
      .kind = fault.kind, .message = fault.message, .place = place_in(*program_, offset_)};
  return false;
}

bool Renderer::fail(std::string message) {
  return fail(Fault{.message = std::move(message)});
}

bool Renderer::render(const Block& block) {
  const int depth_max = context_.options().limits.render_depth_max;
  if (depth_ >= depth_max) {
    return fail(limit_fault("the template nests too deeply: more than " +
                            std::to_string(depth_max) + " levels")
                    .value());
  }
  ++depth_;
  for (const Node& node : block.nodes) {
    if (!render(node)) return false;
    if (interrupt_) break;
  }
  --depth_;
  return true;
}

bool Renderer::render(const Node& node) {
  offset_ = node.offset;
  if (!context_.budget().take_steps(1)) {
    return fail(steps_fault(context_.budget().limits()).value());
  }
  return std::visit(
      [&](const auto& what) {
        if constexpr (requires { *what; }) {
          return render(*what);
        } else {
          return render(what);
        }
      },
      node.what);
}

bool Renderer::write(std::string_view text) {
  if (!context_.budget().take_output(text.size())) {
    return fail(limit_fault("the text grows past " +
                            std::to_string(context_.options().limits.output_bytes_max) + " bytes")
                    .value());
  }
  out_->text += text;
  return true;
}

bool Renderer::render(const Text& text) {
  return write(text.text);
}

// Writes what a variable contributes and marks it, unless it is markup of the template's own.
bool Renderer::emit(const Value& value, bool is_markup) {
  const std::size_t begin = out_->text.size();
  if (const auto* captured = std::get_if<std::shared_ptr<const Marked>>(&value)) {
    if (!write((*captured)->text)) return false;
    if (is_markup) return true;
    for (const Span& span : (*captured)->spans) {
      out_->spans.push_back({begin + span.begin, span.length});
    }
    return true;
  }
  if (const auto text = as_text(value)) {
    if (!write(*text)) return false;
  } else {
    if (is_heavier_than(value, context_.options().limits.output_bytes_max)) {
      return fail("the value is too large to be printed");
    }
    std::string printed;
    append_output(printed, value);
    if (!write(printed)) return false;
  }
  if (marks_ && !is_markup) out_->spans.push_back({begin, out_->text.size() - begin});
  return true;
}

bool Renderer::render(const Output& output) {
  const bool is_markup = output.value.is_raw || context_.is_trusted(output.value);
  if (const cel::Value* value = context_.direct(output.value);
      value != nullptr && value->is_string()) {
    const std::size_t begin = out_->text.size();
    if (!write(value->as_string())) return false;
    if (marks_ && !is_markup) out_->spans.push_back({begin, out_->text.size() - begin});
    return true;
  }
  const auto value = context_.evaluate(output.value);
  if (!value) return fail(value.error());
  return emit(*value, is_markup);
}

bool Renderer::render(const Assign& assign) {
  auto value = context_.evaluate(assign.value);
  if (!value) return fail(value.error());
  context_.frame().assigned.insert_or_assign(assign.name, std::move(*value));
  return true;
}

bool Renderer::render(const Counter& counter) {
  std::int64_t& count = context_.frame().counters[counter.name];
  if (!counter.is_increment) --count;
  if (!write(std::to_string(count))) return false;
  if (counter.is_increment) ++count;
  return true;
}

bool Renderer::render(const Interrupt& interrupt) {
  interrupt_ = interrupt;
  return true;
}

bool Renderer::capture(const Block& block, Marked& captured) {
  Marked* outer = std::exchange(out_, &captured);
  const bool rendered = render(block);
  out_ = outer;
  return rendered;
}

bool Renderer::render(const Capture& node) {
  auto captured = std::make_shared<Marked>();
  if (!capture(node.body, *captured)) return false;
  Value value = cel::Value();
  if (marks_) {
    value = std::shared_ptr<const Marked>(std::move(captured));
  } else {
    value = cel::Value(std::move(captured->text));
  }
  context_.frame().assigned.insert_or_assign(node.name, std::move(value));
  return true;
}

bool Renderer::render(const Cycle& cycle) {
  std::string key = cycle.unnamed_key;
  if (cycle.name) {
    const auto name = context_.evaluate(*cycle.name);
    if (!name) return fail(name.error());
    // A byte that no key of an unnamed cycle begins with.
    key = '\n' + inspected(to_data(*name));
  }
  std::size_t& turn = context_.frame().cycles[key];
  const std::size_t now = turn;
  turn = now + 1 >= cycle.values.size() ? 0 : now + 1;
  if (now >= cycle.values.size()) return true;
  const auto value = context_.evaluate(cycle.values[now]);
  if (!value) return fail(value.error());
  return emit(*value, std::holds_alternative<cel::Value>(cycle.values[now]));
}

bool Renderer::render(const If& node) {
  bool negates = node.negates_first;
  for (const Branch& branch : node.branches) {
    if (!branch.condition) return render(branch.body);
    const auto holds = context_.holds(*branch.condition);
    if (!holds) return fail(holds.error());
    if (*holds != std::exchange(negates, false)) return render(branch.body);
  }
  return true;
}

// Every branch that matches is rendered, and an else when none before it did.
bool Renderer::render(const Case& node) {
  const auto subject = context_.evaluate(node.subject);
  if (!subject) return fail(subject.error());
  bool has_matched = false;
  for (const When& when : node.whens) {
    if (when.is_else) {
      if (!has_matched && !render(when.body)) return false;
      if (interrupt_) return true;
      continue;
    }
    for (const Expression& expression : when.values) {
      const auto equal = context_.matches(*subject, expression);
      if (!equal) return fail(equal.error());
      if (!*equal) continue;
      has_matched = true;
      if (!render(when.body)) return false;
      if (interrupt_) return true;
    }
  }
  return true;
}

bool Renderer::render(const IfChanged& node) {
  Marked changed;
  if (!capture(node.body, changed)) return false;
  Frame& frame = context_.frame();
  if (frame.has_changed && frame.last_changed == changed.text) return true;
  frame.has_changed = true;
  frame.last_changed = changed.text;
  const std::size_t begin = out_->text.size();
  out_->text += changed.text;
  for (const Span& span : changed.spans) {
    out_->spans.push_back({begin + span.begin, span.length});
  }
  return true;
}

}  // namespace nurtured::content::liquid
