#include "config/event_draft.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/format.h"
#include "config/yaml.h"
#include "rules/cel/json.h"

namespace nurtured::config {
namespace {

constexpr std::string_view path = "events.yaml";
constexpr std::string_view first_line =
    "# yaml-language-server: $schema=schema/events.schema.json\nevents:\n";
constexpr std::size_t columns_max = 100;

using Properties = std::vector<std::pair<std::string, std::string>>;  // name, type

// A key as YAML has it: plain where nobody could take it for something else.
std::string key_text(std::string_view key) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view others = "0123456789.-";
  const std::set<std::string_view> words{"true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n"};
  const bool is_plain = letters.find(key.front()) != std::string_view::npos &&
                        std::ranges::all_of(key,
                                            [&](char c) {
                                              return letters.find(c) != std::string_view::npos ||
                                                     others.find(c) != std::string_view::npos;
                                            }) &&
                        !words.contains(key);
  return is_plain ? std::string(key) : cel::json_quote(key);
}

std::string flow_text(const Properties& properties) {
  std::string out;
  for (const auto& [name, type] : properties) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key_text(name), type);
  }
  return out;
}

// Types that the declared one takes in without a loss.
bool takes(std::string_view declared, std::string_view seen) {
  return declared == seen || declared == "any" || seen.empty() ||
         (declared == "double" && seen == "int") || (declared == "string" && seen == "timestamp");
}

class Draft {
 public:
  Draft(std::string text, const Node& events)
      : text_(std::move(text)),
        events_(events),
        is_block_(events.is_null() || (events.is_map() && !is_flow(events))) {
    if (is_block_ && !events.entries.empty()) {
      indent_ = static_cast<std::size_t>(events.entries.front().place.column) - 1;
    }
  }

  void add(const std::string& name, const LearnedEvent& event) {
    if (const Entry* entry = find(name)) {
      complete(*entry, event);
      return;
    }
    Properties properties;
    for (const auto& [property, type] : event.properties) {
      properties.emplace_back(property, type.empty() ? "any" : type);
    }
    note_others(name, event);
    append(name, properties, event.has_others);
  }

  void add_awaited(const std::string& name) {
    if (find(name) != nullptr) return;
    comment(fmt::format("{}: nobody has sent it yet, and the workspace waits for it", shown(name)));
    append(name, {}, false);
  }

  void comment(const std::string& words) {
    const std::string line = "# " + words;
    if (text_.find(line) == std::string::npos) added_ += std::string(indent_, ' ') + line + "\n";
  }

  std::string take() && {
    // From the back, so that what is still to be inserted keeps its place.
    std::ranges::stable_sort(insertions_, std::greater<>(), &Insertion::offset);
    for (const Insertion& insertion : insertions_) {
      text_.insert(insertion.offset, insertion.text);
    }
    if (!text_.ends_with('\n')) text_ += '\n';
    return std::move(text_) + added_;
  }

 private:
  struct Insertion {
    std::size_t offset = 0;
    std::string text;
  };

  static std::string shown(std::string_view name) { return cel::json_quote(name); }

  const Entry* find(std::string_view name) const {
    const auto found = std::ranges::find(events_.entries, name, &Entry::key);
    return found == events_.entries.end() ? nullptr : &*found;
  }

  // Where a line and a column, in code points, are in the text.
  std::size_t offset_of(const base::Place& place) const {
    std::size_t offset = 0;
    for (int line = 1; line < place.line; ++line) offset = text_.find('\n', offset) + 1;
    for (int column = 1; column < place.column && offset < text_.size(); ++column) {
      ++offset;
      while (offset < text_.size() && (static_cast<unsigned char>(text_[offset]) & 0xc0U) == 0x80U)
        ++offset;
    }
    return offset;
  }

  bool is_flow(const Node& map) const {
    const std::size_t offset = offset_of(map.place);
    return offset < text_.size() && text_[offset] == '{';
  }

  std::size_t end_of_line(std::size_t offset) const {
    return std::min(text_.find('\n', offset), text_.size());
  }

  void note_others(std::string_view name, const LearnedEvent& event) {
    if (!event.has_others) return;
    comment(fmt::format("{}: properties are left out whose names may be data", shown(name)));
  }

  // An event that is declared: what it does not say yet is put in.
  void complete(const Entry& entry, const LearnedEvent& event) {
    const Node* declared = entry.value.find("properties");
    Properties fresh;
    for (const auto& [name, type] : event.properties) {
      const Node* known = declared == nullptr ? nullptr : declared->find(name);
      if (known == nullptr) {
        fresh.emplace_back(name, type.empty() ? "any" : type);
      } else if (!takes(known->text, type)) {
        comment(fmt::format("{}: {} is declared as {} and came as {}", shown(entry.key), name,
                            known->text, type == "any" ? "others as well" : type));
      }
    }
    note_others(entry.key, event);
    if (fresh.empty()) return;
    if (declared != nullptr && declared->is_map() && !declared->entries.empty()) {
      insert_properties(*declared, fresh);
    } else if (declared == nullptr && entry.value.is_map() && entry.value.entries.empty()) {
      insertions_.push_back({offset_of(entry.value.place) + 1, open_text(fresh)});
    } else if (entry.value.is_null()) {
      const std::size_t colon = text_.find(':', offset_of(entry.place) + entry.key.size());
      insertions_.push_back({colon + 1, fmt::format(" {{{}}}", open_text(fresh))});
    }
  }

  // Without properties any may come, which stays so.
  static std::string open_text(const Properties& properties) {
    return fmt::format("properties: {{{}}}, open: true", flow_text(properties));
  }

  void insert_properties(const Node& declared, const Properties& fresh) {
    if (is_flow(declared)) {
      insertions_.push_back({offset_of(declared.place) + 1, flow_text(fresh) + ", "});
      return;
    }
    const Entry& last = declared.entries.back();
    const std::string indent(static_cast<std::size_t>(last.place.column) - 1, ' ');
    std::string lines;
    for (const auto& [name, type] : fresh) {
      lines += fmt::format("\n{}{}: {}", indent, key_text(name), type);
    }
    insertions_.push_back({end_of_line(offset_of(last.value.place)), std::move(lines)});
  }

  void append(std::string_view name, const Properties& properties, bool is_open) {
    const std::string body = properties.empty()
                                 ? ""
                                 : fmt::format("properties: {{{}}}{}", flow_text(properties),
                                               is_open ? ", open: true" : "");
    const std::string line = fmt::format("{}: {{{}}}", key_text(name), body);
    if (!is_block_) {
      const std::string comma = events_.entries.empty() && !has_appended_ ? "" : ", ";
      insertions_.push_back({offset_of(events_.place) + 1, line + comma});
    } else if (indent_ + line.size() <= columns_max) {
      added_ += std::string(indent_, ' ') + line + "\n";
    } else {
      append_block(name, properties, is_open);
    }
    has_appended_ = true;
  }

  void append_block(std::string_view name, const Properties& properties, bool is_open) {
    const std::string indent(indent_, ' ');
    added_ += fmt::format("{}{}:\n{}  properties:\n", indent, key_text(name), indent);
    for (const auto& [property, type] : properties) {
      added_ += fmt::format("{}    {}: {}\n", indent, key_text(property), type);
    }
    if (is_open) added_ += indent + "  open: true\n";
  }

  std::string text_;
  const Node& events_;
  bool is_block_ = true;
  bool has_appended_ = false;
  std::size_t indent_ = 2;
  std::vector<Insertion> insertions_;
  std::string added_;  // below all that stands there
};

base::Error unreadable(const std::vector<Problem>& problems) {
  const auto fault = std::ranges::find(problems, Severity::error, &Problem::severity);
  assert(fault != problems.end());
  return {base::ErrorKind::invalid, fault->message, fault->remedy, fault->place};
}

}  // namespace

base::Result<std::string> draft_events(std::string_view current, const LearnedEvents& learned,
                                       const std::vector<std::string>& awaited) {
  Problems problems;
  std::string text(without_bom(current));
  if (text.empty()) text = first_line;
  const auto root = parse_yaml(text, std::string(path), problems);
  if (problems.has_errors() || !root) return base::fail(unreadable(problems.take()));
  const Node* events = root->find("events");
  if (events == nullptr || !(events->is_map() || events->is_null())) {
    return base::fail(base::ErrorKind::invalid, "events.yaml has no map `events`",
                      "see `nurtured check`");
  }
  Draft draft(text, *events);
  for (const auto& [name, event] : learned.events) draft.add(name, event);
  for (const std::string& name : awaited) {
    if (!learned.events.contains(name)) draft.add_awaited(name);
  }
  if (learned.left_out) draft.comment("events are left out whose names may be data");
  if (learned.has_more) draft.comment("there are more different events than can be listed");
  const auto formatted = format_yaml(std::move(draft).take(), std::string(path), problems);
  if (!formatted) return base::fail(unreadable(problems.take()));
  return *formatted;
}

}  // namespace nurtured::config
