// `fill`: the series that feeds a contact's mix while something is held behind it (CONTRACT section
// 4).
#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// Those of the contact and of every address that a piece could go to.
std::vector<const Ledger*> ledgers_for_fill(const Book& book, const Snapshot& snapshot) {
  std::vector<Address> addresses;
  for (const auto& channel : book.settings().default_via) {
    const auto own = snapshot.contact.addresses.find(channel);
    if (own != snapshot.contact.addresses.end()) addresses.push_back({own->first, own->second});
  }
  return ledgers_of(snapshot, addresses);
}

// How far the kind is below its share once one more message has left, in hundredths of a message.
std::int64_t lack(const Mix& mix, const Ledger& ledger, Kind kind) {
  const int share = kind == Kind::value        ? mix.value
                    : kind == Kind::engagement ? mix.engagement
                                               : mix.offer;
  const auto& departures = ledger.departures;
  const auto sent = std::ranges::count(departures, kind, &Departure::kind);
  return share * (std::ssize(departures) + 1) - 100 * std::int64_t{sent};
}

}  // namespace

bool is_held_by_share(const Pending& pending) {
  return pending.reason == Reason::mix || pending.reason == Reason::touches;
}

bool wants_fill(const Contact& contact) {
  return std::ranges::any_of(contact.pending, [](const Pending& pending) {
    return pending.enrollment != 0 && is_held_by_share(pending);
  });
}

std::optional<std::string> next_fill_piece(const Book& book, const Snapshot& snapshot) {
  const Settings& settings = book.settings();
  if (!settings.fill) return std::nullopt;
  const auto series = settings.series.find(settings.fill->series);
  if (series == settings.series.end()) return std::nullopt;
  const Contact& contact = snapshot.contact;
  const auto ledgers = ledgers_for_fill(book, snapshot);
  std::optional<std::string> best;
  std::int64_t best_lack = 0;
  for (const auto& name : series->second) {
    const MessageInfo* message = book.message(name);
    if (message == nullptr || !is_marketing(message->kind)) continue;
    const bool had = std::ranges::find(contact.fill_sent, name) != contact.fill_sent.end();
    const bool to_come =
        std::ranges::find(contact.pending, name, &Pending::message) != contact.pending.end();
    if (had || to_come) continue;
    if (message->kind == Kind::offer && contact.touches.count < settings.touches_before_offer) {
      continue;
    }
    if (!std::ranges::all_of(ledgers, [&](const Ledger* ledger) {
          return mix_allows(settings.mix, *ledger, message->kind);
        })) {
      continue;
    }
    const std::int64_t lacking = lack(settings.mix, contact.ledger, message->kind);
    if (!best || lacking > best_lack) {
      best = name;
      best_lack = lacking;
    }
  }
  return best;
}

void Machine::had_piece(const std::string& message) {
  const auto& all = book_.settings().series;
  const bool is_piece = std::ranges::any_of(all, [&](const auto& series) {
    return std::ranges::find(series.second, message) != series.second.end();
  });
  auto& had = contact().fill_sent;
  if (is_piece && std::ranges::find(had, message) == had.end()) had.push_back(message);
}

bool Machine::maintain_fill() {
  const auto& fill = book_.settings().fill;
  if (!fill) return false;
  auto& pending = contact().pending;
  const bool wanted = wants_fill(contact());
  const auto piece = std::ranges::find(pending, 0, &Pending::enrollment);
  if (piece != pending.end()) {
    // Nothing is held behind the mix any more, or the mix has come to forbid this piece: it leaves
    // no trace. One that was tried already keeps its turn, or its retry would be forgotten.
    if (!piece->targets.empty() || (wanted && !is_held_by_share(*piece))) return false;
    pending.erase(piece);
    return true;
  }
  if (!wanted) return false;
  if (contact().fill_last && now_ < add(*contact().fill_last, fill->every, zone())) return false;
  const auto name = next_fill_piece(book_, out_.next);
  if (!name) return false;
  pending.push_back({.playbook = "fill:" + fill->series,
                     .turn = static_cast<std::uint32_t>(contact().fill_sent.size()),
                     .step_id = "fill",
                     .message = *name,
                     .since = now_,
                     .hold_until = add(now_, Span{.days = 30}, zone()),
                     .reason_since = now_});
  return true;
}

}  // namespace nurtured::rules
