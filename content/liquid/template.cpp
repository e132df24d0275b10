#include "content/liquid/template.h"

#include "base/encoding.h"
#include "content/liquid/parser.h"
#include "content/liquid/program.h"
#include "content/liquid/renderer.h"

namespace nurtured::content::liquid {
namespace {

std::size_t literal_bytes(const Block& block) {
  std::size_t bytes = 0;
  for (const Node& node : block.nodes) {
    if (const auto* text = std::get_if<Text>(&node.what)) bytes += text->text.size();
  }
  return bytes;
}

}  // namespace

const std::string& Template::name() const {
  return program_->name;
}

const Usage& Template::usage() const {
  return program_->usage;
}

base::Place place_in(const Program& program, std::size_t offset) {
  return Notes(program.name, program.source).place(program.source.data() + offset);
}

base::Result<Template> compile(std::string name, std::string_view source,
                               const CompileOptions& options) {
  const auto failure = [&](base::ErrorKind kind, std::string message) {
    return base::fail(
        base::Error{.kind = kind, .message = std::move(message), .place = {.path = name}});
  };
  if (source.size() > options.limits.source_bytes_max) {
    return failure(
        base::ErrorKind::too_large,
        "the template has more than " + std::to_string(options.limits.source_bytes_max) + " bytes");
  }
  if (!base::is_utf8(source)) {
    return failure(base::ErrorKind::invalid, "the template is not UTF-8");
  }
  auto program = std::make_shared<Program>();
  program->name = std::move(name);
  program->source = source;
  if (auto parsed = Parser(*program, options).parse(); !parsed) {
    return base::fail(parsed.error());
  }
  program->literal_bytes = literal_bytes(program->body);
  return Template(std::move(program));
}

void Partials::add(std::string name, std::string_view source, const CompileOptions& options) {
  auto compiled = compile(name, source, options);
  entries_.insert_or_assign(std::move(name), std::move(compiled));
}

const base::Result<Template>* Partials::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

const cel::Value* MapData::find(std::string_view name) const {
  return map_->find(name);
}

base::Result<std::string> render(const Template& source, const Data& data,
                                 const RenderOptions& options) {
  return Renderer(source.program(), data, options, false).run().map([](Marked&& marked) {
    return std::move(marked.text);
  });
}

base::Result<Marked> render_marked(const Template& source, const Data& data,
                                   const RenderOptions& options) {
  return Renderer(source.program(), data, options, true).run();
}

}  // namespace nurtured::content::liquid
