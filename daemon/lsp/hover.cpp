#include "daemon/lsp/hover.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/lint_pages.h"
#include "daemon/lsp/targets.h"

namespace nurtured::daemon::lsp {
namespace {

class Teller {
 public:
  explicit Teller(const Spot& spot) : spot_(spot) {}

  cel::Value run() {
    tell_step();
    tell_key();
    for (const Shape& shape : spot_.scalar_shapes()) say(std::string(shape.about));
    tell_target();
    tell_warnings();
    if (parts_.empty()) return nullptr;
    return cel::Map{
        {"contents",
         cel::Map{{"kind", "markdown"}, {"value", fmt::format("{}", fmt::join(parts_, "\n\n"))}}}};
  }

 private:
  void say(std::string part) {
    if (part.empty() || std::ranges::find(parts_, part) != parts_.end()) return;
    parts_.push_back(std::move(part));
  }

  // The id of the step that the key at the cursor belongs to.
  void tell_step() {
    const auto& cursor = spot_.cursor();
    if (!cursor || cursor->self == no_entry || spot_.files().config == nullptr) return;
    const auto& entries = spot_.outline().entries();
    std::size_t at = entries[cursor->self].parent;
    while (at != no_entry && entries[at].kind != Entry::Kind::item) at = entries[at].parent;
    if (at != no_entry) tell_first_step(spot_.outline().extent(at));
  }

  // A step stands where its main value does, before whatever steps it holds.
  void tell_first_step(const Span& item) {
    std::string told;
    std::size_t first = item.end;
    for (const auto& playbook : spot_.files().config->book->current()) {
      for (const rules::Step& step : playbook->steps) {
        if (step.place.path != spot_.path()) continue;
        const std::size_t begin = span_of(spot_.text(), step.place).begin;
        if (begin < item.begin || begin >= first) continue;
        first = begin;
        told = fmt::format("Step `{}` of `{}`", step.id, playbook->id);
      }
    }
    say(std::move(told));
  }

  // A key that makes a map what it is tells what the map is, too: `send` of a step.
  void tell_key() {
    const auto& cursor = spot_.cursor();
    if (!cursor || cursor->where != Cursor::Where::key || cursor->self == no_entry) return;
    const std::string key(spot_.outline().entries()[cursor->self].name.of(spot_.text()));
    for (const Shape& map : spot_.walk().shapes(cursor->entry)) {
      const auto shapes = spot_.walk().under_key({map}, key);
      if (shapes.empty()) continue;
      if (const cel::Value* required = map.schema->find("required");
          required != nullptr && required->is_list() &&
          std::ranges::find(required->as_list(), cel::Value(key)) != required->as_list().end()) {
        say(std::string(map.about));
      }
      for (const Shape& shape : shapes) say(std::string(shape.about));
    }
  }

  void tell_target() {
    const auto target = target_of(spot_);
    if (!target || target->path == "nurtured.yaml") return;
    const std::string_view source = spot_.files().workspace.source(target->path);
    const std::string_view said =
        base::trimmed(base::cut_utf8(target->whole.of(source), excerpt_bytes_max));
    if (said.empty() || !base::is_utf8(said)) return;
    // A fence that no text can close.
    constexpr std::string_view fence = "``````````";
    if (said.find(fence) != std::string_view::npos) return;
    say(fmt::format("{}\n\n{}\n{}\n{}", target->path, fence, said, fence));
  }

  void tell_warnings() {
    for (const config::Problem& problem : spot_.files().problems) {
      if (problem.place.path != spot_.path() || problem.place.line == 0) continue;
      const config::LintPage* page = config::find_lint_page(problem.name);
      if (page == nullptr || !span_of(spot_.text(), problem.place).holds(spot_.offset())) continue;
      say(std::string(page->text));
    }
  }

  const Spot& spot_;
  std::vector<std::string> parts_;
};

}  // namespace

cel::Value hover(const Spot& spot) {
  return Teller(spot).run();
}

}  // namespace nurtured::daemon::lsp
