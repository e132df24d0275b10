// A folder of its own for one test, gone with it. In memory where the system has such a place: the
// tests open and sync many hundred stores, and what a disk does to a sync is injected, not waited
// for.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "store/store.h"
#include "tests/catch.h"

namespace nurtured::store::testing {

class Scratch {
 public:
  Scratch() {
    std::string pattern = "/dev/shm/store-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      pattern = (std::filesystem::temp_directory_path() / "store-test-XXXXXX").string();
      REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    }
    folder_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;  // a leftover in the temporary folder fails no test
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path(const std::string& name = "nurtured.db") const { return folder_ + "/" + name; }
  std::string location(const std::string& name = "nurtured.db") const {
    return "sqlite:" + path(name);
  }

 private:
  std::string folder_;
};

inline std::unique_ptr<Store> opened(const std::string& location, const Options& options = {}) {
  auto store = open(location, options);
  if (!store) FAIL(base::to_string(store.error()));
  return std::move(*store);
}

// The value, or a failed test that tells the error.
template <class T>
T need(base::Result<T> result) {
  if (!result) FAIL(base::to_string(result.error()));
  return std::move(*result);
}
inline void need(base::Result<void> result) {
  if (!result) FAIL(base::to_string(result.error()));
}

inline void maintain_all(Store& store, Instant now, const MaintainLimits& limits = {}) {
  for (int i = 0; need(store.maintain(now, limits)); ++i) REQUIRE(i < 100'000);
}

}  // namespace nurtured::store::testing
