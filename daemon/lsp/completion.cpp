#include "daemon/lsp/completion.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "daemon/lsp/documents.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::lsp {
namespace {

// LSP 3.17, CompletionItemKind.
constexpr int kind_property = 10;
constexpr int kind_value = 12;
constexpr int kind_reference = 18;

constexpr std::string_view partials_folder = "content/partials/";

class Completer {
 public:
  Completer(const Spot& spot, PositionEncoding encoding) : spot_(spot), encoding_(encoding) {}

  cel::Value run() {
    if (const auto& quoted = spot_.quoted()) {
      span_ = quoted->span;
      offer_names(quoted->sort);
    } else if (const auto& cursor = spot_.cursor()) {
      span_ = cursor->typed;
      const auto maps = spot_.map_shapes();
      offer_keys(maps, "");
      if (cursor->where == Cursor::Where::node) offer_keys(spot_.walk().items(maps), "- ");
      for (const Shape& shape : spot_.key_shapes()) offer_values(shape, colon());
      for (const Shape& shape : spot_.scalar_shapes()) offer_values(shape, "");
    }
    return std::move(items_);
  }

 private:
  void offer(std::string_view label, int kind, std::string_view about, const std::string& text) {
    if (!offered_.emplace(label).second) return;
    if (range_.is_null()) range_ = range_value(spot_.text(), span_, encoding_);
    cel::Map item{{"label", label},
                  {"kind", kind},
                  {"textEdit", cel::Map{{"range", range_}, {"newText", text}}}};
    if (!about.empty()) item.set("documentation", about);
    items_.emplace_back(std::move(item));
  }

  void offer_names(std::string_view sort) {
    if (sort == partial_name) {
      for (const config::File& file : spot_.files().workspace.files) {
        if (!file.path.starts_with(partials_folder)) continue;
        const std::string name = file.path.substr(partials_folder.size());
        const std::string stem = name.substr(0, name.rfind('.'));
        offer(stem, kind_reference, "", stem);
      }
      return;
    }
    const auto& sorts = spot_.files().names.by_definition;
    const auto known = sorts.find(sort);
    if (known == sorts.end()) return;
    for (const std::string& name : known->second.names) offer(name, kind_reference, "", name);
  }

  void offer_keys(const std::vector<Shape>& maps, const std::string& before) {
    const Cursor& cursor = *spot_.cursor();
    const auto present = cursor.in_list || !before.empty()
                             ? std::map<std::string_view, std::string_view>()
                             : spot_.outline().keys_of(cursor.entry, cursor.self);
    for (const Shape& map : maps) {
      const cel::Value* properties = map.schema->find("properties");
      if (properties == nullptr || !properties->is_map()) continue;
      for (const auto& [key, schema] : properties->as_map()) {
        const std::string& name = key.as_string();
        if (present.contains(name)) continue;
        const auto shapes = spot_.walk().under_key({map}, name);
        offer(name, kind_property, shapes.empty() ? "" : shapes.front().about,
              before + name + colon());
      }
    }
  }

  void offer_values(const Shape& shape, const char* after) {
    const int kind = shape.definition.empty() ? kind_value : kind_reference;
    if (const cel::Value* all = shape.schema->find("enum"); all != nullptr && all->is_list()) {
      for (const cel::Value& one : all->as_list()) offer_value(one, kind, shape.about, after);
    }
    if (const cel::Value* one = shape.schema->find("const")) {
      offer_value(*one, kind, shape.about, after);
    }
    if (const cel::Value* type = shape.schema->find("type");
        type != nullptr && *type == "boolean") {
      for (const bool either : {true, false}) offer_value(either, kind, shape.about, after);
    }
  }

  void offer_value(const cel::Value& value, int kind, std::string_view about, const char* after) {
    const std::string plain = cel::to_plain_text(value);
    const char before = span_.begin == 0 ? '\n' : spot_.text()[span_.begin - 1];
    const bool is_quoted = before == '"' || before == '\'';
    const bool needs_quotes = value.is_string() && !is_quoted && !is_plain(plain);
    offer(plain, kind, about,
          (before == ':' ? " " : "") + (needs_quotes ? cel::json_quote(plain) : plain) + after);
  }

  // What a key lacks that is offered.
  const char* colon() const {
    const std::size_t self = spot_.cursor()->self;
    const bool has_one =
        self != no_entry && spot_.outline().entries()[self].kind == Entry::Kind::key;
    return has_one ? "" : ": ";
  }

  // Means itself to YAML wherever it stands.
  static bool is_plain(std::string_view text) {
    return !text.empty() && text.front() != '-' && text != "true" && text != "false" &&
           text != "null" && std::ranges::all_of(text, [](char c) {
             const auto byte = static_cast<unsigned char>(c);
             return byte >= 0x80 || std::isalnum(byte) != 0 ||
                    std::string_view("_-./").find(c) != std::string_view::npos;
           });
  }

  const Spot& spot_;
  PositionEncoding encoding_;
  Span span_;         // what an edit replaces
  cel::Value range_;  // the same as the editor counts; null until something is offered
  std::set<std::string, std::less<>> offered_;
  cel::List items_;
};

}  // namespace

cel::Value complete(const Spot& spot, PositionEncoding encoding) {
  return Completer(spot, encoding).run();
}

}  // namespace nurtured::daemon::lsp
