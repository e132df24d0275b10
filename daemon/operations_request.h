// A request's fields, read one by one with their types and limits, as an operation knows them
// (daemon/operations.h). The first fault is kept; finish() tells it, or a key that nobody asked
// for. Private to the operations.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "rules/cel/value.h"

namespace nurtured::daemon {

// Names, ids, addresses, reasons; longer ones are refused.
inline constexpr std::size_t request_text_bytes_max = 4096;
inline constexpr std::size_t request_items_max = 500;

class RequestFields {
 public:
  // `request` must outlive this. Null is an empty object.
  explicit RequestFields(const cel::Value& request);

  // Required, not empty.
  std::string text(std::string_view key);
  std::optional<std::string> optional_text(std::string_view key);
  std::optional<base::Instant> time(std::string_view key);
  // Within [min, max]; `otherwise` where it is missing.
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t min,
                       std::int64_t max);
  bool boolean(std::string_view key, bool otherwise);
  std::vector<std::string> texts(std::string_view key);
  // At most `max` values of any kind, each to be read in its turn; none where it is missing.
  std::vector<cel::Value> values(std::string_view key, std::size_t max);
  // Required, in base64; bounded by the request alone.
  std::string bytes(std::string_view key);
  // Its entries; none where it is missing. Their keys are texts.
  std::vector<std::pair<std::string, cel::Value>> map(std::string_view key);

  base::Result<void> finish();

 private:
  const cel::Value* take(std::string_view key);
  void fault(std::string message);
  bool fits(std::string_view key, const cel::Value& value);

  const cel::Value& request_;
  std::set<std::string, std::less<>> known_;
  std::optional<std::string> fault_;
};

}  // namespace nurtured::daemon
