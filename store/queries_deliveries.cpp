// Deliveries: those under way, and those that have ended (store/queries.h).
#include "store/codec.h"
#include "store/queries.h"
#include "store/snapshot.h"
#include "store/timeline.h"

namespace nurtured::store {
namespace {

using sqlite::Statement;

constexpr bool is_open(rules::DeliveryChange change) {
  return change == rules::DeliveryChange::ready || change == rules::DeliveryChange::committing ||
         change == rules::DeliveryChange::uncertain;
}

}  // namespace

DeliveryPlace after(DeliveryPlace place, const StoredDelivery& delivery) {
  if (delivery.row != 0) {
    place.ended_row = delivery.row;
  } else {
    place.open_at = delivery.at;
    place.open_key = delivery.key;
  }
  return place;
}

Result<void> Queries::open_deliveries(const DeliveryQuery& query,
                                      std::vector<StoredDelivery>& found) {
  Statement rows(connection_,
                 "SELECT contact, at, data FROM outbox WHERE (?1 < 0 OR change = ?1) "
                 "AND (at, key) < (?2, ?3) ORDER BY at DESC, key DESC LIMIT ?4");
  rows.bind(query.state ? stored_number(*query.state) : -1, query.after.open_at,
            query.after.open_key, query.limit);
  return rows.each([&]() -> Result<void> {
    auto delivery = delivery_in(rows);
    if (!delivery) return base::fail(std::move(delivery.error()));
    found.push_back({std::move(*delivery)});
    return {};
  });
}

// The newest row of each key among those that the index of keys does not have yet.
Result<std::map<std::string, std::int64_t>> Queries::newest_of_tail() {
  Statement rows(connection_,
                 "SELECT contact, at, data, id FROM deliveries WHERE id > ifnull((SELECT value "
                 "FROM progress WHERE name = 'indexed.deliveries'), 0) ORDER BY id");
  std::map<std::string, std::int64_t> newest;
  auto done = rows.each([&]() -> Result<void> {
    // A damaged row is told of where it is asked for.
    if (auto delivery = delivery_in(rows)) newest[std::move(delivery->key)] = rows.integer(3);
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return newest;
}

// True when something happened to the delivery after that row was written: a bounce, another try.
Result<bool> Queries::is_superseded(const std::string& key, std::int64_t row) {
  Statement open(connection_, "SELECT 1 FROM outbox WHERE key = ?");
  auto is_open = open.bind(key).step();
  if (!is_open || *is_open) return is_open;
  Statement rows(connection_,
                 "SELECT contact, at, data FROM deliveries WHERE id IN (SELECT row FROM "
                 "delivery_keys WHERE hash = ?1 AND row > ?2)");
  rows.bind(delivery_hash(key), row);
  bool found = false;
  auto done = rows.each([&]() -> Result<void> {
    auto delivery = delivery_in(rows);
    if (!delivery) return base::fail(std::move(delivery.error()));
    found = found || delivery->key == key;
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

// Each delivery once, as it stands: its newest row.
Result<void> Queries::ended_deliveries(const DeliveryQuery& query,
                                       std::vector<StoredDelivery>& found) {
  const auto tail = newest_of_tail();
  if (!tail) return base::fail(tail.error());
  Statement rows(connection_,
                 "SELECT contact, at, data, id FROM deliveries WHERE (?1 < 0 OR change = ?1) "
                 "AND id < ?2 ORDER BY id DESC");
  rows.bind(query.state ? stored_number(*query.state) : -1, query.after.ended_row);
  while (found.size() < query.limit) {
    const auto more = rows.step();
    if (!more) return base::fail(more.error());
    if (!*more) break;
    auto delivery = delivery_in(rows);
    if (!delivery) return base::fail(std::move(delivery.error()));
    const std::int64_t row = rows.integer(3);
    const auto newest = tail->find(delivery->key);
    if (newest != tail->end() && newest->second > row) continue;
    const auto superseded = is_superseded(delivery->key, row);
    if (!superseded) return base::fail(superseded.error());
    if (!*superseded) found.push_back({std::move(*delivery), row});
  }
  return {};
}

// Each list stays in its own order, so that every prefix of the whole is a prefix of both and a
// next page leaves nothing out.
Result<std::vector<StoredDelivery>> Queries::deliveries(const DeliveryQuery& query) {
  return in_snapshot(connection_, [&]() -> Result<std::vector<StoredDelivery>> {
    std::vector<StoredDelivery> open;
    std::vector<StoredDelivery> ended;
    if (!query.state || is_open(*query.state)) {
      auto done = open_deliveries(query, open);
      if (!done) return base::fail(std::move(done.error()));
    }
    if (!query.state || !is_open(*query.state)) {
      auto done = ended_deliveries(query, ended);
      if (!done) return base::fail(std::move(done.error()));
    }
    std::vector<StoredDelivery> found;
    for (auto next_open = open.begin(), next_ended = ended.begin();
         found.size() < query.limit && (next_open != open.end() || next_ended != ended.end());) {
      const bool takes_open =
          next_ended == ended.end() || (next_open != open.end() && next_open->at >= next_ended->at);
      found.push_back(std::move(takes_open ? *next_open++ : *next_ended++));
    }
    return found;
  });
}

Result<std::optional<rules::Delivery>> Queries::ended_delivery(std::string_view key) {
  Statement rows(connection_,
                 "SELECT contact, at, data FROM deliveries WHERE id IN (SELECT row FROM "
                 "delivery_keys WHERE hash = ?) OR id > ifnull((SELECT value FROM progress WHERE "
                 "name = 'indexed.deliveries'), 0) ORDER BY id DESC");
  rows.bind(delivery_hash(key));
  std::optional<rules::Delivery> found;
  auto done = rows.each([&]() -> Result<void> {
    auto delivery = delivery_in(rows);
    if (!delivery) return base::fail(std::move(delivery.error()));
    if (!found && delivery->key == key) found = std::move(*delivery);
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

Result<std::optional<rules::Delivery>> Queries::delivery(std::string_view key) {
  return in_snapshot(connection_, [&]() -> Result<std::optional<rules::Delivery>> {
    Statement row(connection_, "SELECT contact, at, data FROM outbox WHERE key = ?");
    auto found = row.bind(key).step();
    if (!found) return base::fail(std::move(found.error()));
    if (!*found) return ended_delivery(key);
    auto delivery = delivery_in(row);
    if (!delivery) return base::fail(std::move(delivery.error()));
    return std::move(*delivery);
  });
}

}  // namespace nurtured::store
