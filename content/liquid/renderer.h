// Walks a program and writes its text. Used by template.cpp alone; one for each rendering.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "content/liquid/context.h"
#include "content/liquid/program.h"

namespace nurtured::content::liquid {

class Renderer {
 public:
  // `marks`: whether the parts that come from variables are kept track of.
  Renderer(const Program& program, const Data& data, const RenderOptions& options, bool marks);

  base::Result<Marked> run();

 private:
  // What a loop goes through: the members of a collection from an offset to a limit, not copied.
  struct Sequence {
    Value collection;
    std::size_t begin = 0;
    std::size_t length = 0;
    bool is_reversed = false;

    Value at(std::size_t index) const;
  };

  // False when something failed; then `error_` holds it.
  [[nodiscard]] bool render(const Block& block);
  [[nodiscard]] bool render(const Node& node);
  [[nodiscard]] bool render(const Text& text);
  [[nodiscard]] bool render(const Output& output);
  [[nodiscard]] bool render(const Assign& assign);
  [[nodiscard]] bool render(const Counter& counter);
  [[nodiscard]] bool render(const Interrupt& interrupt);
  [[nodiscard]] bool render(const Capture& capture);
  [[nodiscard]] bool render(const Cycle& cycle);
  [[nodiscard]] bool render(const If& node);
  [[nodiscard]] bool render(const Case& node);
  [[nodiscard]] bool render(const For& loop);
  [[nodiscard]] bool render(const TableRow& table);
  [[nodiscard]] bool render(const IfChanged& node);
  [[nodiscard]] bool render(const PartialCall& call);

  bool render_for(const For& loop, const Sequence& sequence);
  bool render_cells(const TableRow& table, const Sequence& sequence, std::int64_t columns);
  bool include(const PartialCall& call, const Program& partial, std::string_view name);
  bool render_isolated(const PartialCall& call, const Program& partial, std::string_view name);
  bool render_partial(const Program& partial);
  const Program* find_partial(const PartialCall& call, std::string& name);

  // The whole number of a loop's argument, `otherwise` where there is none; nullopt on failure.
  std::optional<std::int64_t> loop_number(const std::optional<Expression>& expression,
                                          bool is_strict, std::int64_t otherwise);
  // Renders into a text of its own.
  bool capture(const Block& block, Marked& captured);
  bool write(std::string_view text);
  bool emit(const Value& value, bool is_markup);
  bool fail(const Fault& fault);
  bool fail(std::string message);
  // Ends the turn of a loop that was interrupted: true when the loop ends as well.
  bool take_stop();

  const Program* program_;
  Context context_;
  bool marks_;
  Marked result_;
  Marked* out_ = &result_;
  std::size_t offset_ = 0;  // of the node in hand
  int depth_ = 0;
  std::optional<Interrupt> interrupt_;
  std::optional<base::Error> error_;
};

}  // namespace nurtured::content::liquid
