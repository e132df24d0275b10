// Reading what the Bot API says: JSON of which no field is trusted to be there, or to be what it
// should. For connectors/telegram_*.cpp alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/json.hpp>

namespace nurtured::connectors::telegram {

// What nests deeper than this is not Telegram's.
inline constexpr std::size_t json_depth_max = 32;

// nullopt for what is no JSON.
inline std::optional<boost::json::value> parse(std::string_view text) {
  boost::system::error_code error;
  const boost::json::parse_options options{.max_depth = json_depth_max};
  boost::json::value parsed = boost::json::parse(text, error, {}, options);
  if (error) return std::nullopt;
  return parsed;
}

inline const boost::json::object* object_at(const boost::json::object& object,
                                            std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

inline const boost::json::array* array_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

inline std::optional<std::int64_t> integer_at(const boost::json::object& object,
                                              std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  if (value == nullptr) return std::nullopt;
  if (const std::int64_t* const number = value->if_int64()) return *number;
  return std::nullopt;
}

// Empty where there is no text.
inline std::string_view text_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  const boost::json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// nullopt where it is neither.
inline std::optional<bool> flag_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

}  // namespace nurtured::connectors::telegram
