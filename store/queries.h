// The questions of store/store.h's Reader in SQL, asked alike by the engine's connection and by
// readers of their own. Inside store/ only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/names.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace nurtured::store {

// The channel and the (folded) value that rules::to_key made one key of.
rules::Address address_of_key(std::string_view key);
// Keys of the addresses whose state a contact's decisions are made with.
void append_address_keys(const rules::Contact& contact, std::vector<std::string>& keys);

// With its place among others of the same moment: events, then decisions, then deliveries, each in
// the order in which they were written.
struct FoundEntry {
  int source = 0;
  std::int64_t row = 0;
  std::size_t position = 0;  // rises within a row
  TimelineEntry entry;
};

class Queries {
 public:
  Queries(sqlite::Connection& connection, NameTable& names);

  Result<std::optional<ContactId>> find(const IdentityKey& identity);
  Result<std::vector<ContactId>> holders(const rules::Address& address);
  Result<std::optional<rules::Snapshot>> contact(ContactId id);
  Result<std::vector<rules::Contact>> contacts_after(ContactId after, std::size_t limit);
  Result<std::vector<TimelineEntry>> timeline(ContactId contact, std::size_t limit);
  Result<EventPage> events_after(std::int64_t row, std::size_t limit);
  Result<EventPage> events_before(std::int64_t row, std::size_t limit);
  Result<std::vector<StoredDelivery>> deliveries(const DeliveryQuery& query);
  Result<std::optional<rules::Delivery>> delivery(std::string_view key);
  Result<std::vector<rules::Notification>> notifications(std::size_t limit);
  Result<std::vector<Standing>> standing();
  Result<std::vector<Counter>> counters();
  Result<std::int64_t> waiting();
  Result<std::optional<std::string>> meta(std::string_view key);
  Result<std::optional<AppliedBook>> applied_book();
  Result<std::vector<PlaybookSource>> playbook_sources();
  Result<std::vector<SetAside>> set_aside(std::int64_t after, std::size_t limit);

  // Who the contact is now; itself unless it was merged.
  Result<ContactId> merged_into(ContactId id);
  // Also the parts of the engine's load.
  Result<std::optional<rules::AddressState>> address(const std::string& key);
  // nullopt: there is no such row. An `invalid` error: it is damaged.
  Result<std::optional<StoredContact>> stored_contact(ContactId id);

 private:
  Result<std::vector<ContactId>> with_merged(ContactId contact);
  Result<void> indexed_entries(ContactId contact, std::size_t limit,
                               std::vector<FoundEntry>& found);
  Result<void> unindexed_entries(const std::vector<ContactId>& contacts,
                                 std::vector<FoundEntry>& found);
  Result<rules::Delivery> delivery_in(const sqlite::Statement& row);
  Result<void> add_entries(int source, const sqlite::Statement& row,
                           std::vector<FoundEntry>& found);
  Result<void> add_row(int source, std::int64_t id, std::vector<FoundEntry>& found);
  Result<void> open_deliveries(const DeliveryQuery& query, std::vector<StoredDelivery>& found);
  Result<std::map<std::string, std::int64_t>> newest_of_tail();
  Result<bool> is_superseded(const std::string& key, std::int64_t row);
  Result<void> ended_deliveries(const DeliveryQuery& query, std::vector<StoredDelivery>& found);
  Result<std::optional<rules::Delivery>> ended_delivery(std::string_view key);

  sqlite::Connection& connection_;
  NameTable& names_;
  sqlite::Statement find_;
  sqlite::Statement contact_;
  sqlite::Statement merged_;
  sqlite::Statement address_;
};

// Store and Reader answer their questions through Queries; only what stands around a question
// differs.
template <class Interface>
class Answering : public Interface {
 public:
  Result<std::optional<ContactId>> find(const IdentityKey& identity) override {
    return ask().find(identity);
  }
  Result<std::vector<ContactId>> holders(const rules::Address& address) override {
    return ask().holders(address);
  }
  Result<std::optional<rules::Snapshot>> contact(ContactId id) override {
    return ask().contact(id);
  }
  Result<std::vector<rules::Contact>> contacts_after(ContactId after, std::size_t limit) override {
    return ask().contacts_after(after, limit);
  }
  Result<std::vector<TimelineEntry>> timeline(ContactId contact, std::size_t limit) override {
    return ask().timeline(contact, limit);
  }
  Result<EventPage> events_after(std::int64_t row, std::size_t limit) override {
    return ask().events_after(row, limit);
  }
  Result<EventPage> events_before(std::int64_t row, std::size_t limit) override {
    return ask().events_before(row, limit);
  }
  Result<std::vector<StoredDelivery>> deliveries(const DeliveryQuery& query) override {
    return ask().deliveries(query);
  }
  Result<std::optional<rules::Delivery>> delivery(std::string_view key) override {
    return ask().delivery(key);
  }
  Result<std::vector<rules::Notification>> notifications(std::size_t limit) override {
    return ask().notifications(limit);
  }
  Result<std::vector<Standing>> standing() override { return ask().standing(); }
  Result<std::vector<Counter>> counters() override { return ask().counters(); }
  Result<std::int64_t> waiting() override { return ask().waiting(); }
  Result<std::optional<std::string>> meta(std::string_view key) override { return ask().meta(key); }
  Result<std::optional<AppliedBook>> applied_book() override { return ask().applied_book(); }
  Result<std::vector<PlaybookSource>> playbook_sources() override {
    return ask().playbook_sources();
  }
  Result<std::vector<SetAside>> set_aside(std::int64_t after, std::size_t limit) override {
    return ask().set_aside(after, limit);
  }

 protected:
  // Called once at the start of each question.
  virtual Queries& ask() = 0;
};

}  // namespace nurtured::store
