// What the engine has written, in memory and as the values that it gave: no encoding, no SQL, no
// disk. For a simulation, which writes the history of thousands of contacts and reads none of it:
// logs, counters and the journal are dropped. Beyond that it answers as SQLite does, and like it
// forgets message ids by whole days, in maintain.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/store.h"

namespace nurtured::store {

class MemoryStore final : public EngineStore {
 public:
  // `dedup`: how long message ids are remembered (Options::dedup).
  explicit MemoryStore(base::Milliseconds dedup = Options{}.dedup)
      : dedup_days_(std::chrono::ceil<std::chrono::days>(dedup)) {}

  Result<Loaded> load(const LoadRequest& request) override;
  Result<void> commit(const Batch& batch) override { return commit_last(Batch(batch)); }
  Result<void> commit_last(Batch&& batch) override;
  ContactId allocate() override { return {++last_contact_}; }
  Result<std::vector<Due>> due(Instant until, std::size_t max) override;
  Result<std::optional<Instant>> next_due() override;
  Result<std::optional<rules::Delivery>> delivery(std::string_view key) override;
  Result<bool> maintain(Instant now, const MaintainLimits& limits = {}) override;

 private:
  void write_timers(const Batch& batch);
  void write_merge(const Merge& merge);

  std::int64_t last_contact_ = 0;
  std::unordered_map<std::int64_t, StoredContact> contacts_;
  std::unordered_map<std::int64_t, ContactId> merged_;  // never a chain
  std::map<IdentityKey, ContactId> identities_;
  std::unordered_map<std::string, rules::AddressState> addresses_;  // by rules::to_key
  std::unordered_map<std::string, rules::Delivery> deliveries_;     // by their key
  std::set<Due> timers_;
  bool is_known(const DedupKey& message) const;

  std::chrono::days dedup_days_;
  std::map<std::chrono::sys_days, std::set<DedupKey>> message_ids_;  // by the day of their commit
};

}  // namespace nurtured::store
