#include "daemon/pauses.h"

#include <set>
#include <string>

#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

cel::Value to_list(const std::set<std::string, std::less<>>& names) {
  cel::List list;
  for (const auto& name : names) list.emplace_back(name);
  return list;
}

std::set<std::string, std::less<>> names_in(const cel::Value& value, std::string_view key) {
  std::set<std::string, std::less<>> names;
  const cel::Value* list = value.find(key);
  if (list == nullptr || !list->is_list()) return names;
  for (const auto& name : list->as_list()) {
    if (name.is_string()) names.insert(name.as_string());
  }
  return names;
}

std::string text_in(const cel::Value& value, std::string_view key) {
  const cel::Value* text = value.find(key);
  return text != nullptr && text->is_string() ? text->as_string() : std::string();
}

std::int64_t number_in(const cel::Value& value, std::string_view key) {
  const cel::Value* number = value.find(key);
  return number != nullptr && number->is_int() ? number->as_int() : 0;
}

base::Result<std::vector<rules::Silence>> silences_in(const cel::Value& value) {
  std::vector<rules::Silence> silences;
  const cel::Value* list = value.find("silences");
  if (list == nullptr || !list->is_list()) return silences;
  for (const auto& item : list->as_list()) {
    const auto from = base::parse_instant(text_in(item, "from"));
    const auto until = base::parse_instant(text_in(item, "until"));
    if (!from || !until) {
      return base::fail(base::ErrorKind::internal, "a silence cannot be read from the store");
    }
    rules::Silence& silence = silences.emplace_back();
    silence.id = number_in(item, "id");
    silence.segment = text_in(item, "segment");
    silence.playbook = text_in(item, "playbook");
    silence.message = text_in(item, "message");
    silence.channel = text_in(item, "channel");
    for (const auto& name : names_in(item, "kinds")) {
      if (const auto kind = rules::parse_kind(name)) silence.kinds.push_back(*kind);
    }
    silence.from = *from;
    silence.until = *until;
    silence.why = text_in(item, "why");
    silence.by = text_in(item, "by");
  }
  return silences;
}

}  // namespace

base::Result<rules::Pauses> load_pauses(store::Reader& reader) {
  const auto text = reader.meta(pauses_key);
  if (!text) return base::fail(text.error());
  if (!*text) return rules::Pauses{};
  const auto value = cel::from_json(**text);
  if (!value || !value->is_map()) {
    return base::fail(base::ErrorKind::internal, "what is paused cannot be read from the store");
  }
  const auto is_set = [&](std::string_view key) {
    const cel::Value* flag = value->find(key);
    return flag != nullptr && flag->is_bool() && flag->as_bool();
  };
  auto silences = silences_in(*value);
  if (!silences) return base::fail(silences.error());
  return rules::Pauses{.all = is_set("all"),
                       .marketing = is_set("marketing"),
                       .playbooks = names_in(*value, "playbooks"),
                       .connectors = names_in(*value, "connectors"),
                       .silences = *std::move(silences),
                       .silences_made = number_in(*value, "silences_made")};
}

store::MetaEntry to_entry(const rules::Pauses& pauses) {
  const bool none = !pauses.all && !pauses.marketing && pauses.playbooks.empty() &&
                    pauses.connectors.empty() && pauses.silences_made == 0;
  return {std::string(pauses_key), none ? std::string() : cel::to_json(to_value(pauses))};
}

cel::Value to_value(const rules::Silence& silence) {
  cel::Map map{{"id", silence.id}};
  const auto put = [&map](std::string_view key, const std::string& text) {
    if (!text.empty()) map.set(key, text);
  };
  put("segment", silence.segment);
  put("playbook", silence.playbook);
  put("message", silence.message);
  put("channel", silence.channel);
  cel::List kinds;
  for (const rules::Kind kind : silence.kinds) kinds.emplace_back(rules::to_string(kind));
  if (!kinds.empty()) map.set("kinds", std::move(kinds));
  put("from", base::to_rfc3339(silence.from));
  put("until", base::to_rfc3339(silence.until));
  put("why", silence.why);
  put("by", silence.by);
  return map;
}

std::string describe(const rules::Silence& silence) {
  std::string text;
  for (const rules::Kind kind : silence.kinds) {
    text += (text.empty() ? "" : ", ") + std::string(rules::to_string(kind));
  }
  if (text.empty()) text = "marketing";
  if (!silence.message.empty()) text += " by the message " + silence.message;
  if (!silence.playbook.empty()) text += " of the playbook " + silence.playbook;
  if (!silence.channel.empty()) text += " on " + silence.channel;
  if (!silence.segment.empty()) text += " to the segment " + silence.segment;
  return text;
}

cel::Value to_value(const rules::Pauses& pauses) {
  cel::List silences;
  for (const auto& silence : pauses.silences) silences.push_back(to_value(silence));
  return cel::Map{{"all", pauses.all},
                  {"marketing", pauses.marketing},
                  {"playbooks", to_list(pauses.playbooks)},
                  {"connectors", to_list(pauses.connectors)},
                  {"silences", std::move(silences)},
                  {"silences_made", pauses.silences_made}};
}

base::Result<void> hold_marketing(Engine& engine, store::Store& store, base::Instant now) {
  rules::Pauses pauses = engine.pauses();
  pauses.marketing = true;
  store::Batch batch;
  batch.now = now;
  batch.meta.push_back(to_entry(pauses));
  // Whatever the disk says, nothing leaves by a clock that cannot be trusted.
  engine.set_pauses(std::move(pauses));
  return store.commit(batch);
}

}  // namespace nurtured::daemon
