#include "tests/daemon/written_world.h"

#include <array>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include "tests/config/workspaces.h"

namespace nurtured::tests {
namespace {

constexpr int messages_count = 10;
constexpr int playbooks_count = 6;
constexpr int depth_max = 3;

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  config::Workspace write() {
    config::Workspace workspace;
    const auto put = [&](std::string path, std::string text) {
      config::put(workspace, std::move(path), std::move(text));
    };
    put("nurtured.yaml", settings());
    put("segments.yaml", segments());
    put("touchpoints.yaml",
        "touchpoints:\n  e0: {channel: site, kind: value}\n  e1: {channel: site, count_every: "
        "1h}\n");
    for (int i = 0; i < messages_count; ++i) put(fmt::format("content/m{}.md", i), message(i));
    for (int i = 0; i < playbooks_count; ++i) {
      put(fmt::format("playbooks/p{}.yaml", i), playbook(i));
    }
    return workspace;
  }

 private:
  using Choices = std::initializer_list<std::string_view>;

  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }
  std::string number(std::uint64_t below) { return std::to_string(random_.below(below)); }
  std::string one_of(Choices choices) {
    return std::string(choices.begin()[random_.below(choices.size())]);
  }

  std::string event() { return "e" + number(5); }
  // That is no touchpoint: what a step emits counts, too, and the history that the promises are
  // held against does not know it.
  std::string untouching() { return "e" + std::to_string(2 + random_.below(3)); }
  std::string message_name() { return "m" + number(messages_count); }
  std::string playbook_name() { return "p" + number(playbooks_count); }
  std::string segment() { return "g" + number(4); }
  std::string duration() {
    return one_of({"0s", "1s", "90s", "30m", "4h", "1d", "1d12h", "2d", "1w", "9d"});
  }
  std::string waiting() { return one_of({"1h", "4h", "1d", "1d12h", "3d", "1w"}); }
  std::string via() {
    return one_of({"email", "telegram", "[email, telegram]", "[telegram, email]", "all"});
  }

  // Some fail when they are asked, and some of those for some people only.
  std::string atom() {
    switch (random_.below(14)) {
      case 0:
        return fmt::format("did('{}')", event());
      case 1:
        return fmt::format("did('{}', '{}d')", event(), 1 + random_.below(9));
      case 2:
        return fmt::format("times('{}', '5d') >= {}", event(), random_.below(4));
      case 3:
        return fmt::format("last('{}') < now - duration('60h')", event());
      case 4:
        return fmt::format("touches('{}d') > {}", 1 + random_.below(9), random_.below(9));
      case 5:
        return fmt::format("in_segment('{}')", segment());
      case 6:
        return fmt::format("'t{}' in contact.tags", random_.below(3));
      case 7:
        return fmt::format("contact.score >= {}", random_.below(30));
      case 8:
        return "contact.level > 3";
      case 9:
        return "1 / int(contact.score) == 1";
      case 10:
        return "now.getHours('Asia/Tokyo') < 12";
      case 11:
        return fmt::format("contact.stage == '{}'", stage());
      case 12:
        return "has(contact.city) && contact.city.matches('^[A-M]')";
      default:
        return one_of({"true", "false"});
    }
  }
  std::string condition() {
    switch (random_.below(5)) {
      case 0:
        return fmt::format("{} && {}", atom(), atom());
      case 1:
        return fmt::format("{} || {}", atom(), atom());
      case 2:
        return fmt::format("!({})", atom());
      default:
        return atom();
    }
  }
  std::string stage() {
    return one_of({"awareness", "consideration", "decision", "retention", "advocacy"});
  }
  std::string value() {
    return one_of({"5", "Riga", "true", "\"{{ contact.city | default: 'Oslo' }}\"",
                   "\"{{ contact.score | plus: 1 }}\"", "\"=contact.score + 1\"",
                   "\"=contact.level + 1\"", "\"=times('e0')\"",
                   "[1, \"=1 + 1\", {a: \"{{ contact.id }}\"}]"});
  }

  std::string settings() {
    const std::uint64_t offer = random_.below(4) * 10;
    const std::uint64_t engagement = random_.below(4) * 10;
    std::string out = fmt::format(
        "connectors:\n  out: {{type: file, path: out}}\n"
        "  crm: {{type: webhook, url: \"https://crm.example.org\"}}\n"
        "channels: {{email: {{connector: out, consent: assumed}}, "
        "telegram: {{connector: out, consent: assumed}}}}\n"
        "timezone: {}\n"
        "mix: {{value: {}, engagement: {}, offer: {}, window: {}}}\n"
        "touches_before_offer: {}\n"
        "limits: {{per_day: {}, per_week: {}, min_gap: {}h, quiet: \"{}\"}}\n",
        one_of({"UTC", "Europe/Moscow", "America/New_York"}), 100 - offer - engagement, engagement,
        offer, 2 + random_.below(12), random_.below(8), 1 + random_.below(3), 1 + random_.below(9),
        random_.below(14), one_of({"21:00-09:00", "00:00-00:00", "13:00-14:30"}));
    if (chance(2)) out += "series: {evergreen: [m0, m1, m2]}\nfill: {from: evergreen, every: 2d}\n";
    if (chance(3)) out += fmt::format("mute: [{{if: \"{}\", kinds: [offer]}}]\n", condition());
    if (chance(3)) {
      out += fmt::format("catch_up: {{older_than: 1d, action: {}}}\n",
                         one_of({"send", "skip", "spread"}));
    }
    if (chance(2))
      out += "handoff: {on_message: 36h, to: {channel: email, to: help@example.org}}\n";
    return out;
  }

  std::string segments() {
    std::string out = "segments:\n";
    for (int i = 0; i < 4; ++i) {
      // Only those before it, so that none goes round in a circle.
      std::string chosen = condition();
      while (chosen.find("in_segment") != std::string::npos) chosen = condition();
      out += fmt::format("  g{}: {{if: \"{}\"}}\n", i, chosen);
    }
    return out;
  }

  std::string message(int index) {
    const bool is_of_series = index < 3;  // of `fill`, which takes marketing alone
    const std::string kind = is_of_series
                                 ? one_of({"value", "engagement", "offer"})
                                 : one_of({"value", "value", "value", "engagement", "engagement",
                                           "offer", "offer", "reply", "reminder", "receipt"});
    std::string out = fmt::format("---\nkind: {}\nsubject: About it\n", kind);
    if (kind == "reminder") out += "expires: enrollment.started + duration('50h')\n";
    if (chance(5)) out += fmt::format("stage: {}\n", stage());
    return out + "---\nHello {{ contact.city | default: 'you' }}.\n";
  }

  std::string start() {
    switch (random_.below(9)) {
      case 0:
        return fmt::format("{{segment: {}}}", segment());
      case 1:
        return fmt::format("{{leaves: {}}}", segment());
      case 2:
        return fmt::format("{{date: contact.birthday, every: year, offset: {}, at: \"10:00\"}}",
                           one_of({"-3d", "0d", "2d"}));
      case 3:
        return fmt::format("{{schedule: \"{}\", segment: {}}}",
                           one_of({"0 10 * * TUE", "30 2 */5 * *", "15 9 1 * *"}), segment());
      case 4:
        return fmt::format("{{once: \"2026-03-{} 02:30\", segment: {}}}", 10 + random_.below(20),
                           segment());
      case 5:
        return "{manual: true}";
      case 6:
        return fmt::format("{{when: {}, if: \"{}\"}}", event(), condition());
      default:
        return event();
    }
  }

  std::string playbook(int index) {
    std::string out = fmt::format("playbook: p{}\nstart: [{}, {}]\n", index, event(), start());
    if (chance(2)) out += fmt::format("again: {}\n", one_of({"always", "never", "after 5d"}));
    if (chance(3)) out += "meanwhile: restart\n";
    if (chance(4)) out += "per: string(times('e0'))\n";
    if (chance(2)) out += fmt::format("priority: {}\n", random_.below(101));
    if (chance(3)) out += fmt::format("via: {}\n", via());
    if (chance(3)) out += fmt::format("goal: {{when: {}, within: 20d}}\n", event());
    if (chance(4)) out += fmt::format("stop: [{{when: {}}}]\n", event());
    if (chance(6)) out += fmt::format("stop: [{{if: \"{}\"}}]\n", atom());
    if (out.find("stop:") != out.rfind("stop:")) out.erase(out.rfind("stop:"));
    if (chance(4)) out += fmt::format("late: {}\n", one_of({"send", "skip"}));
    return out + "steps:\n" + steps(1, "  ");
  }

  std::string steps(int depth, const std::string& indent) {
    std::string out;
    for (std::uint64_t n = 1 + random_.below(4); n > 0; --n) out += step(depth, indent);
    return out;
  }
  std::string inner(int depth, const std::string& indent, std::string_view key) {
    return fmt::format("{}{}:\n{}", indent, key, steps(depth + 1, indent + "  "));
  }

  std::string step(int depth, const std::string& indent) {
    const std::string below = indent + "  ";
    if (depth < depth_max && chance(4)) return branching(depth, indent, below);
    switch (random_.below(18)) {
      case 0:
        return fmt::format("{}- wait: {}\n", indent, duration()) +
               (chance(2) ? fmt::format("{}at: \"{}\"\n", below, one_of({"10:00", "02:30"})) : "") +
               (chance(3) ? fmt::format("{}days: [mon, thu]\n", below) : "");
      case 1:
        return fmt::format("{}- wait_until: {}\n{}", indent,
                           one_of({"now + duration('30h')", "enrollment.started + duration('99h')",
                                   "timestamp('2026-03-29T01:30:00Z')"}),
                           "");
      case 2:
        return fmt::format("{}- set: {{{}: {}}}\n", indent, one_of({"city", "level", "note"}),
                           value());
      case 3:
        return fmt::format("{}- {}: t{}\n", indent, one_of({"tag", "untag"}), random_.below(3));
      case 4:
        return fmt::format("{}- move_to: {}\n", indent, stage());
      case 5:
        return fmt::format("{}- score: {}\n", indent, one_of({"5", "-3", "{set: 12}"}));
      case 6:
        return fmt::format("{}- emit: {{event: {}, properties: {{n: {}}}}}\n", indent, untouching(),
                           value());
      case 7:
        return fmt::format("{}- do: {}\n{}with: {{n: {}}}\n{}save: done\n", indent,
                           one_of({"crm.post", "out.write"}), below, value(), below);
      case 8:
        return fmt::format("{}- notify: \"{{{{ contact.city }}}} is here\"\n", indent);
      case 9:
        return fmt::format("{}- handoff: {{for: {}}}\n", indent, waiting());
      case 10:
        return fmt::format("{}- {}: {}\n", indent, one_of({"enroll", "leave"}), playbook_name());
      case 11:
        return fmt::format("{}- series: [{}, {}]\n{}every: {}\n", indent, message_name(),
                           message_name(), below, waiting());
      case 12:
        return chance(3) ? indent + "- end: true\n" : send(indent, below);
      default:
        return send(indent, below);
    }
  }

  std::string send(const std::string& indent, const std::string& below) {
    std::string out = fmt::format("{}- send: {}\n", indent, message_name());
    if (chance(3)) out += fmt::format("{}hold: {}\n", below, waiting());
    if (chance(4)) out += below + "while_held: go_on\n";
    if (chance(4)) out += fmt::format("{}via: {}\n", below, via());
    return out;
  }

  std::string branching(int depth, const std::string& indent, const std::string& below) {
    switch (random_.below(6)) {
      case 0:
        return fmt::format("{}- wait_for: {}\n{}within: {}\n", indent, event(), below, waiting()) +
               (chance(2) ? fmt::format("{}if: \"{}\"\n", below, condition()) : "") +
               inner(depth, below, "then") + inner(depth, below, "otherwise");
      case 1:
        return fmt::format("{}- any: [{}, {}]\n{}save: came\n", indent, event(), event(), below) +
               inner(depth, below, "then");
      case 2:
        return fmt::format("{}- choose:\n{}  - if: \"{}\"\n", indent, below, condition()) +
               inner(depth + 1, below + "    ", "then") + fmt::format("{}  - else:\n", below) +
               steps(depth + 1, below + "      ");
      case 3:
        return fmt::format("{}- split:\n{}  left:\n{}    weight: {}\n", indent, below, below,
                           1 + random_.below(3)) +
               inner(depth + 1, below + "    ", "steps") +
               fmt::format("{}  right: {{weight: 1}}\n", below);
      case 4:
        return fmt::format("{}- repeat:\n{}  {}\n{}  steps:\n{}    - wait: {}\n", indent, below,
                           chance(2) ? fmt::format("times: {}", 1 + random_.below(4))
                                     : fmt::format("while: \"{}\"", condition()),
                           below, below, waiting()) +
               steps(depth + 1, below + "    ");
      default:
        return fmt::format("{}- ask: {}\n{}within: {}\n{}save: answer\n", indent, message_name(),
                           below, waiting(), below) +
               (chance(2) ? fmt::format("{}choices: [\"no\", \"yes\"]\n", below)
                          : fmt::format("{}as: int\n", below)) +
               inner(depth, below, "otherwise");
    }
  }

  base::Random random_;
};

}  // namespace

config::Workspace written_workspace(std::uint64_t seed) {
  return Writer(seed).write();
}

RandomWorld written_world(std::uint64_t seed) {
  RandomWorld world;
  world.config = config::compile(written_workspace(seed), config::test_options()).config;
  base::Random random(seed);
  add_people(world, random);
  add_history(world, random);
  return world;
}

}  // namespace nurtured::tests
