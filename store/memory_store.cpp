#include "store/memory_store.h"

#include <algorithm>
#include <utility>

#include "store/queries.h"

namespace nurtured::store {
namespace {

template <class T>
void sort_unique(std::vector<T>& items) {
  std::ranges::sort(items);
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

}  // namespace

// ---- load

Result<Loaded> MemoryStore::load(const LoadRequest& request) {
  Loaded loaded;
  std::vector<ContactId> ids = request.contacts;
  for (const IdentityKey& key : request.identities) {
    const auto found = identities_.find(key);
    auto& id = loaded.identities.emplace_back();
    if (found == identities_.end()) continue;
    id = found->second;
    ids.push_back(*id);
  }
  std::set<DedupKey> asked;
  for (const DedupKey& message : request.message_ids) {
    loaded.known.push_back(is_known(message) || !asked.insert(message).second);
  }
  sort_unique(ids);
  for (ContactId& id : ids) {
    const auto merged = merged_.find(id.value);
    if (merged == merged_.end()) continue;
    loaded.merged.push_back({.from = id, .into = merged->second});
    id = merged->second;
  }
  sort_unique(ids);
  for (const ContactId id : ids) {
    const auto found = contacts_.find(id.value);
    if (found != contacts_.end()) loaded.contacts.push_back(found->second);
  }
  std::vector<std::string> keys;
  for (const StoredContact& stored : loaded.contacts) append_address_keys(stored.contact, keys);
  for (const rules::Address& address : request.addresses) keys.push_back(rules::to_key(address));
  sort_unique(keys);
  for (const std::string& key : keys) {
    const auto found = addresses_.find(key);
    if (found != addresses_.end()) loaded.addresses.push_back(found->second);
  }
  return loaded;
}

bool MemoryStore::is_known(const DedupKey& message) const {
  return std::ranges::any_of(message_ids_,
                             [&](const auto& day) { return day.second.contains(message); });
}

// ---- commit

Result<void> MemoryStore::commit_last(Batch&& batch) {
  write_timers(batch);
  for (ContactWrite& write : batch.contacts) {
    const std::int64_t id = write.contact.id.value;
    contacts_.insert_or_assign(
        id, StoredContact{.contact = std::move(write.contact), .wake = write.wake});
  }
  for (const auto& [merge, wake] : batch.merges) write_merge(merge);
  for (const Identity& identity : batch.identities) identities_[identity.key] = identity.contact;
  for (rules::AddressState& state : batch.addresses) {
    std::string key = rules::to_key(state.address);
    addresses_.insert_or_assign(std::move(key), std::move(state));
  }
  for (rules::Delivery& delivery : batch.deliveries) {
    if (delivery.change == rules::DeliveryChange::returned) {
      deliveries_.erase(delivery.key);
    } else {
      std::string key = delivery.key;
      deliveries_.insert_or_assign(std::move(key), std::move(delivery));
    }
  }
  if (!batch.message_ids.empty()) {
    auto& today = message_ids_[std::chrono::floor<std::chrono::days>(batch.now)];
    today.insert(batch.message_ids.begin(), batch.message_ids.end());
  }
  return {};
}

void MemoryStore::write_timers(const Batch& batch) {
  for (const Due& timer : batch.timers_removed) timers_.erase(timer);
  for (const ContactWrite& write : batch.contacts) {
    if (write.wake == write.wake_before) continue;
    if (write.wake_before) timers_.erase({*write.wake_before, write.contact.id});
    if (write.wake) timers_.insert({*write.wake, write.contact.id});
  }
  for (const auto& [merge, wake] : batch.merges) {
    if (wake) timers_.erase({*wake, merge.from});
  }
}

// Those merged into the one that goes now follow it.
void MemoryStore::write_merge(const Merge& merge) {
  contacts_.erase(merge.from.value);
  for (auto& [from, into] : merged_) {
    if (into == merge.from) into = merge.into;
  }
  merged_[merge.from.value] = merge.into;
}

// ---- timers and deliveries

Result<std::vector<Due>> MemoryStore::due(Instant until, std::size_t max) {
  std::vector<Due> found;
  for (const Due& timer : timers_) {
    if (timer.due > until || found.size() == max) break;
    found.push_back(timer);
  }
  return found;
}

Result<std::optional<Instant>> MemoryStore::next_due() {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->due;
}

Result<std::optional<rules::Delivery>> MemoryStore::delivery(std::string_view key) {
  const auto found = deliveries_.find(std::string(key));
  if (found == deliveries_.end()) return std::nullopt;
  return found->second;
}

// ---- maintain

Result<bool> MemoryStore::maintain(Instant now, const MaintainLimits& /*limits*/) {
  const auto oldest = std::chrono::floor<std::chrono::days>(now) - dedup_days_;
  message_ids_.erase(message_ids_.begin(), message_ids_.lower_bound(oldest));
  return false;
}

}  // namespace nurtured::store
