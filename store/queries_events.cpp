// The log of events from its beginning to its end, for whoever plays it again, and back from its
// end (store/queries.h).
#include "store/codec.h"
#include "store/queries.h"

namespace nurtured::store {
namespace {

// `condition` says which rows, in which order.
std::string selection(std::string_view condition) {
  return "SELECT at, ifnull((SELECT target FROM merges WHERE source = contact), contact), data, id "
         "FROM events WHERE " +
         std::string(condition) + " LIMIT ?";
}

Result<EventPage> read_page(sqlite::Statement& rows, Names& names, std::int64_t row,
                            std::size_t limit) {
  EventPage page{.events = {}, .last_row = row};
  rows.bind(row, limit);
  auto done = rows.each([&]() -> Result<void> {
    auto events = decode_events(rows.instant(0), rows.blob(2), &names);
    if (!events) return base::fail(std::move(events.error()));
    for (auto& event : *events) page.events.push_back({rows.contact(1), std::move(event)});
    page.last_row = rows.integer(3);
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return page;
}

}  // namespace

Result<EventPage> Queries::events_after(std::int64_t row, std::size_t limit) {
  sqlite::Statement rows(connection_, selection("id > ? ORDER BY id"));
  return read_page(rows, names_.names(), row, limit);
}

Result<EventPage> Queries::events_before(std::int64_t row, std::size_t limit) {
  sqlite::Statement rows(connection_, selection("id < ? ORDER BY id DESC"));
  return read_page(rows, names_.names(), row, limit);
}

}  // namespace nurtured::store
