#include "daemon/shadow.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "daemon/simulation.h"
#include "store/memory_store.h"

namespace nurtured::daemon {
namespace {

struct Wish {
  std::string playbook;
  std::string step;
  std::string message;
  rules::Kind kind = rules::Kind::value;
  std::int64_t enrollment = 0;
  Instant first;
  ShadowFate fate;
  std::vector<rules::Reason> held_by;  // each once
};

// One contact's, in the order in which they came up.
struct ContactWishes {
  std::vector<Wish> all;
  // Places of those that are not over: few, however much one contact has been sent.
  std::vector<std::size_t> open;
};
using Wishes = std::map<std::string, ContactWishes, std::less<>>;

void note(Wishes& wishes, const SimulatedLine& line) {
  const rules::Decision& decision = line.decision;
  const bool is_send = decision.action == "send";
  const bool is_skip = decision.action == "skip" || decision.action == "fail";
  if ((!is_send && !is_skip && decision.action != "hold") || decision.message.empty()) return;
  ContactWishes& of_contact = wishes[line.contact];
  auto& all = of_contact.all;
  auto& open = of_contact.open;
  auto place = std::ranges::find_if(open, [&](std::size_t its) {
    return all[its].enrollment == decision.enrollment && all[its].step == decision.step &&
           all[its].message == decision.message;
  });
  if (place == open.end()) {
    all.push_back({.playbook = decision.playbook,
                   .step = decision.step,
                   .message = decision.message,
                   .kind = decision.kind.value_or(rules::Kind::value),
                   .enrollment = decision.enrollment,
                   .first = decision.at});
    place = open.insert(place, all.size() - 1);
  }
  Wish& wish = all[*place];
  if (is_send) wish.fate.sent = decision.at;
  if (!is_send) wish.fate.reason = decision.reason;
  if (!is_send && !is_skip &&
      std::ranges::find(wish.held_by, decision.reason) == wish.held_by.end()) {
    wish.held_by.push_back(decision.reason);
  }
  wish.fate.skipped = is_skip;
  if (is_send || is_skip) open.erase(place);
}

// The past with the live book, then `book`.
base::Result<Wishes> play(const std::shared_ptr<const config::Config>& live,
                          const std::shared_ptr<const config::Config>& book,
                          const ShadowRecord& record, Instant from, Instant until) {
  Wishes wishes;
  store::MemoryStore store(live->dedup.nominal());
  const auto see = [&](const SimulatedLine& line) {
    if (line.decision.at >= from) note(wishes, line);
  };
  Simulation simulation(live, store, see, {.render = false});
  for (const EventInput& event : record.events) simulation.later(event.event.received_at, event);
  if (auto done = simulation.run({}, from - base::Milliseconds{1}); !done) {
    return base::fail(done.error());
  }
  simulation.engine().set_book(book->book);
  // A reload judges again what is held.
  const rules::ContactId next = store.allocate();
  for (std::int64_t id = 1; id < next.value; ++id) {
    simulation.later(from, ContactInput{.contact = {id}, .input = rules::Rejudge{}});
  }
  if (auto done = simulation.run({}, until); !done) return base::fail(done.error());
  return wishes;
}

// The same wish of the other book: of the same playbook, step and message, the same in the row of
// those. A step may be called otherwise there: what finds no fellow by it is looked for without.
using WishKey = std::tuple<std::string_view, std::string_view, std::string_view, std::size_t>;
using WishList = std::vector<const Wish*>;

std::map<WishKey, const Wish*> by_key(const WishList& wishes, bool with_step) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::size_t> rows;
  std::map<WishKey, const Wish*> keyed;
  for (const Wish* wish : wishes) {
    const std::string_view step = with_step ? std::string_view(wish->step) : std::string_view();
    const std::size_t row = rows[{wish->playbook, step, wish->message}]++;
    keyed.emplace(WishKey{wish->playbook, step, wish->message, row}, wish);
  }
  return keyed;
}

WishList all_of(const std::vector<Wish>& wishes) {
  WishList all;
  all.reserve(wishes.size());
  for (const Wish& wish : wishes) all.push_back(&wish);
  return all;
}

// Tells `look` of each pair, and leaves in both lists what has no fellow in the other.
template <typename Look>
void pair_up(WishList& before, WishList& after, bool with_step, const Look& look) {
  const auto old = by_key(before, with_step);
  const auto now = by_key(after, with_step);
  before.clear();
  after.clear();
  for (const auto& [key, wish] : old) {
    const auto same = now.find(key);
    if (same == now.end()) {
      before.push_back(wish);
    } else {
      look(wish, same->second);
    }
  }
  for (const auto& [key, wish] : now) {
    if (!old.contains(key)) after.push_back(wish);
  }
  // The rows are those of the time, not of the steps' names.
  std::ranges::stable_sort(before, {}, &Wish::first);
  std::ranges::stable_sort(after, {}, &Wish::first);
}

void count_move(const Wish& before, const Wish& after, ShadowComparison& comparison) {
  const base::Milliseconds far = *after.fate.sent - *before.fate.sent;
  auto& way = far.count() < 0 ? comparison.earlier : comparison.later;
  const auto step = std::ranges::lower_bound(shadow_move_steps, std::chrono::abs(far));
  ++way[static_cast<std::size_t>(step - shadow_move_steps.begin())]
       [static_cast<std::size_t>(after.kind)];
}

std::optional<ShadowChange> change_of(const Wish* before, const Wish* after) {
  const bool sent_before = before != nullptr && before->fate.sent;
  const bool sent_after = after != nullptr && after->fate.sent;
  if (sent_before && sent_after) {
    if (*before->fate.sent == *after->fate.sent) return std::nullopt;
    return ShadowChange::moved;
  }
  if (sent_before) return ShadowChange::only_before;
  if (sent_after) return ShadowChange::only_after;
  const bool is_same = before != nullptr && after != nullptr && before->fate == after->fate;
  return is_same ? std::nullopt : std::optional(ShadowChange::held_otherwise);
}

void compare_contact(const std::string& contact, const std::vector<Wish>& before,
                     const std::vector<Wish>& after, ShadowComparison& comparison) {
  const auto look = [&](const Wish* was, const Wish* is) {
    const bool sent_by_both = was != nullptr && is != nullptr && was->fate.sent && is->fate.sent;
    const auto change = change_of(was, is);
    if (!change) {
      comparison.same += sent_by_both ? 1 : 0;
      return;
    }
    ++comparison.changes[static_cast<std::size_t>(*change)];
    if (*change == ShadowChange::moved) count_move(*was, *is, comparison);
    const Wish& any = was != nullptr ? *was : *is;
    ShadowDifference& difference = comparison.differences.emplace_back();
    difference.contact = contact;
    difference.playbook = any.playbook;
    difference.step = any.step;
    difference.message = any.message;
    difference.kind = any.kind;
    difference.change = *change;
    difference.at = any.fate.sent.value_or(any.first);
    if (was != nullptr) difference.before = was->fate;
    if (is != nullptr) {
      difference.after = is->fate;
      difference.at = std::min(difference.at, is->fate.sent.value_or(is->first));
    }
  };
  WishList old = all_of(before);
  WishList now = all_of(after);
  pair_up(old, now, true, look);
  pair_up(old, now, false, look);
  for (const Wish* wish : old) look(wish, nullptr);
  for (const Wish* wish : now) look(nullptr, wish);
}

ShadowFigures figures_of(const Wishes& wishes, Instant from, Instant until) {
  ShadowFigures figures;
  const auto day_of = [first = std::chrono::floor<std::chrono::days>(from)](Instant at) {
    return static_cast<std::size_t>((std::chrono::floor<std::chrono::days>(at) - first).count());
  };
  figures.days.resize(day_of(until) + 1);
  for (const auto& [contact, its] : wishes) {
    for (const Wish& wish : its.all) {
      for (const rules::Reason reason : wish.held_by) ++figures.held[reason];
      if (wish.fate.skipped) ++figures.left_out[wish.fate.reason];
      if (!wish.fate.sent) continue;
      ++figures.sent;
      ++figures.days[day_of(*wish.fate.sent)][static_cast<std::size_t>(wish.kind)];
      ++figures.messages[{wish.playbook, wish.message}];
    }
  }
  return figures;
}

}  // namespace

base::Result<ShadowComparison> compare_shadow(const std::shared_ptr<const config::Config>& live,
                                              const std::shared_ptr<const config::Config>& other,
                                              const ShadowRecord& record, Instant from,
                                              Instant until) {
  const auto before = play(live, live, record, from, until);
  if (!before) return base::fail(before.error());
  const auto after = play(live, other, record, from, until);
  if (!after) return base::fail(after.error());
  ShadowComparison comparison{.from = from, .until = until};
  comparison.before = figures_of(*before, from, until);
  comparison.after = figures_of(*after, from, until);
  const std::vector<Wish> nothing;
  for (const auto& [contact, wishes] : *before) {
    const auto same = after->find(contact);
    compare_contact(contact, wishes.all, same == after->end() ? nothing : same->second.all,
                    comparison);
  }
  for (const auto& [contact, wishes] : *after) {
    if (!before->contains(contact)) compare_contact(contact, nothing, wishes.all, comparison);
  }
  std::ranges::stable_sort(comparison.differences, {}, [](const ShadowDifference& its) {
    return std::tie(its.at, its.contact);
  });
  return comparison;
}

}  // namespace nurtured::daemon
