#include "config/text.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/names.h"
#include "config/section.h"
#include "content/liquid/filters.h"

namespace nurtured::config {
namespace {

class LiquidText final : public rules::Text {
 public:
  LiquidText(content::liquid::Template text, std::shared_ptr<const content::Library> library,
             const Node& node, std::string_view source)
      : text_(std::move(text)), library_(std::move(library)), node_(node) {
    source = without_bom(source);
    node_.offset = 0;
    source_ = source.substr(std::min(node.offset, source.size()), written_bytes_max(node));
  }

  base::Result<std::string> render(const cel::Value& data) const override {
    content::liquid::RenderOptions options;
    options.partials = &library_->partials;
    // The moment and the contact's clock and language come with the data, so that a step says the
    // same whenever it is run again.
    if (const cel::Value* now = data.find("now"); now != nullptr) {
      options.now = now->instant().value_or(options.now);
    }
    const cel::Value* contact = data.find("contact");
    const auto trait = [&](std::string_view name, std::string_view otherwise) -> std::string_view {
      const cel::Value* value = contact == nullptr ? nullptr : contact->find(name);
      return value == nullptr || !value->is_string() ? otherwise : value->as_string();
    };
    if (const cel::Value* zone = data.find("zone"); zone != nullptr && zone->is_string()) {
      options.zone = zone->as_string();
    }
    options.locale = trait("locale", options.locale);
    auto rendered = content::liquid::render(text_, content::liquid::MapData(data), options);
    // A fault in a partial stands in another file.
    if (!rendered && rendered.error().place.path == node_.place.path) {
      rendered.error().place = place_inside(node_, source_, rendered.error().place);
    }
    return rendered;
  }

  std::string_view source() const override { return node_.text; }

 private:
  // Enough for escapes and indentation; a fault beyond it is shown at the text's beginning.
  static std::size_t written_bytes_max(const Node& node) { return 4 * node.text.size() + 1024; }

  content::liquid::Template text_;
  std::shared_ptr<const content::Library> library_;
  Node node_;  // as if the file began with it
  std::string source_;
};

// "contact.tags[0]" → "contact" and "tags"; the second is empty when there is none.
struct Head {
  std::string_view root;
  std::string_view field;
};
Head head_of(std::string_view path) {
  const std::size_t dot = std::min(path.find_first_of(".["), path.size());
  Head head{path.substr(0, dot), {}};
  if (dot < path.size() && path[dot] == '.') {
    path.remove_prefix(dot + 1);
    head.field = path.substr(0, std::min(path.find_first_of(".["), path.size()));
  }
  return head;
}

std::vector<std::string> names_of(const rules::EventShape& event) {
  std::vector<std::string> names{"name", "at"};
  for (const auto& property : event.properties) names.push_back(property.name);
  return names;
}

// What a variable's first field may be called; nullopt when it may be anything.
struct Fields {
  std::vector<std::string> names;
  std::string otherwise;  // the remedy without a near miss
};
std::optional<Fields> fields_of(std::string_view root, const Scene& scene,
                                const Catalogue& catalogue) {
  if (root == "vars" && catalogue.vars.is_map()) {
    Fields fields{.names = {}, .otherwise = "set it under `vars` in nurtured.yaml"};
    for (const auto& entry : catalogue.vars.as_map()) {
      fields.names.push_back(entry.key.as_string());
    }
    return fields;
  }
  if (root == "event" && !scene.event.open) {
    return Fields{names_of(scene.event), "declare it in events.yaml"};
  }
  if (root == "enrollment" && scene.enrollment && !scene.enrollment->open) {
    Fields fields{{"started", "key", "playbook", "event"}, "keep it with `save`"};
    for (const auto& saved : scene.enrollment->saved) fields.names.push_back(saved.name);
    return fields;
  }
  return std::nullopt;
}

}  // namespace

bool is_computed(std::string_view text) {
  return text.starts_with('=') || text.find("{{") != std::string_view::npos ||
         text.find("{%") != std::string_view::npos;
}

bool check_written_out(std::string_view name, std::string_view what, const base::Place& place,
                       const Reading& reading) {
  if (reading.catalogue.is_former || !is_computed(name)) return true;
  reading.problems.error(place, fmt::format("the name of {} is taken as it stands", what),
                         "write it out; `choose` can take one or another");
  return false;
}

std::shared_ptr<const rules::Text> read_text(const Node& node,
                                             const std::shared_ptr<const content::Library>& library,
                                             const Scene& scene, const Reading& reading) {
  if (!node.is_scalar() || node.text.size() > step_text_bytes_max) {
    reading.problems.error(node.place,
                           node.is_scalar() ? "this text is too long" : "this is no text",
                           fmt::format("write a text of at most {} bytes", step_text_bytes_max));
    return nullptr;
  }
  auto compiled = content::liquid::compile(reading.document.path, node.text);
  if (!compiled) {
    report_inside(reading.document, node, compiled.error(), reading.problems);
    return nullptr;
  }
  const auto place = [&](const base::Place& inside) {
    return place_inside(node, reading.document.text, inside);
  };
  // A former version was checked against the partials of its day.
  if (!reading.catalogue.is_former) {
    check_usage(compiled->usage(), *library, place, reading.uses, reading.problems);
    check_variables(compiled->usage(), scene, reading.catalogue, place, reading.problems);
  }
  return std::make_shared<LiquidText>(std::move(*compiled), library, node, reading.document.text);
}

void check_usage(const content::liquid::Usage& usage, const content::Library& library,
                 const std::function<base::Place(const base::Place&)>& place, Uses& uses,
                 Problems& problems) {
  for (const content::liquid::PartialUse& use : usage.partials) {
    uses.partials.insert(use.name);
    if (use.name.empty() || library.partials.find(use.name) != nullptr) continue;
    const std::vector<std::string> names = keys_of(library.partials.all());
    problems.error(place(use.place), fmt::format("there is no partial `{}`", use.name),
                   did_you_mean(use.name, names, "put it in content/partials"));
  }
  for (const content::liquid::FilterUse& use : usage.filters) {
    if (use.name == "money" && use.text) {
      const auto currency = content::liquid::currency_of(*use.text);
      if (!currency) problems.error(place(use.place), currency.error().message);
    }
    if (use.is_known) continue;
    problems.error(place(use.place), fmt::format("there is no filter `{}`", use.name),
                   did_you_mean(use.name, content::liquid::filter_names()));
  }
}

void check_escaping(const content::liquid::Usage& usage,
                    const std::function<base::Place(const base::Place&)>& place,
                    Problems& problems) {
  for (const content::liquid::VariableUse& use : usage.variables) {
    if (!use.is_raw) continue;
    problems.warning(
        place(use.place), "raw",
        fmt::format("`{}` is put in as markup: whoever sets it writes this message", use.path),
        "remove `| raw`, unless only you can set it");
  }
  for (const content::liquid::FilterUse& use : usage.filters) {
    if (use.is_raw || (use.name != "escape" && use.name != "escape_once")) continue;
    problems.warning(place(use.place), "escaped-twice",
                     "messages escape what they are given: people would read `&amp;` for `&`",
                     fmt::format("remove `| {}`", use.name));
  }
}

void check_variables(const content::liquid::Usage& usage, const Scene& scene,
                     const Catalogue& catalogue,
                     const std::function<base::Place(const base::Place&)>& place,
                     Problems& problems) {
  static const std::vector<std::string> roots{
      "contact",         "event",           "enrollment",  "vars",     "now",
      "unsubscribe_url", "preferences_url", "confirm_url", "chat_urls"};
  constexpr std::string_view warning = "unknown-variable";
  for (const content::liquid::VariableUse& use : usage.variables) {
    const Head head = head_of(use.path);
    if (std::find(roots.begin(), roots.end(), head.root) == roots.end()) {
      problems.warning(
          place(use.place), std::string(warning),
          fmt::format("there is no variable `{}`", head.root),
          did_you_mean(head.root, roots, "known are contact, event, enrollment, vars"));
      continue;
    }
    const auto fields = fields_of(head.root, scene, catalogue);
    if (!fields || head.field.empty()) continue;
    const auto& names = fields->names;
    if (std::find(names.begin(), names.end(), head.field) != names.end()) continue;
    problems.warning(place(use.place), std::string(warning),
                     fmt::format("there is no `{}.{}` here", head.root, head.field),
                     did_you_mean(head.field, names, fields->otherwise));
  }
}

}  // namespace nurtured::config
