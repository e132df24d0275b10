#include "daemon/write_keys.h"

#include "base/digest.h"

namespace nurtured::daemon {

WriteKeys::WriteKeys(const std::vector<config::Secret>& keys) : closed_(!keys.empty()) {
  for (const auto& key : keys) {
    // An empty secret would let everybody in who sends no key.
    if (!key.empty()) keys_.push_back(key.reveal());
  }
}

bool WriteKeys::accept(std::string_view key) const {
  bool accepted = open();
  // Every key is compared, so that the time does not tell which one came close.
  for (const auto& known : keys_) {
    if (base::equal_constant_time(known, key)) accepted = true;
  }
  return accepted;
}

}  // namespace nurtured::daemon
