#include "store/batch_writer.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include <boost/pfr/core.hpp>

#include "store/codec.h"

namespace nurtured::store {
namespace {

using base::Result;
using sqlite::Blob;
using sqlite::Statement;

// A row of a log takes items of one contact up to about this size.
constexpr std::size_t log_row_bytes = 64U << 10;
// Applied books that are kept.
constexpr std::int64_t books_kept = 20;

// Pointers to the items in ascending order of `key`; stable.
template <class T, class Key>
std::vector<const T*> sorted_by(const std::vector<T>& items, const Key& key) {
  std::vector<const T*> order;
  order.reserve(items.size());
  for (const T& item : items) order.push_back(&item);
  std::ranges::stable_sort(order, {}, [&key](const T* item) { return key(*item); });
  return order;
}

Result<std::int64_t> number_after(sqlite::Connection& connection, const char* table,
                                  const char* progress) {
  // Rows at the end may be gone; their numbers live on in what was indexed.
  auto last = connection.number(std::string("SELECT max(ifnull((SELECT max(id) FROM ") + table +
                                "), 0), ifnull((SELECT value FROM progress WHERE name = '" +
                                progress + "'), 0))");
  if (!last) return last;
  return *last + 1;
}

}  // namespace

bool is_empty(const Batch& batch) {
  bool empty = true;
  boost::pfr::for_each_field(batch, [&]<class T>(const T& field) {
    if constexpr (requires { field.empty(); }) {
      empty = empty && field.empty();
    } else if constexpr (requires { field.has_value(); }) {
      empty = empty && !field.has_value();
    } else {
      static_assert(std::is_same_v<T, Instant>, "`now` alone is nothing that a commit writes");
    }
  });
  return empty;
}

BatchWriter::BatchWriter(sqlite::Connection& connection, NameTable& names)
    : connection_(connection),
      names_(names),
      put_contact_(connection, "INSERT OR REPLACE INTO contacts VALUES(?, ?, ?)"),
      delete_contact_(connection, "DELETE FROM contacts WHERE id = ?"),
      insert_timer_(connection, "INSERT OR IGNORE INTO timers VALUES(?, ?)"),
      delete_timer_(connection, "DELETE FROM timers WHERE due = ? AND contact = ?"),
      put_identity_(connection, "INSERT OR REPLACE INTO identities VALUES(?, ?, ?)"),
      put_address_(connection, "INSERT OR REPLACE INTO addresses VALUES(?, ?)"),
      put_open_(connection, "INSERT OR REPLACE INTO outbox VALUES(?, ?, ?, ?, ?)"),
      delete_open_(connection, "DELETE FROM outbox WHERE key = ?"),
      insert_ended_(connection, "INSERT INTO deliveries VALUES(?, ?, ?, ?, ?)"),
      insert_notification_(connection, "INSERT INTO notifications VALUES(?, ?, ?)"),
      add_standing_(connection,
                    "INSERT INTO standing VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "count = count + excluded.count"),
      add_counter_(connection,
                   "INSERT INTO counters VALUES(?, ?) ON CONFLICT DO UPDATE SET "
                   "count = count + excluded.count"),
      put_meta_(connection, "INSERT OR REPLACE INTO meta VALUES(?, ?)"),
      delete_meta_(connection, "DELETE FROM meta WHERE key = ?"),
      put_progress_(connection, "INSERT OR REPLACE INTO progress VALUES(?, ?)"),
      events_{.insert = {connection, "INSERT INTO events VALUES(?, ?, ?, ?)"}},
      decisions_{.insert = {connection, "INSERT INTO decisions VALUES(?, ?, ?, ?)"}} {}

Result<void> BatchWriter::open() {
  struct Numbered {
    const char* table;
    const char* progress;
    std::int64_t* next;
  };
  const std::array<Numbered, 4> numbered = {
      Numbered{"events", "indexed.events", &events_.next},
      Numbered{"decisions", "indexed.decisions", &decisions_.next},
      Numbered{"deliveries", "indexed.deliveries", &next_delivery_},
      Numbered{"notifications", "", &next_notification_},
  };
  for (const auto& [table, progress, next] : numbered) {
    auto number = number_after(connection_, table, progress);
    if (!number) return base::fail(std::move(number.error()));
    *next = *number;
  }
  auto contact = number_after(connection_, "contacts", "contacts");
  if (!contact) return base::fail(std::move(contact.error()));
  next_contact_ = stored_next_contact_ = *contact;
  return {};
}

Result<void> BatchWriter::write(const Batch& batch) {
  using Part = Result<void> (BatchWriter::*)(const Batch&);
  for (const Part part :
       {&BatchWriter::write_contacts, &BatchWriter::write_merges, &BatchWriter::write_timers,
        &BatchWriter::write_identities, &BatchWriter::write_addresses,
        &BatchWriter::write_deliveries, &BatchWriter::write_notifications,
        &BatchWriter::write_counts, &BatchWriter::write_book, &BatchWriter::write_set_aside}) {
    if (auto done = (this->*part)(batch); !done) return done;
  }
  auto done = write_log(events_, batch.events, &EventRecord::event, &rules::Event::received_at);
  if (done) {
    done = write_log(decisions_, batch.decisions, &DecisionRecord::decision, &rules::Decision::at);
  }
  if (done) done = names_.save();
  if (done) done = write_numbering();
  return done;
}

Result<void> BatchWriter::write_contacts(const Batch& batch) {
  const auto id = [](const ContactWrite& write) { return write.contact.id; };
  for (const ContactWrite* write : sorted_by(batch.contacts, id)) {
    buffer_.clear();
    auto done = encode(write->contact, buffer_, &names_.names());
    if (done && buffer_.size() > contact_bytes_max) {
      done = base::fail(base::ErrorKind::too_large, "too many attributes and too much history");
    }
    if (!done) {
      done.error().message = "contact " + std::to_string(write->contact.id.value) +
                             " cannot be kept: " + done.error().message;
      return done;
    }
    done = put_contact_.bind(write->contact.id, write->wake, Blob{buffer_}).run();
    if (!done) return done;
  }
  return {};
}

Result<void> BatchWriter::write_timers(const Batch& batch) {
  std::vector<Due> gone = batch.timers_removed;
  std::vector<Due> set;
  for (const ContactWrite& write : batch.contacts) {
    if (write.wake == write.wake_before) continue;
    if (write.wake_before) gone.push_back({*write.wake_before, write.contact.id});
    if (write.wake) set.push_back({*write.wake, write.contact.id});
  }
  for (const auto& [merge, wake] : batch.merges) {
    if (wake) gone.push_back({*wake, merge.from});
  }
  std::ranges::sort(gone);
  std::ranges::sort(set);
  for (const Due& timer : gone) {
    if (auto done = delete_timer_.bind(timer.due, timer.contact).run(); !done) return done;
  }
  for (const Due& timer : set) {
    if (auto done = insert_timer_.bind(timer.due, timer.contact).run(); !done) return done;
  }
  return {};
}

Result<void> BatchWriter::write_merges(const Batch& batch) {
  if (batch.merges.empty()) return {};
  Statement put(connection_, "INSERT OR REPLACE INTO merges VALUES(?, ?)");
  // Those merged into the one that goes now follow it, so that no chain is ever walked.
  Statement follow(connection_, "UPDATE merges SET target = ? WHERE target = ?");
  for (const auto& [merge, wake] : batch.merges) {
    auto done = delete_contact_.bind(merge.from).run();
    if (done) done = follow.bind(merge.into, merge.from).run();
    if (done) done = put.bind(merge.from, merge.into).run();
    if (!done) return done;
  }
  return {};
}

Result<void> BatchWriter::write_identities(const Batch& batch) {
  const auto key = [](const Identity& identity) {
    return std::tuple(identity.key.kind, std::string_view(identity.key.value));
  };
  for (const Identity* identity : sorted_by(batch.identities, key)) {
    auto done =
        put_identity_
            .bind(static_cast<int>(identity->key.kind), identity->key.value, identity->contact)
            .run();
    if (!done) return done;
  }
  return {};
}

Result<void> BatchWriter::write_addresses(const Batch& batch) {
  std::vector<std::pair<std::string, const rules::AddressState*>> order;
  order.reserve(batch.addresses.size());
  for (const auto& state : batch.addresses) {
    order.emplace_back(rules::to_key(state.address), &state);
  }
  std::ranges::sort(order);
  for (const auto& [key, state] : order) {
    buffer_.clear();
    auto done = encode(*state, buffer_, &names_.names());
    if (done) done = put_address_.bind(key, Blob{buffer_}).run();
    if (!done) return done;
  }
  return {};
}

template <class Record, class Item>
Result<void> BatchWriter::write_log(Log& log, const std::vector<Record>& records,
                                    Item Record::* item, Instant Item::* at) {
  const auto contact = [](const Record& record) { return record.contact; };
  const std::vector<const Record*> order = sorted_by(records, contact);
  for (std::size_t i = 0; i < order.size();) {
    // All rows of one contact and batch bear the moment of the last item.
    std::size_t end = i + 1;
    while (end < order.size() && order[end]->contact == order[i]->contact) ++end;
    const Instant row_at = order[end - 1]->*item.*at;
    while (i < end) {
      buffer_.clear();
      const ContactId owner = order[i]->contact;
      for (; i < end && buffer_.size() < log_row_bytes; ++i) {
        if (auto done = append(order[i]->*item, row_at, buffer_, &names_.names()); !done)
          return done;
      }
      auto done = log.insert.bind(log.next, row_at, owner, Blob{buffer_}).run();
      if (!done) return done;
      ++log.next;
    }
  }
  return {};
}

Result<void> BatchWriter::write_deliveries(const Batch& batch) {
  // Of several changes to one delivery the last counts.
  std::unordered_map<std::string_view, const rules::Delivery*> last;
  for (const auto& delivery : batch.deliveries) last[delivery.key] = &delivery;
  std::vector<const rules::Delivery*> order;
  order.reserve(last.size());
  for (const auto& delivery : batch.deliveries) {
    if (last[delivery.key] == &delivery) order.push_back(&delivery);
  }
  std::ranges::sort(order, {}, &rules::Delivery::key);
  for (const rules::Delivery* delivery : order) {
    if (auto done = write_delivery(*delivery); !done) return done;
  }
  return {};
}

Result<void> BatchWriter::write_delivery(const rules::Delivery& delivery) {
  buffer_.clear();
  if (auto done = encode(delivery, buffer_, &names_.names()); !done) return done;
  switch (delivery.change) {
    case rules::DeliveryChange::ready:
    case rules::DeliveryChange::committing:
    case rules::DeliveryChange::uncertain:
      return put_open_
          .bind(delivery.key, delivery.at, delivery.contact, stored_number(delivery.change),
                Blob{buffer_})
          .run();
    case rules::DeliveryChange::returned:
      return delete_open_.bind(delivery.key).run();
    case rules::DeliveryChange::departed:
    case rules::DeliveryChange::refused:
      break;
  }
  if (auto done = delete_open_.bind(delivery.key).run(); !done) return done;
  auto done = insert_ended_
                  .bind(next_delivery_, delivery.at, delivery.contact,
                        stored_number(delivery.change), Blob{buffer_})
                  .run();
  if (done) ++next_delivery_;
  return done;
}

Result<void> BatchWriter::write_notifications(const Batch& batch) {
  for (const rules::Notification& notification : batch.notifications) {
    buffer_.clear();
    auto done = encode(notification, buffer_, &names_.names());
    if (done) {
      done = insert_notification_.bind(next_notification_, notification.at, Blob{buffer_}).run();
    }
    if (!done) return done;
    ++next_notification_;
  }
  return {};
}

Result<void> BatchWriter::write_counts(const Batch& batch) {
  using Step = std::tuple<std::string_view, std::string_view, std::uint32_t>;
  std::map<Step, std::int64_t> steps;
  for (const Standing& change : batch.standing) {
    steps[{change.playbook, change.version, change.step}] += change.count;
  }
  for (const auto& [step, count] : steps) {
    const auto& [playbook, version, number] = step;
    if (count == 0) continue;
    if (auto done = add_standing_.bind(playbook, version, number, count).run(); !done) return done;
  }
  std::map<std::string_view, std::int64_t> counters;
  for (const Counter& change : batch.counters) counters[change.name] += change.count;
  for (const auto& [name, count] : counters) {
    if (auto done = add_counter_.bind(name, count).run(); !done) return done;
  }
  for (const MetaEntry& entry : batch.meta) {
    auto done = entry.value.empty() ? delete_meta_.bind(entry.key).run()
                                    : put_meta_.bind(entry.key, Blob{entry.value}).run();
    if (!done) return done;
  }
  return {};
}

Result<void> BatchWriter::write_book(const Batch& batch) {
  Statement put_source(connection_, "INSERT OR IGNORE INTO playbook_sources VALUES(?, ?, ?, ?)");
  for (const PlaybookSource& source : batch.sources) {
    auto done =
        put_source.bind(source.playbook, source.version, source.path, Blob{source.source}).run();
    if (!done) return done;
  }
  if (!batch.book) return {};
  buffer_.clear();
  auto done = encode(batch.book->files, buffer_);
  Statement put_book(connection_, "INSERT INTO books(at, files) VALUES(?, ?)");
  if (done) done = put_book.bind(batch.book->at, Blob{buffer_}).run();
  Statement forget(connection_, "DELETE FROM books WHERE id <= (SELECT max(id) FROM books) - ?");
  if (done) done = forget.bind(books_kept).run();
  return done;
}

Result<void> BatchWriter::write_set_aside(const Batch& batch) {
  for (const SetAside& input : batch.set_aside) {
    buffer_.clear();
    auto done = encode(input, buffer_);
    Statement put(connection_,
                  "INSERT OR IGNORE INTO set_aside(at, fingerprint, data) VALUES(?, ?, ?)");
    const std::string fingerprint(input.fingerprint.begin(), input.fingerprint.end());
    if (done) done = put.bind(input.at, Blob{fingerprint}, Blob{buffer_}).run();
    if (!done) return done;
  }
  for (const std::int64_t number : batch.set_aside_done) {
    Statement forget(connection_, "DELETE FROM set_aside WHERE number = ?");
    if (auto done = forget.bind(number).run(); !done) return done;
  }
  return {};
}

Result<void> BatchWriter::write_numbering() {
  if (next_contact_ == stored_next_contact_) return {};
  // As everywhere in progress: the last number given out.
  auto done = put_progress_.bind(std::string_view("contacts"), next_contact_ - 1).run();
  if (done) stored_next_contact_ = next_contact_;
  return done;
}

}  // namespace nurtured::store
