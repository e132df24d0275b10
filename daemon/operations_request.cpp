#include "daemon/operations_request.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace nurtured::daemon {

RequestFields::RequestFields(const cel::Value& request) : request_(request) {
  if (!request.is_null() && !request.is_map()) fault("the request is no JSON object");
}

void RequestFields::fault(std::string message) {
  if (!fault_) fault_ = std::move(message);
}

const cel::Value* RequestFields::take(std::string_view key) {
  known_.emplace(key);
  const cel::Value* value = request_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool RequestFields::fits(std::string_view key, const cel::Value& value) {
  if (!value.is_string()) {
    fault(fmt::format("`{}` is no text", key));
    return false;
  }
  if (value.as_string().size() > request_text_bytes_max) {
    fault(fmt::format("`{}` is longer than {} bytes", key, request_text_bytes_max));
    return false;
  }
  return true;
}

std::string RequestFields::text(std::string_view key) {
  auto value = optional_text(key);
  if (!value || value->empty()) fault(fmt::format("`{}` is missing", key));
  return value.value_or("");
}

std::optional<std::string> RequestFields::optional_text(std::string_view key) {
  const cel::Value* value = take(key);
  if (value == nullptr || !fits(key, *value)) return std::nullopt;
  return value->as_string();
}

std::string RequestFields::bytes(std::string_view key) {
  const cel::Value* value = take(key);
  auto bytes =
      value != nullptr && value->is_string() ? base::from_base64(value->as_string()) : std::nullopt;
  if (!bytes) fault(fmt::format("`{}` is missing or no base64", key));
  return std::move(bytes).value_or("");
}

std::optional<base::Instant> RequestFields::time(std::string_view key) {
  const auto text = optional_text(key);
  if (!text) return std::nullopt;
  const auto instant = base::parse_instant(*text);
  if (!instant) {
    fault(fmt::format("`{}`: {}", key, instant.error().message));
    return std::nullopt;
  }
  return *instant;
}

std::int64_t RequestFields::integer(std::string_view key, std::int64_t otherwise, std::int64_t min,
                                    std::int64_t max) {
  const cel::Value* value = take(key);
  if (value == nullptr) return otherwise;
  if (!value->is_int() || value->as_int() < min || value->as_int() > max) {
    fault(fmt::format("`{}` is no whole number from {} to {}", key, min, max));
    return otherwise;
  }
  return value->as_int();
}

bool RequestFields::boolean(std::string_view key, bool otherwise) {
  const cel::Value* value = take(key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) {
    fault(fmt::format("`{}` is neither true nor false", key));
    return otherwise;
  }
  return value->as_bool();
}

std::vector<std::string> RequestFields::texts(std::string_view key) {
  std::vector<std::string> list;
  const cel::Value* value = take(key);
  if (value == nullptr) return list;
  if (!value->is_list() || value->as_list().size() > request_items_max) {
    fault(fmt::format("`{}` is no list of at most {} texts", key, request_items_max));
    return list;
  }
  for (const auto& item : value->as_list()) {
    if (fits(key, item)) list.push_back(item.as_string());
  }
  return list;
}

std::vector<cel::Value> RequestFields::values(std::string_view key, std::size_t max) {
  const cel::Value* value = take(key);
  if (value == nullptr) return {};
  if (!value->is_list() || value->as_list().size() > max) {
    fault(fmt::format("`{}` is no list of at most {}", key, max));
    return {};
  }
  return {value->as_list().begin(), value->as_list().end()};
}

std::vector<std::pair<std::string, cel::Value>> RequestFields::map(std::string_view key) {
  std::vector<std::pair<std::string, cel::Value>> entries;
  const cel::Value* value = take(key);
  if (value == nullptr) return entries;
  if (!value->is_map() || value->as_map().size() > request_items_max) {
    fault(fmt::format("`{}` is no JSON object of at most {} entries", key, request_items_max));
    return entries;
  }
  for (const auto& entry : value->as_map()) {
    if (fits(key, entry.key)) entries.emplace_back(entry.key.as_string(), entry.value);
  }
  return entries;
}

base::Result<void> RequestFields::finish() {
  if (!fault_ && request_.is_map()) {
    for (const auto& entry : request_.as_map()) {
      if (entry.key.is_string() && known_.contains(entry.key.as_string())) continue;
      fault(entry.key.is_string() ? fmt::format("`{}` is not known here", entry.key.as_string())
                                  : "a key is no text");
      break;
    }
  }
  if (fault_) return base::fail(*std::move(fault_));
  return {};
}

}  // namespace nurtured::daemon
