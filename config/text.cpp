#include "config/text.h"

#include <utility>

#include <fmt/format.h>

#include "config/names.h"
#include "config/section.h"

namespace nurtured::config {
namespace {

class LiquidText final : public rules::Text {
 public:
  LiquidText(content::liquid::Template text, std::shared_ptr<const content::Library> library)
      : text_(std::move(text)), library_(std::move(library)) {}

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
    options.zone = trait("timezone", options.zone);
    options.locale = trait("locale", options.locale);
    return content::liquid::render(text_, content::liquid::MapData(data), options);
  }

 private:
  content::liquid::Template text_;
  std::shared_ptr<const content::Library> library_;
};

}  // namespace

std::shared_ptr<const rules::Text> read_text(const Node& node,
                                             const std::shared_ptr<const content::Library>& library,
                                             const Reading& reading) {
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
    check_usage(compiled->usage(), *library, place, reading.problems);
  }
  return std::make_shared<LiquidText>(std::move(*compiled), library);
}

void check_usage(const content::liquid::Usage& usage, const content::Library& library,
                 const std::function<base::Place(const base::Place&)>& place, Problems& problems) {
  for (const content::liquid::PartialUse& use : usage.partials) {
    if (use.name.empty() || library.partials.find(use.name) != nullptr) continue;
    const std::vector<std::string> names = keys_of(library.partials.all());
    problems.error(place(use.place), fmt::format("there is no partial `{}`", use.name),
                   did_you_mean(use.name, names, "put it in content/partials"));
  }
  for (const content::liquid::FilterUse& use : usage.filters) {
    if (use.is_known) continue;
    problems.error(place(use.place), fmt::format("there is no filter `{}`", use.name));
  }
}

}  // namespace nurtured::config
