// One read transaction around several questions. Inside store/ only.
#pragma once

#include <utility>

#include "store/sqlite.h"

namespace nurtured::store {

// Runs `read` inside one read transaction, so that all of it sees one commit.
template <class Read>
auto in_snapshot(sqlite::Connection& connection, const Read& read) -> decltype(read()) {
  auto transaction = sqlite::Transaction::begin(connection, sqlite::Transaction::Kind::read);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto answer = read();
  if (!answer) return answer;
  if (auto done = transaction->commit(); !done) return base::fail(std::move(done.error()));
  return answer;
}

}  // namespace nurtured::store
