#include "config/messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/names.h"
#include "config/section.h"
#include "config/text.h"

namespace nurtured::config {
namespace {

constexpr std::string_view content_folder = "content/";
constexpr std::string_view layouts_folder = "content/layouts/";
constexpr std::string_view partials_folder = "content/partials/";
constexpr std::size_t wording_bytes_max = 64 * 1024;
constexpr std::size_t buttons_max = 20;
constexpr std::size_t attachments_max = 20;

// Where one piece of a message (content::Message::usage names them) stands: a scalar of the front
// matter, or the body below it.
struct Piece {
  const MessageFile* file = nullptr;
  const Node* scalar = nullptr;  // null: the body
};

base::Place place_of(const Piece& piece, const base::Place& inside) {
  if (piece.scalar != nullptr) {
    return place_inside(*piece.scalar, piece.file->front_source, inside);
  }
  base::Place place = inside;
  place.path = piece.file->path;
  place.line = piece.file->body_line + std::max(inside.line, 1) - 1;
  return place;
}

// A wording, and for each of its pieces where it stands.
struct Worded {
  content::Wording wording;
  std::map<std::string, Piece, std::less<>> pieces;
};

// "content/welcome.pt-BR.md" → "welcome" and "pt-BR".
struct FileName {
  std::string message;
  std::string locale;
};
FileName split_name(const std::string& path) {
  std::string name = path.substr(content_folder.size());
  name.resize(name.size() - std::string_view(".md").size());
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return {std::move(name), ""};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

// BCP 47 in the short forms that people use: "ru", "pt-BR", "zh-Hant".
bool is_locale(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::string_view language = text.substr(0, dash);
  const bool is_language =
      (language.size() == 2 || language.size() == 3) &&
      std::all_of(language.begin(), language.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!is_language || dash == std::string_view::npos) return is_language;
  const std::string_view region = text.substr(dash + 1);
  return region.size() >= 2 && region.size() <= 8 &&
         std::all_of(region.begin(), region.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

class WordingReader {
 public:
  WordingReader(const MessageFile& file, Section& section, const Catalogue& catalogue)
      : file_(file), section_(section), catalogue_(catalogue) {}

  // `base` is the wording that a locale changes: what it leaves out stays.
  Worded read(const Worded* base) {
    if (base != nullptr) out_ = *base;
    read_text("subject", out_.wording.subject);
    read_text("preheader", out_.wording.preheader);
    read_buttons();
    read_overrides();
    read_body(base != nullptr);
    return std::move(out_);
  }

 private:
  std::optional<std::string> wording(Section& section, std::string_view key, std::string piece) {
    const Node* node = section.node(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_scalar() || node->text.empty() || node->text.size() > wording_bytes_max) {
      section.error(key, fmt::format("`{}` is no text of 1 to {} bytes", key, wording_bytes_max));
      return std::nullopt;
    }
    out_.pieces[std::move(piece)] = {&file_, node};
    return node->text;
  }

  void read_text(std::string_view key, std::string& text) {
    if (auto read = wording(section_, key, std::string(key))) text = std::move(*read);
  }

  void read_buttons() {
    const Node* list = section_.node("buttons");
    if (list == nullptr) return;
    out_.wording.buttons.clear();
    if (!list->is_list() || list->items.size() > buttons_max) {
      section_.error("buttons", fmt::format("`buttons` is no list of at most {}", buttons_max),
                     "write `- {id: ID, text: TEXT, url: URL}`");
      return;
    }
    for (const Node& item : list->items) read_button(item);
  }

  void read_button(const Node& item) {
    Section section(item, "buttons", section_.problems());
    content::ButtonSource button;
    section.require("id", "name it: clicks are counted by this");
    section.require("text", "say what stands on it");
    section.require("url", "write where it leads: url: \"https://example.org\"");
    button.id = section.text("id").value_or("");
    if (!button.id.empty()) {
      check_name(button.id, "button", "", section.node("id")->place, section.problems());
    }
    button.text = wording(section, "text", "buttons." + button.id + ".text").value_or("");
    button.url = wording(section, "url", "buttons." + button.id + ".url").value_or("");
    section.finish();
    auto& buttons = out_.wording.buttons;
    const bool is_twin = std::any_of(buttons.begin(), buttons.end(),
                                     [&](const auto& b) { return b.id == button.id; });
    if (is_twin) {
      section.error("id", fmt::format("two buttons have the id `{}`", button.id), "rename one");
    } else if (!button.id.empty() && !button.text.empty() && !button.url.empty()) {
      buttons.push_back(std::move(button));
    }
  }

  void read_overrides() {
    auto channels = section_.section("channels");
    if (!channels) return;
    for (const Entry& entry : section_.node("channels")->entries) {
      const auto& known = catalogue_.channels;
      const bool is_known = std::find(known.begin(), known.end(), entry.key) != known.end();
      if (!is_known && catalogue_.knows_channels) {
        section_.problems().error(
            entry.place, fmt::format("there is no channel `{}`", entry.key),
            did_you_mean(entry.key, known, "add it to `channels` in nurtured.yaml"));
      }
      Section section(entry.value, "channels." + entry.key, section_.problems());
      section.require("text", "say what goes by this channel");
      if (auto text = wording(section, "text", "channels." + entry.key + ".text")) {
        out_.wording.overrides[entry.key] = std::move(*text);
      }
      section.finish();
    }
  }

  void read_body(bool may_be_empty) {
    const bool is_empty = file_.body.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (!is_empty) {
      out_.wording.body = std::string(file_.body);
      out_.pieces["body"] = {&file_, nullptr};
    } else if (!may_be_empty) {
      section_.problems().error({file_.path, file_.body_line, 1, 1}, "the message has no text",
                                "write it below the front matter");
    }
  }

  const MessageFile& file_;
  Section& section_;
  const Catalogue& catalogue_;
  Worded out_;
};

class MessageReader {
 public:
  MessageReader(const Workspace& workspace, Catalogue& catalogue, Uses& uses, Problems& problems)
      : workspace_(workspace), catalogue_(catalogue), uses_(uses), problems_(problems) {}

  Messages read() {
    read_library();
    for (const File& file : workspace_.files) {
      const bool is_message = file.path.starts_with(content_folder) && file.path.ends_with(".md") &&
                              file.path.find('/', content_folder.size()) == std::string::npos;
      if (is_message) add_file(file);
    }
    for (const auto& [name, locales] : files_) read_message(name, locales);
    return std::move(out_);
  }

 private:
  using Locales = std::map<std::string, MessageFile, std::less<>>;

  void add_file(const File& file) {
    const FileName name = split_name(file.path);
    const base::Place place{file.path, 0, 0, 1};
    if (!check_name(name.message, "message", "", place, problems_)) return;
    if (!name.locale.empty() && !is_locale(name.locale)) {
      problems_.error(place, fmt::format("`{}` is no language", name.locale),
                      "name the file NAME.md or, for a language, NAME.ru.md");
      return;
    }
    if (auto read = read_message_file(file.path, file.text, problems_)) {
      files_[name.message].emplace(name.locale, std::move(*read));
    } else if (name.locale.empty()) {
      // It is there, so that what sends it is not at fault as well.
      broken_.insert(name.message);
      MessageFacts& facts = catalogue_.messages[name.message];
      facts.has_subject = true;
      facts.has_expires = true;
    }
  }

  // ---- layouts and partials

  void read_library() {
    auto library = std::make_shared<content::Library>();
    for (const File& file : workspace_.files) {
      if (file.path.starts_with(partials_folder)) add_partial(file, *library);
      if (file.path.starts_with(layouts_folder)) add_layout(file, *library);
    }
    for (const auto& [name, file] : partials_) check_partial(name, *file, *library);
    for (const auto& [name, layout] : library->layouts) {
      const std::string path = fmt::format("{}{}.html", layouts_folder, name);
      check_usage(layout.usage(), *library, in_file(path), uses_, problems_);
    }
    out_.library = std::move(library);
  }

  static std::function<base::Place(const base::Place&)> in_file(const std::string& path) {
    return [path](base::Place place) {
      place.path = path;
      return place;
    };
  }

  static std::string stem(const std::string& path, std::string_view folder) {
    const std::string name = path.substr(folder.size());
    return name.substr(0, name.rfind('.'));
  }

  void add_partial(const File& file, content::Library& library) {
    const std::string name = stem(file.path, partials_folder);
    if (!check_name(name, "partial", "", {file.path, 0, 0, 1}, problems_)) return;
    const auto [twin, is_new] = partials_.emplace(name, &file);
    if (!is_new) {
      problems_.error({file.path, 0, 0, 1},
                      fmt::format("{} is the partial `{}` already", twin->second->path, name),
                      "rename one of them");
      return;
    }
    library.partials.add(name, without_bom(file.text));
  }

  void check_partial(const std::string& name, const File& file, const content::Library& library) {
    const auto* partial = library.partials.find(name);
    if (partial == nullptr) return;
    if (!*partial) {
      const base::Error& error = partial->error();
      problems_.error(in_file(file.path)(error.place), error.message, error.remedy);
      return;
    }
    check_usage((*partial)->usage(), library, in_file(file.path), uses_, problems_);
    check_escaping((*partial)->usage(), in_file(file.path), problems_);
  }

  void add_layout(const File& file, content::Library& library) {
    const std::string name = stem(file.path, layouts_folder);
    if (!check_name(name, "layout", "", {file.path, 0, 0, 1}, problems_)) return;
    auto layout = content::liquid::compile(file.path, without_bom(file.text));
    if (layout) {
      library.layouts.emplace(name, std::move(*layout));
    } else {
      problems_.error(in_file(file.path)(layout.error().place), layout.error().message,
                      layout.error().remedy);
    }
  }

  // ---- messages

  void read_message(const std::string& name, const Locales& locales) {
    if (broken_.contains(name)) return;
    const auto base = locales.find("");
    if (base == locales.end()) {
      problems_.error(
          {locales.begin()->second.path, 0, 0, 1},
          fmt::format("the message `{}` has no file without a language", name),
          fmt::format("write content/{}.md, which all other languages fall back to", name));
      return;
    }
    const MessageFile& file = base->second;
    Section section(file.front.root, "", problems_);
    content::MessageSource source;
    source.name = name;
    rules::MessageInfo info = read_info(name, file, section);
    source.kind = info.kind;
    source.attachments = read_attachments(section);
    source.layout = read_layout(section);
    const Worded worded = WordingReader(file, section, catalogue_).read(nullptr);
    section.finish();
    source.wording = worded.wording;
    std::map<std::string, Piece, std::less<>> pieces = worded.pieces;
    for (const auto& [locale, variant] : locales) {
      if (!locale.empty()) add_variant(locale, variant, worded, source, pieces);
    }
    if (info.expires) out_.scenes[name].expiring = file;
    catalogue_.messages[name] = {.kind = info.kind,
                                 .has_subject = !worded.wording.subject.empty(),
                                 .has_expires = info.expires.has_value(),
                                 .place = {file.path, 1, 1, 1}};
    out_.infos.push_back(std::move(info));
    compile_message(source, pieces);
  }

  rules::MessageInfo read_info(const std::string& name, const MessageFile& file, Section& section) {
    rules::MessageInfo info;
    info.name = name;
    if (section.require("kind", "write `kind: value` or another kind between two lines `---`")) {
      const auto kind = section.choice("kind", kinds);
      if (kind) info.kind = rules::parse_kind(*kind).value_or(info.kind);
    }
    info.stage = section.choice("stage", stages).value_or("");
    info.role = section.choice("role", roles).value_or("");
    info.topic = section.text("topic").value_or("");
    if (const Node* expires = section.node("expires"); expires != nullptr) {
      const Document document{file.path, file.front_source, {}};
      info.expires =
          read_expression(*expires, Wanted::moment, {}, {document, catalogue_, uses_, problems_});
    }
    return info;
  }

  std::vector<std::string> read_attachments(Section& section) {
    std::vector<std::string> paths;
    const auto& seen = workspace_.seen;
    for (auto& [path, place] : section.placed_texts("attach")) {
      const bool is_there = !workspace_.knows_files || std::ranges::find(seen, path) != seen.end();
      if (!is_there || !path.starts_with("files/")) {
        problems_.error(place, fmt::format("there is no file `{}`", path),
                        did_you_mean(path, seen, "put it below files/ and name it from there"));
      }
      paths.push_back(std::move(path));
    }
    if (paths.size() > attachments_max) {
      section.error("attach", fmt::format("a message has at most {} attachments", attachments_max));
    }
    return paths;
  }

  // The named one, else `default` where the workspace has it, else the program's own.
  std::string read_layout(Section& section) {
    const auto& layouts = out_.library->layouts;
    const auto name = section.text("layout");
    if (!name) return layouts.contains("default") ? "default" : "";
    if (!layouts.contains(*name)) {
      section.error("layout", fmt::format("there is no layout `{}`", *name),
                    did_you_mean(*name, keys_of(layouts), "put it in content/layouts"));
      return "";
    }
    uses_.layouts.insert(*name);
    return *name;
  }

  void add_variant(const std::string& locale, const MessageFile& file, const Worded& base,
                   content::MessageSource& source,
                   std::map<std::string, Piece, std::less<>>& pieces) {
    Section section(file.front.root, "", problems_);
    for (const std::string_view key :
         {"kind", "stage", "role", "topic", "attach", "expires", "layout"}) {
      if (section.node(key) == nullptr) continue;
      section.error(key, fmt::format("`{}` is the same in every language", key),
                    fmt::format("keep it in content/{}.md", source.name));
    }
    Worded worded = WordingReader(file, section, catalogue_).read(&base);
    section.finish();
    for (auto& [name, piece] : worded.pieces) pieces[locale + "/" + name] = piece;
    source.variants.emplace(locale, std::move(worded.wording));
  }

  void compile_message(const content::MessageSource& source,
                       const std::map<std::string, Piece, std::less<>>& pieces) {
    const auto place = [&](const std::string& name, const base::Place& inside) {
      const auto piece = pieces.find(name);
      if (piece != pieces.end()) return place_of(piece->second, inside);
      return base::Place{fmt::format("content/{}.md", source.name), 1, 1, 1};
    };
    auto message = content::compile(source, out_.library);
    if (!message) {
      for (const base::Error& error : message.error()) {
        // Partials that are not there are told below, with the nearest name.
        if (error.kind == base::ErrorKind::not_found && pieces.contains(error.place.path)) continue;
        problems_.error(place(error.place.path, error.place), error.message, error.remedy);
      }
      // What is wrong in its other pieces is told as well.
      for (const auto& [name, piece] : pieces) {
        const auto sound = content::liquid::compile(
            name, piece.scalar == nullptr ? piece.file->body : piece.scalar->text);
        if (sound) check_piece(source.name, sound->usage(), piece);
      }
      return;
    }
    for (const auto& [name, usage] : message->usage()) {
      const auto piece = pieces.find(name);
      if (piece != pieces.end()) check_piece(source.name, usage, piece->second);
    }
    out_.compiled.emplace(source.name, std::move(*message));
  }

  void check_piece(const std::string& message, const content::liquid::Usage& usage,
                   const Piece& piece) {
    const auto place = [&](const base::Place& inside) { return place_of(piece, inside); };
    check_usage(usage, *out_.library, place, uses_, problems_);
    check_variables(usage, {}, catalogue_, place, problems_);
    for (const content::liquid::VariableUse& use : usage.variables) {
      constexpr std::string_view roots[] = {"contact.", "event.", "enrollment."};
      const bool depends =
          std::ranges::any_of(roots, [&](auto root) { return use.path.starts_with(root); });
      if (depends) out_.scenes[message].variables.push_back({use, place(use.place)});
    }
    check_escaping(usage, place, problems_);
    check_pages(message, usage, place);
  }

  // Which pages a message has is decided by its kind: a link to another leads nowhere.
  void check_pages(const std::string& message, const content::liquid::Usage& usage,
                   const std::function<base::Place(const base::Place&)>& place) {
    const auto facts = catalogue_.messages.find(message);
    if (facts == catalogue_.messages.end()) return;
    const bool is_marketing = rules::is_marketing(facts->second.kind);
    for (const content::liquid::VariableUse& use : usage.variables) {
      const bool ends_marketing = use.path == "unsubscribe_url" || use.path == "preferences_url";
      if (!ends_marketing && use.path != "confirm_url") continue;
      if (ends_marketing == is_marketing) continue;
      problems_.error(place(use.place),
                      fmt::format("a message of kind `{}` has no `{}`",
                                  rules::to_string(facts->second.kind), use.path),
                      is_marketing ? "ask for consent with a message of kind `reply`"
                                   : "only value, engagement and offer have it");
    }
  }

  const Workspace& workspace_;
  Catalogue& catalogue_;
  Uses& uses_;
  Problems& problems_;
  Messages out_;
  std::map<std::string, Locales, std::less<>> files_;
  std::map<std::string, const File*, std::less<>> partials_;
  std::set<std::string, std::less<>> broken_;
};

}  // namespace

Messages read_messages(const Workspace& workspace, Catalogue& catalogue, Uses& uses,
                       Problems& problems) {
  return MessageReader(workspace, catalogue, uses, problems).read();
}

void check_senders(const Messages& messages, const Catalogue& catalogue, const Uses& uses,
                   Problems& problems) {
  for (const MessageUse& use : uses.messages) {
    const auto found = messages.scenes.find(use.message);
    if (found == messages.scenes.end()) continue;
    const MessageScenes& scenes = found->second;
    Problems here;
    for (const MessageScenes::Variable& variable : scenes.variables) {
      const auto place = [&](const base::Place& /*unused*/) { return variable.place; };
      check_variables({.variables = {variable.use}}, use.scene, catalogue, place, here);
    }
    if (scenes.expiring) {
      const Document document{scenes.expiring->path, scenes.expiring->front_source, {}};
      Uses counted_before;
      read_expression(*scenes.expiring->front.root.find("expires"), Wanted::moment, use.scene,
                      {document, catalogue, counted_before, here});
    }
    for (Problem& problem : here.take()) {
      // The message may be right for others that send it, so this refuses no workspace.
      problem.severity = Severity::warning;
      if (problem.name.empty()) problem.name = "not-for-sender";
      problem.message += fmt::format(" (sent by {})", use.place.path);
      problems.add(std::move(problem));
    }
  }
}

}  // namespace nurtured::config
