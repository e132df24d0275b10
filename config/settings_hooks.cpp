// `hooks` in nurtured.yaml: config/hook.h.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "config/settings.h"

namespace nurtured::config {
namespace {

constexpr std::size_t secret_bytes_min = 16;

// What a preset says where the hook itself says nothing.
struct Preset {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string_view>> traits;
  std::string_view id;
  std::string_view ignore;
};

// Tilda: form fields under the names that the form's author gave them, Name, Email and Phone by
// default; `tranid` names a submission, and `test=test` comes when the webhook is set up (Tilda's
// help, "Webhook").
// html: the names that browsers fill in by themselves (HTML standard, autofill).
const std::array<Preset, 2>& presets() {
  static const std::array<Preset, 2> all = {
      Preset{"tilda",
             {{"email", "body.Email"}, {"phone", "body.Phone"}, {"first_name", "body.Name"}},
             "body.tranid",
             R"(body.test == "test")"},
      Preset{"html",
             {{"email", "body.email"},
              {"phone", "body.tel"},
              {"first_name", "body.name"},
              {"last_name", "body.family_name"}},
             "",
             ""}};
  return all;
}

// One expression of the hook. nullopt, and reported, when it is none.
std::optional<cel::Program> read_mapping(const Node& node, std::string_view source,
                                         const Document& document, Problems& problems) {
  static const cel::Environment environment = hook_environment();
  auto program = cel::compile(source, environment);
  if (program) return *std::move(program);
  report_inside(document, node, program.error(), problems);
  return std::nullopt;
}

class HookReader {
 public:
  HookReader(std::string name, Section& section, const Document& document,
             const Catalogue& catalogue)
      : section_(section), document_(document), catalogue_(catalogue) {
    hook_.name = std::move(name);
  }

  Hook run() {
    read_preset();
    read_guard();
    read_event();
    hook_.user = expression("user");
    read_traits();
    read_properties();
    read_consents();
    if (auto id = expression("id")) hook_.id = std::move(id);
    if (auto ignore = expression("ignore")) hook_.ignore = std::move(ignore);
    hook_.answer = section_.text("answer").value_or(hook_.answer);
    read_redirect();
    section_.finish();
    return std::move(hook_);
  }

 private:
  std::optional<cel::Program> expression(std::string_view key) {
    const Node* node = section_.node(key);
    return node == nullptr ? std::nullopt : expression(*node, node->text);
  }
  std::optional<cel::Program> expression(const Node& node, std::string_view source) {
    if (node.is_scalar() && source.find_first_not_of(" \t\r\n") != std::string_view::npos) {
      return read_mapping(node, source, document_, section_.problems());
    }
    section_.problems().error(node.place, "this is no expression",
                              "write one over body, headers and query, such as body.email");
    return std::nullopt;
  }

  void read_preset() {
    std::vector<std::string_view> names;
    for (const Preset& preset : presets()) names.push_back(preset.name);
    const auto named = section_.choice("preset", names);
    if (!named) return;
    const auto found = std::ranges::find(presets(), *named, &Preset::name);
    for (const auto& [trait, source] : found->traits) {
      hook_.traits.emplace_back(trait, *cel::compile(source, hook_environment()));
    }
    if (!found->id.empty()) hook_.id = *cel::compile(found->id, hook_environment());
    if (!found->ignore.empty()) hook_.ignore = *cel::compile(found->ignore, hook_environment());
  }

  void read_guard() {
    hook_.is_public = section_.boolean("public").value_or(false);
    read_key();
    read_signature();
    if (hook_.is_public && hook_.key) {
      section_.error("public", fmt::format("the hook `{}` has a key and is public", hook_.name),
                     "leave `public` out: then only who has the key may post");
    } else if (hook_.is_public) {
      section_.warning("public", "public-hook",
                       fmt::format("anybody may post to /hooks/{} and make contacts", hook_.name),
                       "give it a `key` where the sender can keep one");
    } else if (!hook_.key && !hook_.signature) {
      section_.error("", fmt::format("nothing tells who may post to the hook `{}`", hook_.name),
                     "set `key`, `signature` or `public: true`");
    }
  }

  void read_key() {
    const Node* node = section_.node("key");
    if (node == nullptr) return;
    HookKey key;
    if (node->is_map()) {
      Section map(*node, section_.name() + ".key", section_.problems(), section_.secrets());
      map.require("secret", "write the key, or ${credential:NAME}");
      key.secret = map.secret("secret").value_or(Secret());
      for (const auto& [name, place] :
           {std::pair{"header", HookKey::Place::header}, std::pair{"query", HookKey::Place::query},
            std::pair{"field", HookKey::Place::field}}) {
        if (auto named = map.text(name)) {
          if (!key.name.empty()) {
            map.error(name, "a key stands in one place", "write `header`, `query` or `field`");
          }
          key.name = *std::move(named);
          key.place = place;
        }
      }
      map.finish();
    } else {
      key.secret = section_.secret("key").value_or(Secret());
    }
    judge_secret("key", key.secret);
    hook_.key = std::move(key);
  }

  void judge_secret(std::string_view key, const Secret& secret) {
    const std::string& text = secret.reveal();
    if (text.empty() || refers_to_secret(text) || text.size() >= secret_bytes_min) return;
    section_.error(key, fmt::format("this is too short to be a secret: {} bytes", text.size()),
                   fmt::format("use at least {}, drawn at random", secret_bytes_min));
  }

  void read_signature() {
    auto map = section_.section("signature");
    if (!map) return;
    HookSignature signature;
    map->require("secret", "write the secret, or ${credential:NAME}");
    map->require("header", "name the header that the signature comes in");
    signature.secret = map->secret("secret").value_or(Secret());
    signature.header = map->text("header").value_or("");
    signature.prefix = map->text("prefix").value_or("");
    signature.is_base64 = map->choice("encoding", {"hex", "base64"}).value_or("hex") == "base64";
    signature.over = map->text("over").value_or(signature.over);
    signature.timestamp_header = map->text("timestamp").value_or("");
    if (const auto tolerance = map->period(
            "tolerance", {.min = std::chrono::seconds{1}, .max = std::chrono::hours{24}})) {
      signature.tolerance = *tolerance;
    }
    if (signature.over.find("{body}") == std::string::npos) {
      map->error("over", "the signature does not cover the body", "write {body} in it");
    }
    const bool has_timestamp = !signature.timestamp_header.empty();
    const bool covers_timestamp = signature.over.find("{timestamp}") != std::string::npos;
    if (has_timestamp && !covers_timestamp) {
      map->error("over", "the signature does not cover the timestamp", "write {timestamp} in it");
    }
    if (covers_timestamp && !has_timestamp) {
      map->error("over", "nothing tells the timestamp that the signature covers",
                 "name its header: `timestamp`");
    }
    map->finish();
    judge_secret("signature", signature.secret);
    hook_.signature = std::move(signature);
  }

  void read_event() {
    if (!section_.require("event", "name the event that it makes, such as form.sent")) return;
    const Node* node = section_.node("event");
    if (node->is_scalar() && node->text.starts_with('=')) {
      // The sign becomes a blank, which CEL passes over, so that places stay right.
      hook_.event_of = expression(*node, " " + node->text.substr(1));
      return;
    }
    hook_.event = section_.text("event").value_or("");
    if (built_in_events().contains(hook_.event) || hook_.event.starts_with("message.")) {
      section_.error("event", fmt::format("`{}` is an event of the daemon's own", hook_.event),
                     "name one of yours");
      return;
    }
    judge_event();
  }

  // Ingest takes any event; one that is made here has a slip in its name where events.yaml lists
  // those that come.
  void judge_event() {
    const auto& known = catalogue_.events;
    if (hook_.event.empty() || known.empty() || known.contains(hook_.event)) return;
    std::vector<std::string> names;
    for (const auto& [name, shape] : known) names.push_back(name);
    section_.warning("event", "unlisted-event",
                     fmt::format("events.yaml does not list the event `{}`", hook_.event),
                     did_you_mean(hook_.event, names, "list it, with its properties' types"));
  }

  void read_traits() {
    for (auto& [name, program] : fields("traits").value_or(Hook::Fields())) {
      std::erase_if(hook_.traits, [&](const auto& its) { return its.first == name; });
      hook_.traits.emplace_back(name, std::move(program));
    }
    if (!hook_.user && hook_.traits.empty()) {
      section_.error("traits",
                     fmt::format("the hook `{}` does not tell whom it is about", hook_.name),
                     "map `user`, or an address under `traits`: {email: body.email}");
    }
  }

  void read_properties() { hook_.properties = fields("properties"); }

  std::optional<Hook::Fields> fields(std::string_view key) {
    const Node* node = section_.node(key);
    if (node == nullptr) return std::nullopt;
    Hook::Fields out;
    if (!node->is_map()) {
      section_.error(key, fmt::format("`{}` is no map of names and expressions", key),
                     "write {NAME: body.FIELD}");
      return out;
    }
    for (const Entry& entry : node->entries) {
      if (auto program = expression(entry.value, entry.value.text)) {
        out.emplace_back(entry.key, *std::move(program));
      }
    }
    return out;
  }

  void read_consents() {
    const auto map = section_.section("consent");
    if (!map) return;
    for (const Entry& entry : section_.node("consent")->entries) {
      const auto& known = catalogue_.channels;
      if (std::ranges::find(known, entry.key) == known.end()) {
        section_.problems().error(entry.place, fmt::format("there is no channel `{}`", entry.key),
                                  did_you_mean(entry.key, known, "add it to `channels`"));
      }
      Section consent(entry.value, section_.name() + ".consent." + entry.key, section_.problems());
      hook_.consents.push_back(read_consent(entry.key, consent));
    }
  }

  HookConsent read_consent(const std::string& channel, Section& section) {
    HookConsent consent{.channel = channel};
    if (const Node* node = section.node("if")) {
      consent.condition = expression(*node, node->text);
      if (consent.condition && !consent.condition->type().may_be_bool()) {
        section.error("if", "this gives no yes or no", "compare it: body.agree == \"on\"");
      }
    } else {
      section.warning("", "consent-without-box",
                      "whoever sends the form counts as having agreed, without having said so",
                      "add `if: body.agree == \"on\"` and a box that is not ticked beforehand");
    }
    section.require("wording", "write what the form says that they agree to: it is the evidence");
    if (const Node* node = section.node("wording")) {
      if (node->is_scalar() && node->text.starts_with('=')) {
        consent.wording_of = expression(*node, " " + node->text.substr(1));
      } else {
        consent.wording = section.text("wording").value_or("");
      }
    }
    if (const Node* node = section.node("from")) consent.from = expression(*node, node->text);
    section.finish();
    return consent;
  }

  void read_redirect() {
    const auto url = section_.text("redirect");
    if (!url) return;
    const bool is_web = url->starts_with("https://") || url->starts_with("http://");
    if (!is_web || url->find_first_of(" \t\r\n\"<>") != std::string::npos) {
      section_.error("redirect", "this is no address of a page", "write https://…");
    }
    hook_.redirect = *url;
    if (section_.node("answer") == nullptr) return;
    section_.warning("answer", "answer-not-shown", "nobody sees it: `redirect` leads on",
                     "leave one of the two out");
  }

  Section& section_;
  const Document& document_;
  const Catalogue& catalogue_;
  Hook hook_;
};

}  // namespace

cel::Environment hook_environment() {
  cel::Environment environment({.missing_is_null = true, .mixed_numbers = true});
  for (const char* name : {"body", "headers", "query"}) {
    environment.add_variable(name, cel::Type::object({.name = name, .fields = {}, .open = true}));
  }
  return environment;
}

void read_hooks(Section& root, const Document& document, const Catalogue& catalogue,
                Config& config) {
  if (!root.section("hooks")) return;
  for (const Entry& entry : root.node("hooks")->entries) {
    if (!check_name(entry.key, "hook", "", entry.place, root.problems())) continue;
    Section section(entry.value, "hooks." + entry.key, root.problems(), root.secrets());
    config.hooks.emplace(entry.key, HookReader(entry.key, section, document, catalogue).run());
  }
}

}  // namespace nurtured::config
