// Operations on silences: messages that operators hold back for a while, in the style of
// Alertmanager's.
#include <algorithm>

#include <fmt/format.h>

#include "daemon/contact_view.h"
#include "daemon/operations_request.h"
#include "daemon/operations_tools.h"
#include "daemon/pauses.h"
#include "daemon/walk.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::size_t silences_max = 1000;

std::string to_text(const rules::Silence& silence, base::Instant now) {
  std::string text =
      fmt::format("{} {} until {}", silence.id, describe(silence), base::to_rfc3339(silence.until));
  if (silence.from > now) text += ", from " + base::to_rfc3339(silence.from);
  text += ": " + silence.why;
  if (!silence.by.empty()) text += " (" + silence.by + ")";
  return text + "\n";
}

// What a silence names must be there, so that a slip of the pen silences nobody without a word.
Result<void> check_names(const rules::Silence& silence, const config::Config& config) {
  const auto unknown = [](std::string_view what, const std::string& name) {
    return base::fail(ErrorKind::not_found, fmt::format("there is no {} {}", what, name));
  };
  const rules::Book& book = *config.book;
  if (!silence.segment.empty() && book.segments().find(silence.segment) == nullptr) {
    return unknown("segment", silence.segment);
  }
  if (!silence.playbook.empty() && book.playbook(silence.playbook) == nullptr) {
    return unknown("playbook", silence.playbook);
  }
  if (!silence.message.empty() && book.message(silence.message) == nullptr) {
    return unknown("message", silence.message);
  }
  if (!silence.channel.empty() && !book.settings().channels.contains(silence.channel)) {
    return unknown("channel", silence.channel);
  }
  return {};
}

Result<rules::Silence> read_silence(RequestFields& fields, const OperationsContext& context) {
  const base::Instant now = context.clock.now();
  rules::Silence silence;
  silence.segment = fields.optional_text("segment").value_or("");
  silence.playbook = fields.optional_text("playbook").value_or("");
  silence.message = fields.optional_text("message").value_or("");
  silence.channel = fields.optional_text("channel").value_or("");
  const auto kinds = fields.texts("kind");
  silence.from = fields.time("from").value_or(now);
  const auto until = fields.time("until");
  const auto pause = fields.optional_text("for");
  silence.why = fields.text("why");
  silence.by = fields.optional_text("by").value_or("");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  for (const auto& name : kinds) {
    const auto kind = rules::parse_kind(name);
    if (!kind || *kind == rules::Kind::receipt) {
      return base::fail("there is no kind " + name + " that can be silenced",
                        "write value, engagement, offer, reminder or reply");
    }
    silence.kinds.push_back(*kind);
  }
  if (until.has_value() == pause.has_value()) {
    return base::fail("say how long: `for` or `until`", "write --for 3d");
  }
  silence.until = until.value_or(silence.from);
  if (pause) {
    const auto span = rules::parse_span(*pause);
    if (!span) return base::fail(span.error());
    silence.until = add(silence.from, *span, context.keeper.current()->book->settings().zone);
  }
  if (silence.until <= std::max(now, silence.from)) {
    return base::fail("the silence would be over before it began", "give a later end");
  }
  const bool names_any = !silence.segment.empty() || !silence.playbook.empty() ||
                         !silence.message.empty() || !silence.channel.empty() ||
                         !silence.kinds.empty();
  if (!names_any) {
    return base::fail("a silence names what it is for",
                      "give a segment, playbook, message, channel or kind; `nurtured pause` is for "
                      "everything");
  }
  if (auto done = check_names(silence, *context.keeper.current()); !done) {
    return base::fail(done.error());
  }
  return silence;
}

// Changes what is kept on the engine's thread, where nobody else does.
Result<void> change_silences(const OperationsContext& context, bool frees,
                             const std::function<Result<void>(rules::Pauses&)>& change) {
  return run_on_engine(context,
                       [change, frees, now = context.clock.now()](
                           Engine& engine, store::Store& store) -> Result<void> {
                         rules::Pauses pauses = engine.pauses();
                         std::erase_if(pauses.silences, [&](const rules::Silence& silence) {
                           return silence.until <= now;
                         });
                         if (auto done = change(pauses); !done) return done;
                         store::Batch batch;
                         batch.now = now;
                         batch.meta.push_back(to_entry(pauses));
                         if (frees) batch.meta.push_back(walk_mark(false));
                         if (auto written = store.commit(batch); !written) return written;
                         engine.set_pauses(std::move(pauses));
                         return {};
                       });
}

}  // namespace

Result<Answer> run_silence_add(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto read = read_silence(fields, context);
  if (!read) return base::fail(read.error());
  const auto id = std::make_shared<std::int64_t>(0);
  auto done = change_silences(
      context, false, [id, silence = *read](rules::Pauses& pauses) mutable -> Result<void> {
        if (pauses.silences.size() >= silences_max) {
          return base::fail(ErrorKind::conflict,
                            fmt::format("there are {} silences already", silences_max),
                            "end some of them");
        }
        *id = silence.id = ++pauses.silences_made;
        pauses.silences.push_back(std::move(silence));
        return {};
      });
  if (!done) return base::fail(done.error());
  rules::Silence silence = *read;
  silence.id = *id;
  return Answer{.result = to_value(silence), .text = to_text(silence, context.clock.now())};
}

Result<Answer> run_silence_list(const OperationsContext& context, const cel::Value& request) {
  if (auto done = RequestFields(request).finish(); !done) return base::fail(done.error());
  const auto pauses = load_pauses(context.reader);
  if (!pauses) return base::fail(pauses.error());
  const base::Instant now = context.clock.now();
  cel::List list;
  Answer answer;
  for (const auto& silence : pauses->silences) {
    if (silence.until <= now) continue;
    list.push_back(to_value(silence));
    answer.text += to_text(silence, now);
  }
  if (list.empty()) answer.text = "nothing is silenced\n";
  answer.result = cel::Map{{"silences", std::move(list)}};
  return answer;
}

Result<Answer> run_silence_end(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto id = fields.integer("silence", 0, 1, std::numeric_limits<std::int64_t>::max());
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  auto done = change_silences(context, true, [id](rules::Pauses& pauses) -> Result<void> {
    const auto ended = std::erase_if(
        pauses.silences, [&](const rules::Silence& silence) { return silence.id == id; });
    if (ended > 0) return {};
    return base::fail(ErrorKind::not_found, fmt::format("there is no silence {}", id),
                      "see `nurtured silence list`");
  });
  if (!done) return base::fail(done.error());
  return Answer{.result = cel::Map{{"ended", id}}, .text = fmt::format("silence {} is over\n", id)};
}

}  // namespace nurtured::daemon
