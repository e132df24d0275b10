#include "config/scenario_contact.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/catalogue.h"
#include "config/literal.h"
#include "config/near_trait.h"
#include "config/zones.h"
#include "rules/scope.h"
#include "rules/traits.h"

namespace nurtured::config {
namespace {

constexpr std::array<std::string_view, 5> read_here = {"id", "tags", "stage", "score", "touches"};

class ContactReader {
 public:
  ContactReader(const Node& node, const ScenarioContext& context)
      : node_(node), context_(context), section_(node, "contact", context.problems()) {}

  std::optional<ScenarioContact> read() {
    section_.require("id", "give the contact an id: {id: u1, email: u1@example.org}");
    auto id = section_.text("id");
    if (!id) return std::nullopt;
    if (!rules::is_plain_text(*id, text_bytes_max)) {
      section_.error("id", "an id is one line without control characters");
    }
    out_.id = *std::move(id);
    out_.change.tags_added = section_.texts("tags");
    out_.stage = section_.choice("stage", stages).value_or("");
    out_.score = section_.number("score", {.min = -1e9}).value_or(0);
    out_.touches = static_cast<int>(section_.integer("touches", {.max = 1000}).value_or(0));
    read_zone();
    for (const Entry& entry : node_.entries) {
      if (std::ranges::find(read_here, entry.key) != read_here.end()) continue;
      if (entry.key == "attributes") {
        read_attributes(entry.value);
      } else {
        read_trait(entry);
      }
    }
    check_channels();
    return std::move(out_);
  }

 private:
  void read_zone() {
    const auto* book = context_.book();
    if (book == nullptr) return;
    const auto name = section_.text("timezone");
    if (name) {
      check_zone(*name, book->zones(), section_.node("timezone")->place, section_.problems());
    }
    out_.zone = book->zone(name.value_or(""));
    out_.zone_name = name && book->knows_zone(*name) ? *name : book->settings().zone_name;
  }

  void read_attributes(const Node& node) {
    const Section checked(node, "contact.attributes", context_.problems());
    for (const Entry& entry : node.entries) {
      out_.change.attributes.emplace_back(entry.key, literal(entry.value));
    }
  }

  // The same reading as that of the ingest, so that what a site sends means the same here.
  void read_trait(const Entry& entry) {
    std::vector<std::string> problems;
    const cel::Value traits(cel::Map{{entry.key, literal(entry.value)}});
    rules::apply_traits(traits, out_.change, problems);
    for (const std::string& problem : problems) {
      context_.problems().error(entry.value.place, problem, "write it as `identify` takes it");
    }
    const std::string meant =
        near_trait(std::string(rules::attribute_name(entry.key)), {"touches", "attributes"});
    if (meant.empty()) return;
    context_.problems().warning(entry.place, "near-trait",
                                fmt::format("`{}` is an attribute of its own here", entry.key),
                                fmt::format("did you mean `{}`?", meant));
  }

  void check_channels() {
    for (const auto& [channel, address] : out_.change.addresses) {
      context_.check_channel(channel, place_of(channel == "email" ? "email" : "channels"));
    }
    for (const auto& consent : out_.change.consents) {
      context_.check_channel(consent.channel, place_of("consent"));
    }
  }

  base::Place place_of(std::string_view key) const {
    for (const Entry& entry : node_.entries) {
      if (entry.key.starts_with(key)) return entry.place;
    }
    return node_.place;
  }

  const Node& node_;
  const ScenarioContext& context_;
  Section section_;
  ScenarioContact out_;
};

}  // namespace

std::optional<ScenarioContact> read_scenario_contact(const Node& node,
                                                     const ScenarioContext& context) {
  return ContactReader(node, context).read();
}

}  // namespace nurtured::config
