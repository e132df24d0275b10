#include "daemon/hooks.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <span>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "daemon/charset.h"
#include "daemon/ingest_message.h"
#include "http/multipart.h"
#include "rules/cel/json.h"
#include "rules/cel/scope.h"
#include "rules/cel/utf8.h"
#include "rules/traits.h"
#include "store/types.h"

namespace nurtured::daemon {
namespace {

constexpr std::size_t wording_bytes_max = 4096;

tl::unexpected<base::Error> denied(const char* why) {
  return base::fail(base::ErrorKind::denied, why);
}

// ---- who may post

bool is_key(const config::HookKey& key, const http::Request& request, std::string_view path_key,
            const cel::Value& body) {
  const auto equals = [&](std::string_view given) {
    return base::equal_constant_time(given, key.secret.reveal());
  };
  switch (key.place) {
    case config::HookKey::Place::path:
      return equals(path_key);
    case config::HookKey::Place::header:
      return equals(request.headers.find(key.name).value_or(""));
    case config::HookKey::Place::query: {
      const auto query = request.query();
      const std::string* given = query ? http::find(*query, key.name) : nullptr;
      return given != nullptr && equals(*given);
    }
    case config::HookKey::Place::field: {
      const cel::Value* given = body.find(key.name);
      return given != nullptr && given->is_string() && equals(given->as_string());
    }
  }
  return false;
}

void replace(std::string& text, std::string_view mark, std::string_view with) {
  if (const auto at = text.find(mark); at != std::string::npos) text.replace(at, mark.size(), with);
}

base::Result<void> check_signature(const config::HookSignature& its, const http::Request& request,
                                   Instant now) {
  const auto given = request.headers.find(its.header);
  if (!given || !given->starts_with(its.prefix)) return denied("the signature is missing");
  std::string_view timestamp;
  if (!its.timestamp_header.empty()) {
    timestamp = request.headers.find(its.timestamp_header).value_or("");
    std::int64_t seconds = 0;
    const char* end = timestamp.data() + timestamp.size();
    const auto [read, fault] = std::from_chars(timestamp.data(), end, seconds);
    if (timestamp.empty() || fault != std::errc() || read != end ||
        std::abs(seconds) > std::int64_t{1} << 40) {
      return denied("the timestamp is missing");
    }
    const Instant at{std::chrono::seconds{seconds}};
    if (at < now - its.tolerance || at > now + its.tolerance) {
      return denied("the timestamp is too far from now");
    }
  }
  // The body last, for it may hold what looks like a mark.
  std::string over = its.over;
  replace(over, "{timestamp}", timestamp);
  replace(over, "{body}", request.body);
  const std::string expected(base::view(base::hmac_sha256(its.secret.reveal(), over)));
  const std::string_view text = given->substr(its.prefix.size());
  const std::string spelled = its.is_base64 ? base::to_base64(expected) : base::to_hex(expected);
  if (!base::equal_constant_time(text, spelled)) return denied("the signature is wrong");
  return {};
}

// ---- what they post

std::string readable(std::string_view text) {
  return base::is_utf8(text) ? std::string(text) : cel::to_utf8(cel::to_code_points(text));
}

// A parameter of the header's value, without quotes; empty where there is none.
std::string_view parameter_of(std::string_view content_type, std::string_view name) {
  for (std::size_t at = content_type.find(';'); at != std::string_view::npos;
       at = content_type.find(';', at + 1)) {
    std::string_view rest = content_type.substr(at + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) continue;
    if (!http::equal_ignoring_case(rest.substr(0, equals), name)) continue;
    std::string_view value = rest.substr(equals + 1);
    value = value.substr(0, value.find(';'));
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (value.size() > 1 && value.starts_with('"') && value.ends_with('"')) {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return {};
}

// The fields in UTF-8, of a form in `charset`, by the header or by the field `_charset_` that
// browsers fill in (HTML standard, "form submission", "naming form controls"). What is UTF-8
// already stays: ASCII is, in every charset that forms come in.
base::Result<http::Parameters> decoded(http::Parameters fields, std::string_view charset) {
  const std::string* named = http::find(fields, "_charset_");
  const std::string name(named == nullptr || named->empty() ? charset : std::string_view(*named));
  if (name.empty() || is_utf8_name(name)) return fields;
  for (auto& field : fields) {
    for (std::string* text : {&field.name, &field.value}) {
      if (base::is_utf8(*text)) continue;
      auto utf8 = to_utf8(*text, name);
      if (!utf8) return base::fail("the form: " + utf8.error().message);
      *text = *std::move(utf8);
    }
  }
  return fields;
}

// "a[b][c]" in its parts; the name alone where the brackets do not fit.
std::vector<std::string> path_of(const std::string& name) {
  const std::size_t open = name.find('[');
  if (open == 0 || open == std::string::npos || !name.ends_with(']')) return {name};
  std::vector<std::string> path = {name.substr(0, open)};
  for (std::size_t at = open; at < name.size();) {
    const std::size_t close = name.find(']', at);
    if (name[at] != '[' || close == std::string::npos) return {name};
    path.push_back(name.substr(at + 1, close - at - 1));
    at = close + 1;
  }
  return path.size() > hook_nesting_max ? std::vector{name} : path;
}

// `old`, with `value` under the rest of the path. "a[]" and a name that comes again make a list.
cel::Value with(const cel::Value* old, std::span<const std::string> path,
                const std::string& value) {
  if (!path.empty() && !path.front().empty()) {
    cel::Map map;
    if (old != nullptr && old->is_map()) {
      for (const auto& entry : old->as_map()) map.set(entry.key, entry.value);
    }
    const cel::Value known(map);
    map.set(path.front(), with(known.find(path.front()), path.subspan(1), value));
    return map;
  }
  cel::List list;
  if (old != nullptr && old->is_list()) {
    for (const auto& item : old->as_list()) list.push_back(item);
  } else if (old != nullptr) {
    list.push_back(*old);
  } else if (path.empty()) {
    return value;
  }
  list.emplace_back(value);
  return list;
}

cel::Value form_value(const http::Parameters& fields) {
  cel::Value out(cel::Map{});
  for (const auto& [name, value] : fields) {
    out = with(&out, path_of(readable(name)), readable(value));
  }
  return out;
}

// A secret is no property of an event.
cel::Value without(const cel::Value& body, const std::string& field) {
  cel::Map rest;
  for (const auto& entry : body.as_map()) {
    if (entry.key != cel::Value(field)) rest.set(entry.key, entry.value);
  }
  return rest;
}

bool is_type(std::string_view content_type, std::string_view wanted) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return http::equal_ignoring_case(type, wanted);
}

class HookScope final : public cel::Scope {
 public:
  HookScope(const http::Request& request, cel::Value body) : body_(std::move(body)) {
    cel::Map headers;
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
      std::string lower(request.headers.name(i));
      std::ranges::transform(lower, lower.begin(), [](char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      });
      headers.set(lower, readable(request.headers.value(i)));
    }
    headers_ = std::move(headers);
    const auto query = request.query();
    query_ = query ? form_value(*query) : cel::Value(cel::Map{});
  }

  std::optional<cel::Value> variable(std::size_t variable) const override {
    return whole(variable);
  }
  const cel::Value* field(std::size_t variable, cel::FieldName field,
                          cel::Value& /*made*/) const override {
    return whole(variable).find(field.name);
  }
  base::Result<cel::Value> call(std::size_t /*function*/,
                                std::span<const cel::Value> /*arguments*/) const override {
    return base::fail(base::ErrorKind::internal, "hooks declare no functions");
  }

  const cel::Value& body() const { return body_; }

 private:
  const cel::Value& whole(std::size_t variable) const {
    if (variable == config::hook_body) return body_;
    return variable == config::hook_headers ? headers_ : query_;
  }

  cel::Value body_;
  cel::Value headers_;
  cel::Value query_;
};

// ---- the mapping

class HookMapper {
 public:
  HookMapper(const config::Hook& hook, const http::Request& request, cel::Value body, Instant now)
      : hook_(hook), request_(request), scope_(request, std::move(body)), now_(now) {}

  HookEvent run(const TypedProperties& typed) {
    if (hook_.ignore && is_true(*hook_.ignore, "ignore")) return {};
    EventInput input;
    input.event.name = event();
    if (input.event.name.empty()) return {.input = std::nullopt, .problems = std::move(problems_)};
    input.event.occurred_at = now_;
    input.event.received_at = now_;
    input.event.properties = properties();
    if (typed) {
      input.event.properties = typed(input.event.name, std::move(input.event.properties));
    }
    cel::Map traits;
    for (const auto& [name, program] : hook_.traits) {
      if (auto value = evaluate(program, name); !is_blank(value))
        traits.set(name, std::move(value));
    }
    rules::apply_traits(traits, input.event.change, problems_);
    add_consents(input.event.change);
    name_contact(input);
    input.message_id = store::dedup_key("hook " + hook_.name, id());
    return {.input = std::move(input), .problems = std::move(problems_)};
  }

 private:
  static bool is_blank(const cel::Value& value) {
    return value.is_null() || (value.is_string() && value.as_string().empty());
  }

  // null where a field is missing; any other error is named.
  cel::Value evaluate(const cel::Program& program, const std::string& what) {
    auto value = program.evaluate(scope_);
    if (value) return *std::move(value);
    if (value.error().kind != base::ErrorKind::not_found) {
      problems_.push_back("`" + what + "`: " + value.error().message);
    }
    return {};
  }
  bool is_true(const cel::Program& program, const std::string& what) {
    const cel::Value value = evaluate(program, what);
    return value.is_bool() && value.as_bool();
  }
  std::string text(const cel::Program& program, const std::string& what) {
    const cel::Value value = evaluate(program, what);
    return value.is_null() ? std::string() : cel::to_plain_text(value);
  }

  std::string event() {
    if (!hook_.event_of) return hook_.event;
    const cel::Value named = evaluate(*hook_.event_of, "event");
    const auto name = event_name(&named, "event");
    if (name) return *name;
    problems_.push_back(name.error().message);
    return {};
  }

  cel::Value properties() {
    cel::Value all = scope_.body();
    if (hook_.properties) {
      cel::Map map;
      for (const auto& [name, program] : *hook_.properties) {
        if (auto value = evaluate(program, name); !value.is_null()) {
          map.set(name, std::move(value));
        }
      }
      all = std::move(map);
    }
    const auto extent = judge_extent(all, "what it says", {});
    if (extent && all.is_map()) return all;
    if (!extent) problems_.push_back(extent.error().message);
    return cel::Map{};
  }

  void add_consents(rules::ContactChange& change) {
    for (const config::HookConsent& consent : hook_.consents) {
      const std::string what = "consent." + consent.channel;
      if (consent.condition && !is_true(*consent.condition, what)) continue;
      rules::ConsentChange given{.channel = consent.channel, .given = true, .source = "form"};
      given.wording = consent.wording_of ? text(*consent.wording_of, what) : consent.wording;
      given.from = consent.from ? text(*consent.from, what) : request_.remote_address;
      for (std::string* evidence : {&given.wording, &given.from}) {
        *evidence = std::string(base::cut_utf8(*evidence, wording_bytes_max));
      }
      change.consents.push_back(std::move(given));
    }
  }

  void name_contact(EventInput& input) {
    if (hook_.user) {
      const cel::Value value = evaluate(*hook_.user, "user");
      const auto id = id_text(&value, "user");
      if (id) {
        input.who.user_id = *id;
      } else {
        problems_.push_back(id.error().message);
      }
    }
    if (!input.who.user_id.empty()) return;
    if (input.event.change.addresses.empty()) {
      problems_.emplace_back("it tells neither a user nor an address: it is kept in the log alone");
      return;
    }
    const auto& [channel, value] = input.event.change.addresses.front();
    input.who.address = rules::Address{channel, value};
  }

  std::string id() {
    std::string named = hook_.id ? text(*hook_.id, "id") : std::string();
    if (!named.empty()) return named;
    const auto day = std::chrono::floor<std::chrono::days>(now_).time_since_epoch().count();
    return fmt::format("{} {}", day, base::to_hex(base::view(base::sha256(request_.body))));
  }

  const config::Hook& hook_;
  const http::Request& request_;
  HookScope scope_;
  Instant now_;
  std::vector<std::string> problems_;
};

}  // namespace

base::Result<cel::Value> read_hook_body(const http::Request& request) {
  if (request.body.size() > hook_body_bytes_max) {
    return base::fail(base::ErrorKind::too_large, "the body is too long");
  }
  const std::string_view type = request.headers.find("Content-Type").value_or("");
  std::string_view body = request.body;
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  if (is_type(type, "multipart/form-data")) {
    return http::parse_multipart(type, body)
        .and_then([](http::Parameters fields) { return decoded(std::move(fields), {}); })
        .map(form_value);
  }
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const bool looks_like_json =
      first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
  const bool is_form = is_type(type, "application/x-www-form-urlencoded");
  if (!is_form && (looks_like_json || is_type(type, "application/json"))) {
    return cel::from_json(body, {.tolerant = true});
  }
  return http::parse_form(body)
      .and_then([&](http::Parameters fields) {
        return decoded(std::move(fields), parameter_of(type, "charset"));
      })
      .map(form_value);
}

base::Result<HookEvent> read_hook(const config::Hook& hook, const http::Request& request,
                                  std::string_view path_key, Instant now,
                                  const TypedProperties& typed) {
  // Before anything is parsed, but for a key that stands among the fields.
  if (hook.signature) {
    if (auto known = check_signature(*hook.signature, request, now); !known) {
      return base::fail(known.error());
    }
  }
  const bool is_in_body = hook.key && hook.key->place == config::HookKey::Place::field;
  if (hook.key && !is_in_body && !is_key(*hook.key, request, path_key, {})) {
    return denied("the key is missing or wrong");
  }
  auto body = read_hook_body(request);
  if (!body) return base::fail(body.error());
  if (is_in_body) {
    if (!is_key(*hook.key, request, path_key, *body)) return denied("the key is missing or wrong");
    body = without(*body, hook.key->name);
  }
  return HookMapper(hook, request, *std::move(body), now).run(typed);
}

}  // namespace nurtured::daemon
