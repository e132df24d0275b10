#include "store/queries.h"

#include <algorithm>
#include <tuple>

#include "store/codec.h"
#include "store/snapshot.h"
#include "store/timeline.h"

namespace nurtured::store {
namespace {

using sqlite::Statement;

std::string log_question(const LogTable& log, const char* condition) {
  return std::string("SELECT at, contact, data, id FROM ") + log.name + " WHERE " + condition;
}

}  // namespace

rules::Address address_of_key(std::string_view key) {
  const std::size_t colon = std::min(key.find(':'), key.size());
  return {.channel = std::string(key.substr(0, colon)),
          .value = std::string(key.substr(std::min(colon + 1, key.size())))};
}

void append_address_keys(const rules::Contact& contact, std::vector<std::string>& keys) {
  for (const auto& [channel, value] : contact.addresses) {
    keys.push_back(rules::to_key({.channel = channel, .value = value}));
  }
  for (const rules::Pending& pending : contact.pending) {
    for (const rules::Target& target : pending.targets) {
      keys.push_back(rules::to_key(target.address));
    }
  }
}

Queries::Queries(sqlite::Connection& connection, NameTable& names)
    : connection_(connection),
      names_(names),
      find_(connection, "SELECT contact FROM identities WHERE kind = ? AND value = ?"),
      contact_(connection, "SELECT wake, state FROM contacts WHERE id = ?"),
      merged_(connection, "SELECT target FROM merges WHERE source = ?"),
      address_(connection, "SELECT state FROM addresses WHERE key = ?") {}

Result<std::optional<ContactId>> Queries::find(const IdentityKey& identity) {
  auto row = find_.bind(static_cast<int>(identity.kind), identity.value).step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return std::nullopt;
  const ContactId id = find_.contact(0);
  find_.reset();
  return id;
}

Result<std::optional<StoredContact>> Queries::stored_contact(ContactId id) {
  auto row = contact_.bind(id).step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return std::nullopt;
  auto contact = decode_contact(id, contact_.blob(1), &names_.names());
  std::optional<Instant> wake;
  if (!contact_.is_null(0)) wake = contact_.instant(0);
  contact_.reset();
  if (!contact) {
    contact.error().message += " (" + std::to_string(id.value) + ")";
    return base::fail(std::move(contact.error()));
  }
  return StoredContact{.contact = std::move(*contact), .wake = wake};
}

Result<ContactId> Queries::merged_into(ContactId id) {
  auto row = merged_.bind(id).step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return id;
  const ContactId target = merged_.contact(0);
  merged_.reset();
  return target;
}

Result<std::optional<rules::AddressState>> Queries::address(const std::string& key) {
  auto row = address_.bind(key).step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return std::nullopt;
  auto state = decode_address(address_of_key(key), address_.blob(0), &names_.names());
  address_.reset();
  if (state) return std::move(*state);
  // What it held may have been a refusal, so nothing is sent there until somebody has looked.
  return rules::AddressState{.address = address_of_key(key),
                             .suppression = rules::Suppression{
                                 .scope = rules::SuppressionScope::all, .reason = "damaged"}};
}

Result<std::vector<ContactId>> Queries::holders(const rules::Address& wanted) {
  auto state = address(rules::to_key(wanted));
  if (!state) return base::fail(std::move(state.error()));
  return *state ? (*state)->holders : std::vector<ContactId>{};
}

Result<std::optional<rules::Snapshot>> Queries::contact(ContactId id) {
  return in_snapshot(connection_, [&]() -> Result<std::optional<rules::Snapshot>> {
    auto now = merged_into(id);
    if (!now) return base::fail(std::move(now.error()));
    auto stored = stored_contact(*now);
    if (!stored) return base::fail(std::move(stored.error()));
    if (!*stored) return std::nullopt;
    rules::Snapshot snapshot{.contact = std::move((*stored)->contact)};
    std::vector<std::string> keys;
    append_address_keys(snapshot.contact, keys);
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const std::string& key : keys) {
      auto state = address(key);
      if (!state) return base::fail(std::move(state.error()));
      if (*state) snapshot.addresses.push_back(std::move(**state));
    }
    return snapshot;
  });
}

Result<std::vector<rules::Contact>> Queries::contacts_after(ContactId after, std::size_t limit) {
  Statement rows(connection_, "SELECT id, state FROM contacts WHERE id > ? ORDER BY id LIMIT ?");
  rows.bind(after, limit);
  std::vector<rules::Contact> contacts;
  auto done = rows.each([&]() -> Result<void> {
    auto contact = decode_contact(rows.contact(0), rows.blob(1), &names_.names());
    if (!contact) return base::fail(std::move(contact.error()));
    contacts.push_back(std::move(*contact));
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return contacts;
}

// Columns: contact, at, data.
Result<rules::Delivery> Queries::delivery_in(const Statement& row) {
  return decode_delivery(row.contact(0), row.instant(1), row.blob(2), &names_.names());
}

// ---- timeline

// Adds what a row of a log holds. Columns: at, contact, data, id.
Result<void> Queries::add_entries(int source, const Statement& row,
                                  std::vector<FoundEntry>& found) {
  const Instant at = row.instant(0);
  const std::int64_t id = row.integer(3);
  const auto add = [&](Instant when, auto what) {
    found.push_back({source, id, found.size(), {when, std::move(what)}});
  };
  switch (source) {
    case 1: {
      auto events = decode_events(at, row.blob(2), &names_.names());
      if (!events) return base::fail(std::move(events.error()));
      for (auto& event : *events) {
        const Instant received_at = event.received_at;
        add(received_at, std::move(event));
      }
      return {};
    }
    case 2: {
      auto decisions = decode_decisions(at, row.blob(2), &names_.names());
      if (!decisions) return base::fail(std::move(decisions.error()));
      for (auto& decision : *decisions) {
        const Instant decided_at = decision.at;
        add(decided_at, std::move(decision));
      }
      return {};
    }
    default: {
      auto delivery = decode_delivery(row.contact(1), at, row.blob(2), &names_.names());
      if (!delivery) return base::fail(std::move(delivery.error()));
      add(at, std::move(*delivery));
      return {};
    }
  }
}

Result<std::vector<ContactId>> Queries::with_merged(ContactId contact) {
  std::vector<ContactId> contacts = {contact};
  Statement sources(connection_, "SELECT source FROM merges WHERE target = ?");
  sources.bind(contact);
  auto done = sources.each([&]() -> Result<void> {
    contacts.push_back(sources.contact(0));
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return contacts;
}

Result<void> Queries::add_row(int source, std::int64_t id, std::vector<FoundEntry>& found) {
  const auto log = std::ranges::find(log_tables, source, &LogTable::source);
  if (log == log_tables.end()) return {};  // of a newer release
  Statement row(connection_, log_question(*log, "id = ?"));
  row.bind(id);
  return row.each([&] { return add_entries(source, row, found); });
}

Result<void> Queries::indexed_entries(ContactId contact, std::size_t limit,
                                      std::vector<FoundEntry>& found) {
  Statement places(connection_,
                   "SELECT source, row FROM timeline WHERE contact = ? "
                   "ORDER BY at DESC, source DESC, row DESC LIMIT ?");
  places.bind(contact, limit);
  const std::size_t enough = found.size() + limit;
  return places.each([&]() -> Result<void> {
    if (found.size() >= enough) return {};
    return add_row(static_cast<int>(places.integer(0)), places.integer(1), found);
  });
}

Result<void> Queries::unindexed_entries(const std::vector<ContactId>& contacts,
                                        std::vector<FoundEntry>& found) {
  for (const LogTable& log : log_tables) {
    Statement rows(
        connection_,
        log_question(log, "id > ifnull((SELECT value FROM progress WHERE name = ?), 0)"));
    rows.bind(std::string_view(log.progress));
    auto done = rows.each([&]() -> Result<void> {
      if (std::ranges::find(contacts, rows.contact(1)) == contacts.end()) return {};
      return add_entries(log.source, rows, found);
    });
    if (!done) return done;
  }
  return {};
}

Result<std::vector<TimelineEntry>> Queries::timeline(ContactId contact, std::size_t limit) {
  return in_snapshot(connection_, [&]() -> Result<std::vector<TimelineEntry>> {
    auto now = merged_into(contact);
    if (!now) return base::fail(std::move(now.error()));
    const auto contacts = with_merged(*now);
    if (!contacts) return base::fail(contacts.error());
    std::vector<FoundEntry> found;
    for (const ContactId each : *contacts) {
      if (auto done = indexed_entries(each, limit, found); !done) {
        return base::fail(std::move(done.error()));
      }
    }
    if (auto done = unindexed_entries(*contacts, found); !done) {
      return base::fail(std::move(done.error()));
    }
    std::ranges::sort(found, std::greater<>{}, [](const FoundEntry& each) {
      return std::tuple(each.entry.at, each.source, each.row, each.position);
    });
    std::vector<TimelineEntry> entries;
    for (FoundEntry& each : found) {
      if (entries.size() == limit) break;
      entries.push_back(std::move(each.entry));
    }
    return entries;
  });
}

// ---- figures and settings

Result<std::vector<rules::Notification>> Queries::notifications(std::size_t limit) {
  Statement rows(connection_, "SELECT at, data FROM notifications ORDER BY id DESC LIMIT ?");
  rows.bind(limit);
  std::vector<rules::Notification> found;
  auto done = rows.each([&]() -> Result<void> {
    auto notification = decode_notification(rows.instant(0), rows.blob(1), &names_.names());
    if (!notification) return base::fail(std::move(notification.error()));
    found.push_back(std::move(*notification));
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

Result<std::vector<Standing>> Queries::standing() {
  Statement rows(connection_,
                 "SELECT playbook, version, step, count FROM standing WHERE count <> 0 "
                 "ORDER BY playbook, version, step");
  std::vector<Standing> found;
  auto done = rows.each([&]() -> Result<void> {
    found.push_back({.playbook = std::string(rows.text(0)),
                     .version = std::string(rows.text(1)),
                     .step = static_cast<std::uint32_t>(rows.integer(2)),
                     .count = rows.integer(3)});
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

Result<std::vector<Counter>> Queries::counters() {
  Statement rows(connection_, "SELECT name, count FROM counters ORDER BY name");
  std::vector<Counter> found;
  auto done = rows.each([&]() -> Result<void> {
    found.push_back({.name = std::string(rows.text(0)), .count = rows.integer(1)});
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

Result<std::int64_t> Queries::waiting() {
  return connection_.number("SELECT count(*) FROM timers");
}

Result<std::optional<std::string>> Queries::meta(std::string_view key) {
  Statement row(connection_, "SELECT value FROM meta WHERE key = ?");
  auto found = row.bind(key).step();
  if (!found) return base::fail(std::move(found.error()));
  if (!*found) return std::nullopt;
  return std::string(row.blob(0));
}

Result<std::optional<AppliedBook>> Queries::applied_book() {
  Statement row(connection_, "SELECT at, files FROM books ORDER BY id DESC LIMIT 1");
  auto found = row.step();
  if (!found) return base::fail(std::move(found.error()));
  if (!*found) return std::nullopt;
  auto files = decode_files(row.blob(1));
  if (!files) return base::fail(std::move(files.error()));
  return AppliedBook{.at = row.instant(0), .files = std::move(*files)};
}

Result<std::vector<PlaybookSource>> Queries::playbook_sources() {
  Statement rows(connection_,
                 "SELECT playbook, version, path, source FROM playbook_sources "
                 "ORDER BY playbook, version");
  std::vector<PlaybookSource> found;
  auto done = rows.each([&]() -> Result<void> {
    found.push_back({.playbook = std::string(rows.text(0)),
                     .version = std::string(rows.text(1)),
                     .path = std::string(rows.text(2)),
                     .source = std::string(rows.blob(3))});
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

Result<std::vector<SetAside>> Queries::set_aside(std::int64_t after, std::size_t limit) {
  Statement rows(connection_,
                 "SELECT number, at, fingerprint, data FROM set_aside WHERE number > ? "
                 "ORDER BY number LIMIT ?");
  rows.bind(after, limit);
  std::vector<SetAside> found;
  auto done = rows.each([&]() -> Result<void> {
    auto decoded = decode_set_aside(rows.blob(3));
    // Its fingerprint still keeps it from being taken.
    if (!decoded) decoded = SetAside{.text = "damaged"};
    decoded->number = rows.integer(0);
    decoded->at = rows.instant(1);
    const std::string_view fingerprint = rows.blob(2);
    std::copy_n(fingerprint.begin(), std::min(fingerprint.size(), decoded->fingerprint.size()),
                decoded->fingerprint.begin());
    found.push_back(std::move(*decoded));
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

}  // namespace nurtured::store
