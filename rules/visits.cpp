// Who follows links: people, and the programs that look at a message before or instead of them
// (DESIGN section 7). What gives a program away by its own words is told by whoever takes the
// request (daemon/visitor.h); here it is given away by what it does. Programs' visits are told as
// `link.scanned` and `message.scanned`, which nobody takes for interest.
//
// A mail scanner follows all links of a message within moments, and the first of them looks like
// any other: so a click waits for `burst_window` before it counts as a person's.
#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

constexpr base::Milliseconds burst_window = std::chrono::seconds{3};
// Whoever follows a link sooner after its mail left has not read it. A messenger shows a message at
// once, and a person may be faster there.
constexpr base::Milliseconds early_max = std::chrono::seconds{5};
// After a program's click, others of the same message are its own for this long.
constexpr base::Milliseconds scan_memory = std::chrono::seconds{10};
// Of one contact, waiting or remembered: a person has no more than a few.
constexpr std::size_t clicks_max = 50;

constexpr std::string_view early_reason = "within 5 seconds of the departure";
constexpr std::string_view burst_reason = "several links of the message at once";

bool is_early(const Delivery& message, Instant now) {
  return message.to.channel == "email" && now - message.at < early_max;
}

}  // namespace

cel::Map message_properties(const std::string& message, Kind kind, const std::string& channel,
                            const std::string& playbook) {
  return {{"message", message},
          {"kind", to_string(kind)},
          {"channel", channel},
          {"playbook", playbook}};
}

std::optional<Instant> click_due(const Contact& contact) {
  const auto waiting = std::ranges::find(contact.clicks, false, &Click::is_machine);
  if (waiting == contact.clicks.end()) return std::nullopt;
  return waiting->at + burst_window;
}

void Machine::handle(const Visit& visit) {
  if (!visit.message) return;  // erased, or of a time that a restored backup does not know
  const Delivery& message = *visit.message;
  // A program has it as well: whoever follows its links, it did leave.
  if (message.change == DeliveryChange::uncertain) departed_after_all(message);
  std::string machine = visit.machine;
  if (machine.empty() && is_early(message, now_)) machine = early_reason;
  if (visit.kind == VisitKind::open) {
    cel::Map properties =
        message_properties(message.message, message.kind, message.to.channel, message.playbook);
    if (!machine.empty()) properties.set("reason", machine);
    return emit(machine.empty() ? "message.opened" : "message.scanned", std::move(properties));
  }
  auto& clicks = contact().clicks;
  std::erase_if(clicks,
                [&](const Click& its) { return its.is_machine && now_ - its.at >= scan_memory; });
  Click click{.delivery = visit.delivery,
              .message = message.message,
              .kind = message.kind,
              .channel = message.to.channel,
              .playbook = message.playbook,
              .link = visit.link,
              .url = visit.url,
              .at = now_};
  const auto is_same_message = [&](const Click& its) { return its.delivery == click.delivery; };
  const auto is_same_link = [&](const Click& its) {
    return its.link == click.link && its.url == click.url;
  };
  const bool is_burst = std::ranges::any_of(clicks, [&](const Click& its) {
    return is_same_message(its) && (its.is_machine || !is_same_link(its));
  });
  if (machine.empty() && is_burst) machine = burst_reason;
  if (machine.empty()) {
    const bool again = std::ranges::any_of(
        clicks, [&](const Click& its) { return is_same_message(its) && is_same_link(its); });
    if (again) return;  // a double click
    if (clicks.size() >= clicks_max) machine = "more than anybody follows at once";
  }
  if (!machine.empty()) {
    for (Click& its : clicks) {
      if (!is_same_message(its) || its.is_machine) continue;
      report_click(its, machine);
      its.is_machine = true;
      its.at = now_;
    }
    report_click(click, machine);
    click.is_machine = true;
    // One that remembers is enough.
    if (std::ranges::any_of(clicks, is_same_message)) return;
    if (clicks.size() >= clicks_max) return;
  }
  clicks.push_back(std::move(click));
}

// Those that have waited long enough count as a person's; so do those that came before an
// expectation that ends now, which must not be disappointed by our own patience.
void Machine::judge_clicks(Instant until) {
  const bool ends_now = std::ranges::any_of(contact().enrollments, [&](const Enrollment& its) {
    return its.state == EnrollmentState::expecting && its.due && *its.due <= until;
  });
  std::vector<Click> due;
  std::erase_if(contact().clicks, [&](const Click& its) {
    if (its.is_machine || its.at > until) return false;
    if (!ends_now && its.at + burst_window > until) return false;
    due.push_back(its);
    return true;
  });
  for (const Click& click : due) report_click(click, "");
  drain_events();
}

void Machine::report_click(const Click& click, std::string_view machine) {
  const auto tell = [&](std::string name, cel::Map properties) {
    events_.emplace_back(Event{.name = std::move(name),
                               .properties = std::move(properties),
                               .occurred_at = click.at,
                               .received_at = now_,
                               .change = {}});
  };
  cel::Map message = message_properties(click.message, click.kind, click.channel, click.playbook);
  cel::Map link = message;
  link.set("link", click.link);
  link.set("url", click.url);
  if (!machine.empty()) {
    link.set("reason", std::string(machine));
    return tell("link.scanned", std::move(link));
  }
  tell("link.clicked", std::move(link));
  tell("message.clicked", std::move(message));
}

}  // namespace nurtured::rules
