#include "config/section.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/encoding.h"
#include "rules/cel/near_miss.h"

namespace nurtured::config {
namespace {

// A null node stands in for what is no map, so that every getter finds nothing in it.
const Node& as_map(const Node& node, const std::string& name, Problems& problems) {
  static const Node empty;
  if (node.is_map()) return node;
  if (!node.is_null()) {
    problems.error(node.place,
                   name.empty() ? "this is no map" : fmt::format("`{}` is no map", name),
                   "write `key: value` lines");
  }
  return empty;
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || rest != end || text.empty()) return std::nullopt;
  return value;
}

// Text from a file as it may stand in a problem: cut, and without secrets.
std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  const std::string_view cut = base::cut_utf8(text, shown_max);
  return "\"" + std::string(cut) + (cut.size() < text.size() ? "…\"" : "\"");
}

std::string listed(std::span<const std::string> names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

Section::Section(const Node& node, std::string name, Problems& problems, const Secrets* secrets)
    : node_(&as_map(node, name, problems)),
      is_refused_(!node.is_map() && !node.is_null()),
      place_(node.place),
      name_(std::move(name)),
      problems_(&problems),
      secrets_(secrets) {}

std::string Section::path_of(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

const Node* Section::node(std::string_view key) {
  known_.emplace(key);
  return node_->find(key);
}

bool Section::require(std::string_view key, std::string_view remedy) {
  const Node* value = node(key);
  if (value != nullptr && !value->is_null()) return true;
  if (is_refused_) return false;  // it is no map, which has been said
  problems_->error(value != nullptr ? value->place : place_,
                   fmt::format("`{}` is missing", path_of(key)), std::string(remedy));
  return false;
}

void Section::allow(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) known_.emplace(key);
}

std::optional<std::string> Section::scalar(std::string_view key, const Node& node,
                                           std::string_view wanted) {
  if (node.is_scalar() && !node.text.empty() && node.text.size() <= text_bytes_max) {
    return node.text;
  }
  if (node.is_scalar() && node.text.size() > text_bytes_max) {
    problems_->error(node.place,
                     fmt::format("`{}` is longer than {} bytes", path_of(key), text_bytes_max));
  } else {
    problems_->error(node.place,
                     fmt::format("`{}` {}", path_of(key),
                                 node.is_null() || node.is_scalar() ? "is empty"
                                 : node.is_list()                   ? "is a list"
                                                                    : "is a map"),
                     fmt::format("write {}", wanted));
  }
  return std::nullopt;
}

std::optional<std::string> Section::text(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  return plain_text(key, *value);
}

std::optional<std::string> Section::plain_text(std::string_view key, const Node& node) {
  auto text = scalar(key, node, "a text");
  if (text && refers_to_secret(*text)) {
    problems_->error(node.place, fmt::format("`{}` takes no reference to a secret", path_of(key)),
                     "it is shown to people: write the text itself");
    return std::nullopt;
  }
  return text;
}

std::optional<std::int64_t> Section::integer(std::string_view key, IntegerRange range) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  const std::string wanted = fmt::format("a whole number from {} to {}", range.min, range.max);
  const auto text = scalar(key, *value, wanted);
  if (!text) return std::nullopt;
  const auto number = parse_number<std::int64_t>(*text);
  if (number && *number >= range.min && *number <= range.max) return number;
  problems_->error(value->place,
                   number ? fmt::format("`{}` is out of range: {}", path_of(key), *number)
                          : fmt::format("`{}` is no whole number: {}", path_of(key), quoted(*text)),
                   "write " + wanted);
  return std::nullopt;
}

std::optional<double> Section::number(std::string_view key, NumberRange range) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  const std::string wanted = fmt::format("a number from {} to {}", range.min, range.max);
  const auto text = scalar(key, *value, wanted);
  if (!text) return std::nullopt;
  const auto number = parse_number<double>(*text);
  if (number && std::isfinite(*number) && *number >= range.min && *number <= range.max) {
    return number;
  }
  problems_->error(value->place,
                   fmt::format("`{}` is no such number: {}", path_of(key), quoted(*text)),
                   "write " + wanted);
  return std::nullopt;
}

std::optional<bool> Section::boolean(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  const auto text = scalar(key, *value, "true or false");
  if (!text) return std::nullopt;
  if (!value->is_quoted() && *text == "true") return true;
  if (!value->is_quoted() && *text == "false") return false;
  problems_->error(value->place,
                   fmt::format("`{}` is neither true nor false: {}", path_of(key), quoted(*text)),
                   "write true or false, without quotes");
  return std::nullopt;
}

std::optional<rules::Span> Section::span(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  const auto text = scalar(key, *value, "a duration such as 2d or 1d12h");
  if (!text) return std::nullopt;
  auto span = rules::parse_span(*text);
  if (span) return *span;
  problems_->error(value->place, fmt::format("`{}`: {}", path_of(key), span.error().message),
                   span.error().remedy);
  return std::nullopt;
}

std::optional<base::Milliseconds> Section::period(std::string_view key, PeriodRange range) {
  const auto read = span(key);
  if (!read) return std::nullopt;
  const base::Milliseconds period = read->nominal();
  if (period >= range.min && period <= range.max) return period;
  const auto shown = [](base::Milliseconds p) { return rules::to_string({.exact = p}); };
  error(key, fmt::format("`{}` is out of range", path_of(key)),
        fmt::format("write a duration from {} to {}", shown(range.min), shown(range.max)));
  return std::nullopt;
}

std::optional<double> Section::rate(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  constexpr std::string_view wanted = "a rate such as 50/s, 100/m or 1000/h";
  const auto text = scalar(key, *value, wanted);
  if (!text) return std::nullopt;
  const std::size_t slash = text->find('/');
  const std::string_view unit =
      slash == std::string::npos ? "" : std::string_view(*text).substr(slash + 1);
  const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  const auto count = parse_number<double>(std::string_view(*text).substr(0, slash));
  if (seconds > 0 && count && std::isfinite(*count) && *count > 0 && *count <= 1e6) {
    return *count / seconds;
  }
  problems_->error(value->place, fmt::format("`{}` is no rate: {}", path_of(key), quoted(*text)),
                   fmt::format("write {}", wanted));
  return std::nullopt;
}

std::optional<std::string> Section::choice(std::string_view key,
                                           std::span<const std::string_view> choices) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  const std::vector<std::string> names(choices.begin(), choices.end());
  auto text = scalar(key, *value, "one of " + listed(names));
  if (!text || std::find(names.begin(), names.end(), *text) != names.end()) return text;
  problems_->error(value->place, fmt::format("`{}` cannot be {}", path_of(key), quoted(*text)),
                   did_you_mean(*text, names, "write one of " + listed(names)));
  return std::nullopt;
}

std::optional<std::string> Section::choice(std::string_view key,
                                           std::initializer_list<std::string_view> choices) {
  return choice(key, std::span<const std::string_view>(choices.begin(), choices.size()));
}

std::optional<Secret> Section::resolved(std::string_view key, const Node& node) {
  const auto text = scalar(key, node, "a text or ${credential:NAME}");
  if (!text) return std::nullopt;
  auto secret = resolve_secret(*text, secrets_);
  if (secret) return std::move(*secret);
  problems_->error(node.place, fmt::format("`{}`: {}", path_of(key), secret.error().message),
                   secret.error().remedy);
  return std::nullopt;
}

std::optional<Secret> Section::secret(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  return resolved(key, *value);
}

std::vector<std::string> Section::texts(std::string_view key) {
  std::vector<std::string> out;
  for (PlacedText& item : placed_texts(key)) out.push_back(std::move(item.text));
  return out;
}

std::vector<PlacedText> Section::placed_texts(std::string_view key) {
  std::vector<PlacedText> out;
  const Node* value = node(key);
  if (value == nullptr) return out;
  const std::span<const Node> items =
      value->is_list() ? std::span<const Node>(value->items) : std::span<const Node>(value, 1);
  for (const Node& item : items) {
    if (auto text = plain_text(key, item)) out.push_back({std::move(*text), item.place});
  }
  return out;
}

std::vector<Secret> Section::secrets_list(std::string_view key) {
  std::vector<Secret> out;
  const Node* value = node(key);
  if (value == nullptr) return out;
  if (!value->is_list()) {
    if (auto secret = resolved(key, *value)) out.push_back(std::move(*secret));
    return out;
  }
  for (const Node& item : value->items) {
    if (auto secret = resolved(key, item)) out.push_back(std::move(*secret));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> Section::text_map(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto map = section(key);
  if (!map) return out;
  for (const Entry& entry : map->node_->entries) {
    auto text = plain_text(fmt::format("{}.{}", key, entry.key), entry.value);
    if (text) out.emplace_back(entry.key, std::move(*text));
  }
  return out;
}

std::optional<Section> Section::section(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  Section inner(*value, path_of(key), *problems_, secrets_);
  if (!value->is_map()) return std::nullopt;
  return inner;
}

void Section::error(std::string_view key, std::string message, std::string remedy) {
  const Node* value = node_->find(key);
  problems_->error(value == nullptr ? place_ : value->place, std::move(message), std::move(remedy));
}

void Section::warning(std::string_view key, std::string name, std::string message,
                      std::string remedy) {
  const Node* value = node_->find(key);
  problems_->warning(value == nullptr ? place_ : value->place, std::move(name), std::move(message),
                     std::move(remedy));
}

void Section::finish() {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const Entry& entry : node_->entries) {
    if (known_.contains(entry.key)) continue;
    problems_->error(
        entry.place, fmt::format("there is no `{}` here", path_of(entry.key)),
        did_you_mean(entry.key, known, known.empty() ? "" : "known are " + listed(known)));
  }
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates,
                         std::string otherwise) {
  const std::string nearest = cel::near_miss(name, candidates);
  return nearest.empty() ? std::move(otherwise) : "did you mean `" + nearest + "`?";
}

}  // namespace nurtured::config
