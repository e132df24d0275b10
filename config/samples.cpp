#include "config/samples.h"

#include <fmt/format.h>

#include "config/catalogue.h"
#include "config/literal.h"
#include "config/section.h"

namespace nurtured::config {
namespace {

cel::Value read_sample(const Node& node, const std::string& name, Problems& problems) {
  Section section(node, name, problems);
  cel::Map sample;
  for (const std::string_view key : {"contact", "event", "enrollment"}) {
    const Node* part = section.node(key);
    if (part == nullptr) continue;
    if (part->is_map()) {
      sample.set(std::string(key), literal(*part));
    } else {
      section.error(key, fmt::format("`{}` is no map", key), "write `{first_name: Anna}`");
    }
  }
  section.finish();
  return sample;
}

}  // namespace

std::map<std::string, cel::Value, std::less<>> read_samples(const File& file, Problems& problems) {
  std::map<std::string, cel::Value, std::less<>> samples;
  const auto document = parse_yaml(file.text, file.path, problems);
  if (!document) return samples;
  Section root(*document, "", problems);
  if (root.require("samples", "write `samples: {anna: {contact: {first_name: Anna}}}`")) {
    const Node& list = *root.node("samples");
    if (!list.is_map()) root.error("samples", "`samples` is no map", "name each sample");
    for (const Entry& entry : list.entries) {
      if (samples.size() >= samples_max) {
        problems.error(entry.place, fmt::format("there are more than {} samples", samples_max),
                       "keep those that you look at");
        break;
      }
      if (!check_name(entry.key, "sample", "", entry.place, problems)) continue;
      samples.emplace(entry.key, read_sample(entry.value, "samples." + entry.key, problems));
    }
  }
  root.finish();
  return samples;
}

}  // namespace nurtured::config
