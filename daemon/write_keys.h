// The keys that the ingest takes (`keys: write`), compared in constant time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/secret.h"

namespace nurtured::daemon {

class WriteKeys {
 public:
  // Without keys, whoever reaches the listener may write.
  explicit WriteKeys(const std::vector<config::Secret>& keys);

  bool open() const { return !closed_; }
  // The time taken depends on the number and the lengths of the keys alone.
  bool accept(std::string_view key) const;

 private:
  bool closed_ = false;
  std::vector<std::string> keys_;
};

}  // namespace nurtured::daemon
