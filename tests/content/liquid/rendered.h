// Templates rendered in one line of a test.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "content/liquid/template.h"
#include "rules/cel/json.h"

namespace nurtured::content::liquid {

struct Setting {
  std::string_view data = "{}";  // JSON
  std::map<std::string, std::string> partials;
  RenderOptions options;
  CompileOptions compile_options;
};

// The text, or "error: MESSAGE" (without a place).
inline std::string rendered(std::string_view source, const Setting& setting = {}) {
  const auto data = cel::from_json(setting.data);
  if (!data) return "bad data: " + data.error().message;
  const auto compiled = compile("test", source, setting.compile_options);
  if (!compiled) return "error: " + compiled.error().message;
  Partials partials;
  for (const auto& [name, text] : setting.partials) partials.add(name, text);
  RenderOptions options = setting.options;
  options.partials = &partials;
  const auto text = render(*compiled, MapData(*data), options);
  return text ? *text : "error: " + text.error().message;
}

}  // namespace nurtured::content::liquid
