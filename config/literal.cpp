#include "config/literal.h"

#include <charconv>
#include <cmath>
#include <optional>

namespace nurtured::config {
namespace {

// JSON's number, so that 0777, 1_000, .5 and 22:30 stay texts.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
    text.remove_prefix(count);
    return count;
  };
  const bool leads_with_zero = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (leads_with_zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || rest != end) return std::nullopt;
  return value;
}

cel::Value scalar(const Node& node) {
  if (node.is_quoted()) return node.text;
  if (node.text == "true") return true;
  if (node.text == "false") return false;
  if (is_number(node.text)) {
    if (const auto whole = parse<std::int64_t>(node.text)) return *whole;
    const auto decimal = parse<double>(node.text);
    if (decimal && std::isfinite(*decimal)) return *decimal;
  }
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
