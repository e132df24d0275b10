// Marketing messages that the mix or the seven touches hold for good.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/lint.h"
#include "config/step_graph.h"
#include "rules/gates.h"

namespace nurtured::config {
namespace {

using rules::Kind;
using rules::no_step;
using rules::Playbook;
using rules::Step;
using rules::StepIndex;

// One marketing send of a playbook, in the order of the file.
struct MarketingSend {
  Kind kind = Kind::value;
  const Step* step = nullptr;
  StepIndex index = no_step;
  bool waits_while_held = true;
};

// Of a message: the kinds of those sent before and behind it.
struct Around {
  std::vector<Kind> surely_before;  // whoever comes to it has come by them; the latest last
  std::size_t before_max = 0;       // how many somebody may have come by
  std::size_t same_min = 0;         // how many of its own kind everybody has come by
  std::vector<Kind> behind;
};

class HoldLint {
 public:
  HoldLint(const LintInput& input, Problems& problems) : input_(input), problems_(problems) {
    for (const auto& playbook : input.playbooks) sends_.push_back(sends_of(*playbook));
    graphs_.resize(sends_.size());
    fewest_.resize(sends_.size());
    for (std::size_t i = 0; i < sends_.size() && !input.settings.fill; ++i) map_out(i);
  }

  void run() {
    for (std::size_t i = 0; i < sends_.size(); ++i) {
      for (std::size_t at = 0; at < sends_[i].size(); ++at) check(i, at);
    }
  }

 private:
  std::vector<MarketingSend> sends_of(const Playbook& playbook) const {
    std::vector<MarketingSend> out;
    for (StepIndex i = 0; i < playbook.steps.size(); ++i) {
      const Step& step = playbook.steps[i];
      const rules::Send* send = rules::send_of(step.action);
      if (send == nullptr) continue;
      const auto kind = input_.marketing_kind(send->message);
      if (kind) out.push_back({*kind, &step, i, !send->go_on_while_held});
    }
    return out;
  }

  Around around(std::size_t playbook, const MarketingSend& send) const {
    const StepGraph& graph = *graphs_[playbook];
    Around out;
    for (const MarketingSend& other : sends_[playbook]) {
      if (other.index == send.index) continue;
      const bool is_before =
          graph.is_reached(other.index) && graph.leads_to(other.index, send.index);
      if (is_before) ++out.before_max;
      if (graph.is_surely_before(other.index, send.index)) out.surely_before.push_back(other.kind);
      if (graph.leads_to(send.index, other.index)) out.behind.push_back(other.kind);
    }
    out.same_min = fewest_[playbook].at(send.kind)[send.index];
    return out;
  }

  // How the messages of a playbook lie to one another; nothing where it has none that are held.
  void map_out(std::size_t playbook) {
    for (const MarketingSend& send : sends_[playbook]) {
      if (send.kind == Kind::value) continue;
      if (!graphs_[playbook]) graphs_[playbook].emplace(*input_.playbooks[playbook]);
      auto& fewest = fewest_[playbook];
      if (fewest.contains(send.kind)) continue;
      std::vector<bool> counted(input_.playbooks[playbook]->steps.size());
      for (const MarketingSend& same : sends_[playbook]) {
        if (same.kind == send.kind) counted[same.index] = true;
      }
      fewest.emplace(send.kind, graphs_[playbook]->fewest_before(counted));
    }
  }

  int share(Kind kind) const {
    const rules::Mix& mix = input_.settings.mix;
    return kind == Kind::offer ? mix.offer : kind == Kind::engagement ? mix.engagement : mix.value;
  }

  void check(std::size_t playbook, std::size_t at) {
    const MarketingSend& send = sends_[playbook][at];
    if (send.kind == Kind::value) return;
    if (share(send.kind) == 0) {
      problems_.warning(send.step->place, "never-sent",
                        fmt::format("this {0} can never leave: its share of the mix is 0",
                                    rules::to_string(send.kind)),
                        "give it a share in `mix`");
      return;
    }
    if (input_.settings.fill || !graphs_[playbook]->is_reached(send.index)) return;
    const Around others = around(playbook, send);
    if (send.kind == Kind::offer && !check_touches(playbook, send, others)) return;
    check_mix(playbook, send, others);
  }

  // M2: are there fewer touches before the offer than it needs, and none to come but from behind
  // it? False when that has been warned of.
  bool check_touches(std::size_t playbook, const MarketingSend& send, const Around& around) {
    const auto needed = static_cast<std::size_t>(input_.settings.touches_before_offer);
    const bool others_touch =
        !input_.catalogue.touchpoints.empty() || others_send(playbook, [](Kind) { return true; });
    if (around.before_max >= needed || others_touch) return true;
    // Behind it there may be enough of them, where it does not keep people waiting.
    const bool is_freed =
        !send.waits_while_held && around.before_max + around.behind.size() >= needed;
    if (is_freed) return true;
    warn(send, around,
         fmt::format("it needs {} touches, at most {} come before it", needed, around.before_max),
         [](Kind) { return true; });
    return false;
  }

  // M1: is the share used up by the messages right before it, and nothing else sent from elsewhere?
  void check_mix(std::size_t playbook, const MarketingSend& send, const Around& around) {
    const Kind kind = send.kind;
    const auto& before = around.surely_before;
    const std::size_t counted =
        std::min<std::size_t>(before.size(), input_.settings.mix.window - 1);
    const auto latest = static_cast<std::size_t>(
        std::count(before.end() - static_cast<std::ptrdiff_t>(counted), before.end(), kind));
    // Beyond the window older ones no longer count.
    const bool all_count = around.before_max < input_.settings.mix.window;
    const std::size_t same = all_count ? around.same_min : latest;
    const auto frees = [kind](Kind other) { return other != kind; };
    if (same < rules::share_max(input_.settings.mix, kind) || others_send(playbook, frees)) return;
    if (!send.waits_while_held && std::ranges::any_of(around.behind, frees)) return;
    warn(send, around,
         fmt::format("its share of the mix ({} of any {}) is used up by the sends before it",
                     rules::share_max(input_.settings.mix, kind), input_.settings.mix.window),
         frees);
  }

  template <class Frees>
  bool others_send(std::size_t playbook, Frees frees) const {
    for (std::size_t i = 0; i < sends_.size(); ++i) {
      if (i == playbook) continue;
      if (std::any_of(sends_[i].begin(), sends_[i].end(),
                      [&](const MarketingSend& s) { return frees(s.kind); })) {
        return true;
      }
    }
    return false;
  }

  template <class Frees>
  void warn(const MarketingSend& send, const Around& around, const std::string& why, Frees frees) {
    const bool later = send.waits_while_held && std::ranges::any_of(around.behind, frees);
    problems_.warning(send.step->place, "held-for-ever",
                      fmt::format("this {} is held until `hold` runs out: {}, and {}",
                                  rules::to_string(send.kind), why,
                                  later ? "only later steps of this playbook could free it, which "
                                          "wait for it"
                                        : "nothing could free it"),
                      later ? "set `fill`, write `while_held: go_on`, or send value before it"
                            : "set `fill`, or send value before it");
  }

  const LintInput& input_;
  Problems& problems_;
  // By playbook.
  std::vector<std::vector<MarketingSend>> sends_;
  std::vector<std::optional<StepGraph>> graphs_;
  std::vector<std::map<Kind, std::vector<std::size_t>>> fewest_;
};

}  // namespace

void lint_holds(const LintInput& input, Problems& problems) {
  HoldLint(input, problems).run();
}

}  // namespace nurtured::config
