// The walk through all contacts that a new book or the end of a pause asks for: everybody whom it
// may concern is judged anew, a slice at a time. How far it has come is in the store, so that it
// goes on after a restart.
#pragma once

#include <optional>

#include "base/result.h"
#include "daemon/inputs.h"
#include "rules/book.h"
#include "store/store.h"

namespace nurtured::daemon {

struct Walk {
  rules::ContactId after;  // the last contact that it has passed
  bool retry = false;      // parked steps are run again too, as after a reload
  bool migrate = false;    // people under way go to the current versions of their playbooks
};

// What begins it, or keeps how far it is.
store::MetaEntry to_entry(const Walk& walk);
// What begins one.
store::MetaEntry walk_mark(bool retry, bool migrate = false);
// The one under way. `internal` when its mark is damaged.
base::Result<std::optional<Walk>> load_walk(store::Reader& reader);

// What a contact that the walk passes is to be asked anew, if anything: what is held, what is
// parked, and whether it stands under other segments and timed starts than the book's.
void add_walk_inputs(const rules::Contact& contact, const rules::Book& book, const Walk& walk,
                     std::vector<EngineInput>& inputs);

}  // namespace nurtured::daemon
