#include "config/scenario_cases.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/catalogue.h"
#include "config/section.h"

namespace nurtured::config {
namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";
constexpr std::string_view marker = "case.";

// `{{ case.NAME }}` in a text: where it stands, and the name.
struct Mention {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string name;
};

// The first at or after `from`. Other braces are the author's own.
std::optional<Mention> find_mention(std::string_view text, std::size_t from) {
  std::size_t end = from;
  for (std::size_t begin = text.find(opening, from); begin != std::string_view::npos;
       begin = text.find(opening, begin + 1)) {
    // Looked for once for all openings before it: a text of nothing but openings stays cheap.
    if (end <= begin) end = text.find(closing, begin);
    if (end == std::string_view::npos) return std::nullopt;
    const std::size_t inner = begin + opening.size();
    const std::string_view name = base::trimmed(text.substr(inner, end - inner));
    if (!name.starts_with(marker)) continue;
    return Mention{begin, end + closing.size(), std::string(name.substr(marker.size()))};
  }
  return std::nullopt;
}

// One row, written into the scenario.
class CaseWriter {
 public:
  CaseWriter(const Node& row, std::size_t& bytes, Problems& problems)
      : row_(row), bytes_(bytes), problems_(problems) {
    for (const Entry& entry : row.entries) names_.push_back(entry.key);
  }

  Node write(const Node& node) {
    if (node.is_scalar()) return write_scalar(node);
    Node out = shallow(node);
    for (const Node& item : node.items) {
      if (is_full()) break;
      out.items.push_back(write(item));
    }
    for (const Entry& entry : node.entries) {
      if (is_full()) break;
      out.entries.push_back({entry.key, entry.place, write(entry.value)});
    }
    return out;
  }

 private:
  bool is_full() const { return bytes_ > scenario_cases_bytes_max; }

  static Node shallow(const Node& node) {
    Node out;
    out.kind = node.kind;
    out.place = node.place;
    return out;
  }

  Node write_scalar(const Node& node) {
    bytes_ += node.text.size() + 1;
    const auto first = find_mention(node.text, 0);
    if (!first) return node;
    if (first->begin == 0 && first->end == node.text.size()) {
      const Node* value = value_of(*first, node);
      if (value == nullptr) return node;
      count(*value);
      return *value;
    }
    Node out = node;
    out.text.clear();
    std::size_t from = 0;
    for (auto found = first; found; found = find_mention(node.text, from)) {
      out.text += node.text.substr(from, found->begin - from);
      from = found->end;
      const Node* value = value_of(*found, node);
      if (value == nullptr) continue;
      if (value->is_scalar()) {
        out.text += value->text;
        bytes_ += value->text.size();
      } else {
        problems_.error(value->place, fmt::format("`{}` stands inside a text", found->name),
                        "write a text here, or use {{ case." + found->name + " }} alone");
      }
      if (is_full()) break;
    }
    out.text += std::string_view(node.text).substr(from);
    return out;
  }

  void count(const Node& node) {
    bytes_ += node.text.size() + 1;
    for (const Node& item : node.items) count(item);
    for (const Entry& entry : node.entries) count(entry.value);
  }

  const Node* value_of(const Mention& mention, const Node& node) {
    const Node* value = row_.find(mention.name);
    if (value != nullptr) return value;
    problems_.error(node.place, fmt::format("a case has no `{}`", mention.name),
                    did_you_mean(mention.name, names_, "add it to each of the `cases`"));
    return nullptr;
  }

  const Node& row_;
  std::size_t& bytes_;
  Problems& problems_;
  std::vector<std::string> names_;
};

std::optional<std::string> read_name(const Node& row, std::set<std::string>& known,
                                     Problems& problems) {
  Section section(row, "cases", problems);
  section.require("name", "say in a few words what is special about it");
  auto name = section.text("name");
  if (!name || !row.is_map()) return std::nullopt;
  if (name->find('\n') != std::string::npos) {
    section.error("name", "a name is one line", "shorten it");
    return std::nullopt;
  }
  if (known.insert(*name).second) return name;
  section.error("name", fmt::format("two cases are called \"{}\"", *name), "rename one of them");
  return std::nullopt;
}

}  // namespace

std::vector<ScenarioCase> expand_cases(const Node& scenario, std::size_t& bytes,
                                       Problems& problems) {
  const Node* rows = scenario.find("cases");
  if (rows == nullptr) return {{{}, scenario}};
  if (!rows->is_list() || rows->items.empty()) {
    problems.error(rows->place, "`cases` is no list of cases",
                   "write a list: - {name: ..., KEY: VALUE}");
    return {};
  }
  if (rows->items.size() > scenario_cases_max) {
    problems.error(rows->place, fmt::format("a scenario has at most {} cases", scenario_cases_max),
                   "split it in two");
    return {};
  }
  Node body;
  body.kind = Node::Kind::map;
  body.place = scenario.place;
  for (const Entry& entry : scenario.entries) {
    if (entry.key != "cases") body.entries.push_back(entry);
  }
  std::vector<ScenarioCase> out;
  std::set<std::string> names;
  for (const Node& row : rows->items) {
    auto name = read_name(row, names, problems);
    if (!name) continue;
    out.push_back({*std::move(name), CaseWriter(row, bytes, problems).write(body)});
    if (bytes <= scenario_cases_bytes_max) continue;
    problems.error(
        row.place,
        fmt::format("the cases of this file come to more than {} bytes", scenario_cases_bytes_max),
        "split the file");
    return {};
  }
  return out;
}

}  // namespace nurtured::config
