// Operations on what runs: status, plan, reload, pauses, backups.
#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "daemon/backup.h"
#include "daemon/contact_view.h"
#include "daemon/operations_request.h"
#include "daemon/operations_tools.h"
#include "daemon/pauses.h"
#include "daemon/walk.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

std::string problems_text(const PreparedBook& prepared, const std::string& root) {
  std::ostringstream text;
  config::print_problems(text, prepared.problems,
                         [&](std::string_view path) { return prepared.workspace.source(path); },
                         {.prefix = root});
  return text.str();
}

cel::Value problems_value(const PreparedBook& prepared) {
  cel::List list;
  for (const auto& problem : prepared.problems) {
    list.push_back(config::to_value(problem, {.prefix = prepared.workspace.root}));
  }
  return list;
}

// The plan with the problems in front that a person should see: all of them where they refuse it,
// else nothing but the plan, for `check` shows warnings.
Answer plan_answer(const PreparedBook& prepared, bool applied) {
  cel::Map result{{"applied", applied},
                  {"refused", prepared.refused()},
                  {"problems", problems_value(prepared)},
                  {"plan", prepared.config == nullptr ? cel::Value() : to_value(prepared.plan)}};
  Answer answer{.result = std::move(result), .problem = prepared.refused()};
  if (prepared.config == nullptr) {
    answer.text = problems_text(prepared, prepared.workspace.root);
    for (const auto& refusal : prepared.plan.refusals) {
      answer.text += "refused: " + refusal + "\n";
    }
  } else {
    answer.text = to_text(prepared.plan);
  }
  return answer;
}

std::string describe(const rules::Pauses& pauses) {
  if (pauses.all) return "everything is paused\n";
  std::string text;
  if (pauses.marketing) text += "marketing is paused\n";
  for (const auto& id : pauses.playbooks) text += "the playbook " + id + " is paused\n";
  for (const auto& name : pauses.connectors) text += "the connector " + name + " is paused\n";
  for (const auto& silence : pauses.silences) {
    text += fmt::format("{} is silenced until {}\n", daemon::describe(silence),
                        base::to_rfc3339(silence.until));
  }
  return text.empty() ? "nothing is paused\n" : text;
}

// Adds `what` to the pauses, or takes it out. Resuming `all` lifts every pause.
Result<rules::Pauses> changed(rules::Pauses pauses, const config::Config& config,
                              const std::string& what, bool pause) {
  if (what == "all") {
    // What is silenced for a while ends by itself, or by its own command.
    if (!pause) {
      return rules::Pauses{.silences = std::move(pauses.silences),
                           .silences_made = pauses.silences_made};
    }
    pauses.all = true;
    return pauses;
  }
  const auto set = [&](std::set<std::string, std::less<>>& names) {
    if (pause) {
      names.insert(what);
    } else {
      names.erase(what);
    }
  };
  const bool is_playbook = config.book->playbook(what) != nullptr;
  const bool is_connector = config.connectors.contains(what);
  const bool was_paused = pauses.playbooks.contains(what) || pauses.connectors.contains(what);
  if (what == "marketing" && !is_playbook && !is_connector && !was_paused) {
    pauses.marketing = pause;
    return pauses;
  }
  if (!is_playbook && !is_connector && (pause || !was_paused)) {
    return base::fail(ErrorKind::not_found, "there is no playbook or connector " + what,
                      "name one, or `all`, or `marketing`");
  }
  if (is_playbook && is_connector) {
    return base::fail(ErrorKind::conflict, what + " is the name of a playbook and of a connector",
                      "rename one of them");
  }
  if (is_playbook || pauses.playbooks.contains(what)) set(pauses.playbooks);
  if (is_connector || pauses.connectors.contains(what)) set(pauses.connectors);
  return pauses;
}

Result<Answer> change_pauses(const OperationsContext& context, const cel::Value& request,
                             bool pause) {
  RequestFields fields(request);
  const std::string what = fields.optional_text("what").value_or("all");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto before = load_pauses(context.reader);
  if (!before) return base::fail(before.error());
  const auto after = changed(*before, *context.keeper.current(), what, pause);
  if (!after) return base::fail(after.error());
  auto done = run_on_engine(
      context,
      [pauses = *after, pause, what, resumed = context.resumed, now = context.clock.now()](
          Engine& engine, store::Store& store) -> Result<void> {
        store::Batch batch;
        batch.now = now;
        batch.meta.push_back(to_entry(pauses));
        if (!pause) batch.meta.push_back(walk_mark(false));
        if (auto written = store.commit(batch); !written) return written;
        engine.set_pauses(pauses);
        if (!pause && resumed) resumed(what);
        return {};
      });
  if (!done) return base::fail(done.error());
  return Answer{.result = to_value(*after), .text = describe(*after)};
}

}  // namespace

Result<Answer> run_status(const OperationsContext& context, const cel::Value& request) {
  if (auto done = RequestFields(request).finish(); !done) return base::fail(done.error());
  const auto config = context.keeper.current();
  const auto pauses = load_pauses(context.reader);
  if (!pauses) return base::fail(pauses.error());
  const auto book = context.reader.applied_book();
  if (!book) return base::fail(book.error());
  const auto waiting = context.reader.waiting();
  if (!waiting) return base::fail(waiting.error());
  const auto uncertain = context.reader.deliveries({rules::DeliveryChange::uncertain});
  if (!uncertain) return base::fail(uncertain.error());
  const auto counters = context.reader.counters();
  if (!counters) return base::fail(counters.error());
  const auto applied_at = *book ? std::optional((*book)->at) : std::nullopt;
  cel::Map counted;
  for (const auto& counter : *counters) counted.set(counter.name, counter.count);
  Answer answer;
  answer.result = cel::Map{{"version", NURTURED_VERSION},
                           {"now", time_value(context.clock.now())},
                           {"workspace", config->root},
                           {"store", context.location},
                           {"applied_at", time_value(applied_at)},
                           {"files_broken", context.keeper.files_broken()},
                           {"playbooks", static_cast<std::int64_t>(config->book->current().size())},
                           {"messages", static_cast<std::int64_t>(config->messages.size())},
                           {"waiting", *waiting},
                           {"uncertain", static_cast<std::int64_t>(uncertain->size())},
                           {"paused", to_value(*pauses)},
                           {"counters", std::move(counted)}};
  answer.text = fmt::format(
      "nurtured {} on {}\n  store {}\n  playbooks: {}, messages: {}{}\n"
      "  contacts with something to come: {}, uncertain deliveries: {}\n  {}",
      NURTURED_VERSION, config->root, context.location, config->book->current().size(),
      config->messages.size(), applied_at ? ", applied " + base::to_rfc3339(*applied_at) : "",
      *waiting, uncertain->size(), describe(*pauses));
  if (context.keeper.files_broken()) {
    answer.text +=
        "  the files cannot run, and the book that was applied before does: see `nurtured check`\n";
  }
  return answer;
}

Result<Answer> run_plan(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const bool migrate = fields.boolean("migrate", false);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  auto prepared = context.keeper.prepare(context.reader, migrate);
  if (!prepared) return base::fail(prepared.error());
  const auto current = context.keeper.current();
  if (prepared->config != nullptr && current != nullptr &&
      (prepared->plan.files_changed || migrate)) {
    const auto pauses = load_pauses(context.reader);
    if (!pauses) return base::fail(pauses.error());
    auto holds = compare_holds(context.reader, {.before = *current->book,
                                                .after = *prepared->config->book,
                                                .pauses = *pauses,
                                                .migrate = migrate,
                                                .now = context.clock.now()});
    if (!holds) return base::fail(holds.error());
    prepared->plan.holds = *std::move(holds);
  }
  return plan_answer(*prepared, false);
}

Result<Answer> run_reload(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const bool migrate = fields.boolean("migrate", false);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const auto prepared = context.keeper.prepare(context.reader, migrate);
  if (!prepared) return base::fail(prepared.error());
  if (prepared->refused()) {
    // Files that cannot take everybody along may still be good.
    if (prepared->config == nullptr) context.keeper.set_files_broken(true);
    return plan_answer(*prepared, false);
  }
  ReloadDone reloaded;
  if (context.prepare_reload) {
    auto built = context.prepare_reload(prepared->config);
    if (!built) return base::fail(built.error());
    reloaded = *std::move(built);
  }
  store::Batch batch = context.keeper.batch(*prepared, migrate);
  auto done = run_on_engine(
      context,
      [batch = std::move(batch), config = prepared->config, reloaded = std::move(reloaded),
       &keeper = context.keeper](Engine& engine, store::Store& store) -> Result<void> {
        if (auto written = store.commit(batch); !written) return written;
        engine.set_book(config->book);
        keeper.set_current(config);
        keeper.set_files_broken(false);
        if (reloaded) reloaded();
        return {};
      });
  if (!done) return base::fail(done.error());
  Answer answer = plan_answer(*prepared, true);
  answer.text += "applied\n";
  return answer;
}

Result<Answer> run_pause(const OperationsContext& context, const cel::Value& request) {
  return change_pauses(context, request, true);
}

Result<Answer> run_resume(const OperationsContext& context, const cel::Value& request) {
  return change_pauses(context, request, false);
}

Result<Answer> run_backup_mark(const OperationsContext& context, const cel::Value& request) {
  if (auto done = RequestFields(request).finish(); !done) return base::fail(done.error());
  auto marked = run_on_engine(
      context, [now = context.clock.now()](Engine&, store::Store& store) -> Result<void> {
        store::Batch batch;
        batch.now = now;
        batch.meta.push_back(backup_mark(now));
        return store.commit(batch);
      });
  if (!marked) return base::fail(marked.error());
  return Answer{.result = cel::Map{{"store", context.location}}};
}

}  // namespace nurtured::daemon
