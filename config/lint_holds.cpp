// Marketing messages that the mix or the seven touches hold for good.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/lint.h"
#include "rules/gates.h"

namespace nurtured::config {
namespace {

using rules::Kind;
using rules::Playbook;
using rules::Step;

constexpr std::string_view hold_remedy =
    "set `fill`, write `while_held: go_on`, or send value before it";

// One marketing send of a playbook, in the order of the file.
struct MarketingSend {
  Kind kind = Kind::value;
  const Step* step = nullptr;
  bool waits_while_held = true;
};

class HoldLint {
 public:
  HoldLint(const LintInput& input, Problems& problems) : input_(input), problems_(problems) {
    for (const auto& playbook : input.playbooks) sends_.push_back(sends_of(*playbook));
  }

  void run() {
    for (std::size_t i = 0; i < sends_.size(); ++i) {
      for (std::size_t at = 0; at < sends_[i].size(); ++at) check(i, at);
    }
  }

 private:
  std::vector<MarketingSend> sends_of(const Playbook& playbook) const {
    std::vector<MarketingSend> out;
    for (const Step& step : playbook.steps) {
      const rules::Send* send = rules::send_of(step.action);
      if (send == nullptr) continue;
      const auto kind = input_.marketing_kind(send->message);
      if (kind) out.push_back({*kind, &step, !send->go_on_while_held});
    }
    return out;
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
    if (!send.waits_while_held || input_.settings.fill) return;
    if (send.kind == Kind::offer && !check_touches(playbook, at)) return;
    check_mix(playbook, at);
  }

  // M2: are there fewer touches before the offer than it needs, and none to come but from behind
  // it? False when that has been warned of.
  bool check_touches(std::size_t playbook, std::size_t at) {
    const auto needed = static_cast<std::size_t>(input_.settings.touches_before_offer);
    const bool others_touch =
        !input_.catalogue.touchpoints.empty() || others_send(playbook, [](Kind) { return true; });
    if (at >= needed || others_touch) return true;
    warn(playbook, at, fmt::format("it needs {} touches, at most {} come before it", needed, at),
         [](Kind) { return true; });
    return false;
  }

  // M1: is the share used up by the messages right before it, and nothing else sent from elsewhere?
  void check_mix(std::size_t playbook, std::size_t at) {
    const auto& sends = sends_[playbook];
    const Kind kind = sends[at].kind;
    const std::size_t first =
        at + 1 > input_.settings.mix.window ? at + 1 - input_.settings.mix.window : 0;
    const auto same = static_cast<std::size_t>(
        std::count_if(sends.begin() + static_cast<std::ptrdiff_t>(first),
                      sends.begin() + static_cast<std::ptrdiff_t>(at),
                      [&](const MarketingSend& s) { return s.kind == kind; }));
    const auto frees = [kind](Kind other) { return other != kind; };
    if (same < rules::share_max(input_.settings.mix, kind) || others_send(playbook, frees)) return;
    warn(playbook, at,
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
  void warn(std::size_t playbook, std::size_t at, const std::string& why, Frees frees) {
    const auto& sends = sends_[playbook];
    const bool later = std::any_of(sends.begin() + static_cast<std::ptrdiff_t>(at) + 1, sends.end(),
                                   [&](const MarketingSend& s) { return frees(s.kind); });
    problems_.warning(sends[at].step->place, "held-for-ever",
                      fmt::format("this {} is held until `hold` runs out: {}, and {}",
                                  rules::to_string(sends[at].kind), why,
                                  later ? "only later steps of this playbook could free it, which "
                                          "wait for it"
                                        : "nothing could free it"),
                      std::string(hold_remedy));
  }

  const LintInput& input_;
  Problems& problems_;
  std::vector<std::vector<MarketingSend>> sends_;
};

}  // namespace

void lint_holds(const LintInput& input, Problems& problems) {
  HoldLint(input, problems).run();
}

}  // namespace nurtured::config
