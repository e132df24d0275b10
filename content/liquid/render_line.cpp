#include "content/liquid/render_line.h"

#include "content/liquid/template.h"
#include "rules/cel/json.h"

namespace nurtured::content::liquid {
namespace {

constexpr std::size_t data_depth_max = 64;

std::string error_line(const base::Error& error) {
  return "{\"error\":" + cel::json_quote(base::to_string(error)) + "}";
}

// The partials of a line; what in it is no text is an error.
base::Result<Partials> read_partials(const cel::Value* value) {
  Partials partials;
  if (value == nullptr || value->is_null()) return partials;
  if (!value->is_map()) return base::fail("\"partials\" is not an object");
  for (const auto& [name, source] : value->as_map()) {
    if (!source.is_string()) return base::fail("a partial is not a text");
    partials.add(name.as_string(), source.as_string());
  }
  return partials;
}

base::Result<std::string> render_request(std::string_view json_line, base::Instant now) {
  const cel::JsonLimits limits{.bytes_max = line_bytes_max, .depth_max = data_depth_max};
  const auto request = cel::from_json(json_line, limits);
  if (!request) return base::fail(request.error());
  const cel::Value* source = request->find("template");
  if (source == nullptr || !source->is_string()) {
    return base::fail("\"template\" is missing or not a text");
  }
  const cel::Value* data = request->find("data");
  if (data != nullptr && !data->is_map() && !data->is_null()) {
    return base::fail("\"data\" is not an object");
  }
  const auto partials = read_partials(request->find("partials"));
  if (!partials) return base::fail(partials.error());
  const auto compiled = compile("template", source->as_string());
  if (!compiled) return base::fail(compiled.error());
  const cel::Value nothing;
  return render(*compiled, MapData(data == nullptr ? nothing : *data),
                {.partials = &*partials, .now = now});
}

}  // namespace

std::string render_line(std::string_view json_line, base::Instant now) {
  const auto output = render_request(json_line, now);
  if (!output) return error_line(output.error());
  return "{\"output\":" + cel::json_quote(*output) + "}";
}

}  // namespace nurtured::content::liquid
