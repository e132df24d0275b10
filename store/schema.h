// The tables and how an older file gets to them. Inside store/ only.
//
// PRAGMA user_version counts the migrations a file has had. Each runs forward inside the one
// transaction that all missing ones share, after a copy of the file. A file that a newer release
// made is refused, unless that release wrote that this one may still use it (additive changes, kept
// so for one release).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sqlite.h"

namespace nurtured::store {

// SQLite's application_id of our files: "nurt".
inline constexpr std::int64_t application_id = 0x6e757274;

struct Migration {
  std::string_view sql;
};

// In order: the n-th makes user_version n. Stored files depend on them: never changed, only added
// to.
std::span<const Migration> migrations();

// The oldest user_version whose program may use files of this one's; written into them.
inline constexpr std::int64_t usable_from = 1;

// How many migrations the file has had; 0 for an empty one. `invalid` for another program's
// database and for one that is too new for a program that knows `known` of them. Changes nothing.
base::Result<std::int64_t> usable_version(sqlite::Connection& connection, std::size_t known);

// Runs what is missing. `copy_path` names the copy of an older file, "" for none (in memory).
base::Result<void> migrate(sqlite::Connection& connection, std::span<const Migration> steps,
                           const std::string& copy_path);

}  // namespace nurtured::store
