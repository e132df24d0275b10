#include "config/literal.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "rules/cel/literal.h"

namespace nurtured::config {
namespace {

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || rest != end) return std::nullopt;
  return value;
}

// A number only where it prints as it was written: 1.50, 1e3, 0777, -0 and numbers beyond 64 bits
// stay texts, because a message would show something else.
std::optional<cel::Value> number(std::string_view text) {
  if (text.find_first_not_of("-.0123456789") != std::string_view::npos) return std::nullopt;
  std::optional<cel::Value> value;
  if (const auto whole = parse<std::int64_t>(text)) {
    value = *whole;
  } else if (const auto decimal = parse<double>(text); decimal && std::isfinite(*decimal)) {
    value = *decimal;
  }
  if (!value || cel::to_literal(*value) != text) return std::nullopt;
  return value;
}

cel::Value scalar(const Node& node) {
  if (node.is_quoted()) return node.text;
  if (node.text == "true") return true;
  if (node.text == "false") return false;
  if (auto value = number(node.text)) return *std::move(value);
  return node.text;
}

}  // namespace

cel::Value literal(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::scalar:
      return scalar(node);
    case Node::Kind::list: {
      cel::List list;
      list.reserve(node.items.size());
      for (const Node& item : node.items) list.push_back(literal(item));
      return list;
    }
    case Node::Kind::map:
      break;
  }
  std::vector<cel::Map::Entry> entries;
  entries.reserve(node.entries.size());
  for (const Entry& entry : node.entries) entries.push_back({entry.key, literal(entry.value)});
  return cel::Map::last_wins(std::move(entries));
}

}  // namespace nurtured::config
