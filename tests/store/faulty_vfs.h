// A file layer of SQLite that does what the default one does until it is told to fail: a wrapper
// around every file, registered under a name that Options::vfs takes.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace nurtured::store::testing {

// What is to go wrong. Counted over all files of the store; 0: nothing.
struct Faults {
  int fail_write = 0;    // the n-th write from now
  int fail_sync = 0;     // the n-th sync from now
  bool lasting = false;  // and all after it
  int writes = 0;        // seen so far
  int syncs = 0;
  int failed = 0;                     // faults that happened
  std::function<void()> after_write;  // when set: called after each write

  void clear() { *this = {}; }
};

class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  const std::string& name() const { return name_; }
  Faults& faults();

 private:
  struct Layer;
  std::string name_;
  std::unique_ptr<Layer> layer_;
};

}  // namespace nurtured::store::testing
