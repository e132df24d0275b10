// A store for tests that hold for every kind of it.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"
#include "tests/catch.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

namespace nurtured::store::testing {

// Runs a test on a file and in memory.
struct Both {
  Scratch scratch;
  std::string location = GENERATE(true, false) ? scratch.location() : "sqlite::memory:";
  std::unique_ptr<Store> store = opened(location);
};

}  // namespace nurtured::store::testing
