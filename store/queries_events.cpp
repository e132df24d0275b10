// The log of events from its beginning to its end, for whoever plays it again (store/queries.h).
#include "store/codec.h"
#include "store/queries.h"

namespace nurtured::store {

Result<EventPage> Queries::events_after(std::int64_t row, std::size_t limit) {
  EventPage page{.events = {}, .last_row = row};
  sqlite::Statement rows(
      connection_,
      "SELECT at, ifnull((SELECT target FROM merges WHERE source = contact), contact), data, id "
      "FROM events WHERE id > ? ORDER BY id LIMIT ?");
  rows.bind(row, limit);
  auto done = rows.each([&]() -> Result<void> {
    auto events = decode_events(rows.instant(0), rows.blob(2), &names_.names());
    if (!events) return base::fail(std::move(events.error()));
    for (auto& event : *events) page.events.push_back({rows.contact(1), std::move(event)});
    page.last_row = rows.integer(3);
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return page;
}

}  // namespace nurtured::store
