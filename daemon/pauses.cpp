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
  return rules::Pauses{.all = is_set("all"),
                       .marketing = is_set("marketing"),
                       .playbooks = names_in(*value, "playbooks"),
                       .connectors = names_in(*value, "connectors")};
}

store::MetaEntry to_entry(const rules::Pauses& pauses) {
  const bool none =
      !pauses.all && !pauses.marketing && pauses.playbooks.empty() && pauses.connectors.empty();
  return {std::string(pauses_key), none ? std::string() : cel::to_json(to_value(pauses))};
}

cel::Value to_value(const rules::Pauses& pauses) {
  return cel::Map{{"all", pauses.all},
                  {"marketing", pauses.marketing},
                  {"playbooks", to_list(pauses.playbooks)},
                  {"connectors", to_list(pauses.connectors)}};
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
