// Operations that take rows of an import: read, judged one by one, given to the engine as one batch
// and on disk when they are answered. Rows that cannot be taken are told and stop no other.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/encoding.h"
#include "daemon/contact_view.h"
#include "daemon/import_columns.h"
#include "daemon/import_item.h"
#include "daemon/operations_request.h"
#include "daemon/operations_tools.h"
#include "daemon/pauses.h"
#include "rules/advance.h"
#include "rules/cel/json.h"
#include "store/types.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::size_t items_max = 2000;
constexpr std::size_t import_name_bytes_max = 64;  // a digest in hexadecimal digits
constexpr std::int64_t line_max = std::numeric_limits<std::int64_t>::max();

// How far an import came, in the store's meta table: {"line", "finished", "at"}. Stored: must never
// change.
std::string progress_key(const std::string& import) {
  return "import:" + import;
}

struct Item {
  std::int64_t line = 0;
  cel::Value fields;
};

Result<ImportKind> kind_of(std::string_view what) {
  if (what == "contacts") return ImportKind::contacts;
  if (what == "touches") return ImportKind::touches;
  return base::fail("`what` is neither `contacts` nor `touches`");
}

Result<std::vector<Item>> read_items(RequestFields& request) {
  std::vector<Item> items;
  for (const auto& value : request.values("items", items_max)) {
    RequestFields fields(value);
    Item item{.line = fields.integer("line", 0, 1, line_max)};
    cel::Map map;
    for (auto& [key, field] : fields.map("fields")) map.set(key, std::move(field));
    if (auto done = fields.finish(); !done) return base::fail(done.error());
    item.fields = std::move(map);
    items.push_back(std::move(item));
  }
  return items;
}

cel::Map to_value(std::int64_t line, const ImportFault& fault) {
  return cel::Map{{"line", line}, {"field", fault.field}, {"reason", fault.reason}};
}

ImportContext import_context(const OperationsContext& context, const rules::Book& book,
                             bool starts) {
  return {.book = book,
          .now = context.clock.now(),
          .starts = starts,
          .find_contact = [&context](const std::string& name) {
            return find_who(context.reader, name);
          }};
}

ImportResult<EventInput> read_item(ImportKind kind, const Item& item,
                                   const ImportContext& context) {
  return kind == ImportKind::contacts ? read_import_contact(item.fields, context)
                                      : read_import_touch(item.fields, context);
}

// Whom the input finds in the store; nullopt for somebody new.
Result<std::optional<rules::ContactId>> find_known(store::Reader& reader, const Who& who) {
  using Kind = store::IdentityKey::Kind;
  if (!who.user_id.empty()) return reader.find({Kind::user, who.user_id});
  if (!who.anonymous_id.empty()) return reader.find({Kind::anonymous, who.anonymous_id});
  const auto holders = reader.holders(*who.address);
  if (!holders) return base::fail(holders.error());
  if (!holders->empty()) return std::optional(*std::ranges::min_element(*holders));
  return reader.find({Kind::user, who.address->value});
}

// ---- what would change

// The parts of a contact that a row is about, by the names that people know them by.
std::vector<std::string> differences(const rules::Snapshot& before, const rules::Snapshot& after) {
  std::vector<std::string> names;
  const rules::Contact& was = before.contact;
  const rules::Contact& is = after.contact;
  const auto note = [&](bool differs, std::string_view name) {
    if (differs) names.emplace_back(name);
  };
  for (const auto& [name, value] : is.attributes) {
    const auto known = was.attributes.find(name);
    note(known == was.attributes.end() || known->second != value, name);
  }
  for (const auto& [channel, value] : is.addresses) {
    const auto known = was.addresses.find(channel);
    note(known == was.addresses.end() || known->second != value, channel);
  }
  note(was.tags != is.tags, "tags");
  note(was.timezone != is.timezone, "timezone");
  note(was.locale != is.locale, "locale");
  note(was.consents != is.consents, "consent");
  const auto suppressions = [](const rules::Snapshot& snapshot) {
    std::vector<std::optional<rules::Suppression>> all = {snapshot.contact.suppression};
    for (const auto& state : snapshot.addresses) {
      if (state.suppression) all.push_back(state.suppression);
    }
    return all;
  };
  note(suppressions(before) != suppressions(after), "suppression");
  note(was.touches != is.touches, "touches");
  return names;
}

class Trial {
 public:
  Trial(const OperationsContext& context, ImportKind kind, rules::Pauses pauses)
      : context_(context),
        kind_(kind),
        config_(context.keeper.current()),
        pauses_(std::move(pauses)),
        import_(import_context(context, *config_->book, false)) {}

  Result<cel::Map> judge(const Item& item) {
    const auto input = read_item(kind_, item, import_);
    if (!input) return to_value(item.line, input.error());
    const auto known = find_known(context_.reader, input->who);
    if (!known) return base::fail(known.error());
    cel::Map line{{"line", item.line}, {"contact", name_of(input->who)}};
    if (!*known) {
      line.set("change", "new");
      return line;
    }
    auto snapshot = context_.reader.contact(**known);
    if (!snapshot) return base::fail(snapshot.error());
    if (!*snapshot) return base::fail(ErrorKind::internal, "a contact is not where it should be");
    const rules::Snapshot before = **snapshot;
    const auto after =
        rules::advance(*config_->book, pauses_, **std::move(snapshot), input->event, import_.now);
    const auto changed = differences(before, after.next);
    line.set("change", changed.empty() ? "none" : "changed");
    line.set("parts", cel::List(changed.begin(), changed.end()));
    return line;
  }

 private:
  static std::string name_of(const Who& who) {
    if (!who.user_id.empty()) return who.user_id;
    return who.anonymous_id.empty() ? who.address->value : who.anonymous_id;
  }

  const OperationsContext& context_;
  ImportKind kind_;
  std::shared_ptr<const config::Config> config_;
  rules::Pauses pauses_;
  ImportContext import_;
};

// ---- taking

struct Taken {
  std::vector<EngineInput> inputs;
  std::int64_t added = 0;
  cel::List faults;
};

Result<Taken> read_all(const OperationsContext& context, ImportKind kind, const std::string& import,
                       bool starts, const std::vector<Item>& items) {
  const auto config = context.keeper.current();
  const ImportContext reading = import_context(context, *config->book, starts);
  Taken taken;
  for (const Item& item : items) {
    auto input = read_item(kind, item, reading);
    if (!input) {
      taken.faults.emplace_back(to_value(item.line, input.error()));
      continue;
    }
    const auto known = find_known(context.reader, input->who);
    if (!known) return base::fail(known.error());
    if (!*known) ++taken.added;
    input->message_id = store::dedup_key("import " + import, std::to_string(item.line));
    taken.inputs.emplace_back(*std::move(input));
  }
  return taken;
}

Result<void> keep_progress(const OperationsContext& context, const std::string& import,
                           std::int64_t line, bool finished) {
  const base::Instant now = context.clock.now();
  const std::string value =
      cel::to_json(cel::Map{{"line", line}, {"finished", finished}, {"at", base::to_rfc3339(now)}});
  return run_on_engine(context,
                       [key = progress_key(import), value, now](Engine&, store::Store& store) {
                         store::Batch batch;
                         batch.now = now;
                         batch.meta.push_back({key, value});
                         return store.commit(batch);
                       });
}

}  // namespace

Result<Answer> run_import_progress(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string import = fields.text("import");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto kept = context.reader.meta(progress_key(import));
  if (!kept) return base::fail(kept.error());
  if (!*kept) return Answer{.result = cel::Map{{"line", 0}, {"finished", false}}};
  auto value = cel::from_json(**kept);
  if (!value) return base::fail(ErrorKind::internal, "the mark of the import is damaged");
  return Answer{.result = *std::move(value)};
}

Result<Answer> run_import_try(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto kind = kind_of(fields.text("what"));
  const auto items = read_items(fields);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (!kind) return base::fail(kind.error());
  if (!items) return base::fail(items.error());
  auto pauses = load_pauses(context.reader);
  if (!pauses) return base::fail(pauses.error());
  Trial trial(context, *kind, *std::move(pauses));
  cel::List lines;
  for (const Item& item : *items) {
    auto line = trial.judge(item);
    if (!line) return base::fail(line.error());
    lines.emplace_back(*std::move(line));
  }
  return Answer{.result = cel::Map{{"lines", std::move(lines)}}};
}

// `until`: the line to which all is done, of which the next run need know nothing: what was
// answered before this request was made.
Result<Answer> run_import_take(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto kind = kind_of(fields.text("what"));
  const std::string import = fields.text("import");
  const auto until = fields.integer("until", 0, 0, line_max);
  const bool finished = fields.boolean("finished", false);
  const bool starts = fields.boolean("start", false);
  const auto items = read_items(fields);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (!kind) return base::fail(kind.error());
  if (!items) return base::fail(items.error());
  if (import.size() > import_name_bytes_max) return base::fail("`import` is too long");
  auto taken = read_all(context, *kind, import, starts, *items);
  if (!taken) return base::fail(taken.error());
  const auto count = static_cast<std::int64_t>(taken->inputs.size());
  if (count > 0) {
    if (auto done = submit(context, std::move(taken->inputs)); !done) {
      return base::fail(done.error());
    }
  }
  if (until > 0 || finished) {
    if (auto done = keep_progress(context, import, until, finished); !done) {
      return base::fail(done.error());
    }
  }
  return Answer{.result = cel::Map{
                    {"taken", count}, {"new", taken->added}, {"faults", std::move(taken->faults)}}};
}

}  // namespace nurtured::daemon
