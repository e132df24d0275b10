// A workspace in a temporary folder with what the operators' tests need around it: a clock that
// stands still, a keeper, a store, an engine, and the operations on them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/instant.h"
#include "daemon/book_keeper.h"
#include "daemon/offline.h"
#include "daemon/operations.h"
#include "store/store.h"

namespace nurtured::tests {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const;
  void remove(const std::string& name) const;

 private:
  std::string path_;
};

// After `hello`, m1 at once, a wait of 2d, then m2; UTC, no caps that matter, consent assumed.
void write_small_workspace(const TemporaryFolder& folder);
inline constexpr const char* small_playbook =
    "start: {when: hello}\nsteps:\n  - send: m1\n  - wait: 2d\n  - send: m2\n";

// What a running daemon has, without threads: the store under its lock, an engine, the operations,
// and a dispatcher whose sends all succeed.
class OperatorWorld {
 public:
  OperatorWorld();

  TemporaryFolder folder;
  base::VirtualClock clock;
  std::unique_ptr<daemon::BookKeeper> keeper;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<daemon::Engine> engine;
  std::unique_ptr<daemon::DirectInbox> inbox;
  std::unique_ptr<daemon::Operations> operations;

  // Reads the files, applies them, and makes an engine of what runs then.
  void start();
  // Lets go of the store, as a daemon that ended.
  void stop();
  std::string location() const { return "sqlite:" + (folder / "nurtured.db"); }

  // An event of that user, now.
  void event(const std::string& user, const std::string& name);
  // Moves the clock, from timer to timer, and sends what may go. Message → how often it left.
  void run_until(base::Instant until);
  std::map<std::string, int> sent;

  // The answer; a failed operation fails the test.
  daemon::Answer ask(const std::string& operation, const cel::Value& request = cel::Map{});
  // The error; an operation that succeeds fails the test.
  base::Error refuse(const std::string& operation, const cel::Value& request);
  // Gives the engine inputs as they arrived, and sends what may go.
  void process(std::vector<daemon::Arrived> inputs);
};

base::Instant at(const std::string& text);

}  // namespace nurtured::tests
