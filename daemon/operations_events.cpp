// Operations that tell of something that happened: events, touches nobody's SDK saw, mail that came
// back.
#include <limits>

#include <fmt/format.h>

#include "config/event_learner.h"
#include "daemon/contact_view.h"
#include "daemon/ingest.h"
#include "daemon/links.h"
#include "daemon/operations_request.h"
#include "daemon/operations_tools.h"
#include "daemon/qr.h"
#include "daemon/set_aside.h"
#include "daemon/store_key.h"
#include "http/url.h"

namespace nurtured::daemon {
namespace {

using base::Result;

constexpr std::int64_t list_max = 1000;

// Of `event/learn`: the newest of the log, in parts that stay far below a reader's time.
constexpr std::int64_t learn_days_max = 3660;
constexpr std::size_t learn_events_max = 200'000;
constexpr std::size_t learn_page_rows = 1000;

Result<Answer> add_event(const OperationsContext& context, const std::string& name,
                         std::string event, cel::Map properties, std::optional<base::Instant> at) {
  const auto snapshot = find_contact(context.reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  const base::Instant now = context.clock.now();
  if (at && *at > now) return base::fail("`at` lies in the future");
  const auto config = context.keeper.current();
  EventInput input{.who = who_of(snapshot->contact),
                   .event = {.name = event,
                             .properties = rules::typed_properties(config->book->settings().events,
                                                                   event, std::move(properties)),
                             .occurred_at = at.value_or(now),
                             .received_at = now}};
  std::vector<EngineInput> inputs;
  inputs.emplace_back(std::move(input));
  if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  return Answer{.result = cel::Map{{"contact", snapshot->contact.user_id},
                                   {"event", event},
                                   {"at", time_value(at.value_or(now))}},
                .text = fmt::format("{}: {} recorded\n", snapshot->contact.user_id, event)};
}

cel::Value to_value(const store::SetAside& input) {
  cel::Map map{{"number", input.number}, {"at", time_value(input.at)}, {"what", input.text}};
  switch (input.kind) {
    case store::SetAside::Kind::event:
      map.set("contact", input.user_id.empty() ? input.anonymous_id : input.user_id);
      map.set("event", input.event.name);
      map.set("properties", input.event.properties);
      break;
    case store::SetAside::Kind::timer:
      map.set("due", time_value(input.due));
      break;
    case store::SetAside::Kind::other:
      break;
  }
  return map;
}

}  // namespace

Result<Answer> run_event_add(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  std::string event = fields.text("event");
  cel::Map properties;
  for (auto& [key, value] : fields.map("properties")) properties.set(key, std::move(value));
  const auto at = fields.time("at");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (event.size() > event_name_bytes_max) return base::fail("the event's name is too long");
  return add_event(context, name, std::move(event), std::move(properties), at);
}

Result<Answer> run_event_list(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const bool set_aside = fields.boolean("set_aside", false);
  const auto after = fields.integer("after", 0, 0, std::numeric_limits<std::int64_t>::max());
  const auto limit = fields.integer("limit", 100, 1, list_max);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (!set_aside) {
    return base::fail("only the events that are set aside are listed",
                      "ask with --set-aside; `nurtured explain CONTACT` has a contact's events");
  }
  const auto inputs = context.reader.set_aside(after, static_cast<std::size_t>(limit));
  if (!inputs) return base::fail(inputs.error());
  cel::List list;
  Answer answer;
  for (const auto& input : *inputs) {
    list.push_back(to_value(input));
    answer.text +=
        fmt::format("{}  {}  {}\n", input.number, base::to_rfc3339(input.at), input.text);
  }
  if (list.empty()) answer.text = "nothing is set aside\n";
  const bool more = inputs->size() == static_cast<std::size_t>(limit);
  const cel::Value next = more ? cel::Value(inputs->back().number) : cel::Value();
  if (more) answer.text += fmt::format("more: --after {}\n", inputs->back().number);
  answer.result = cel::Map{{"set_aside", std::move(list)}, {"after", next}};
  return answer;
}

Result<Answer> run_event_learn(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto days = fields.integer("days", 30, 1, learn_days_max);
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const base::Instant since = context.clock.now() - std::chrono::hours(24 * days);
  config::EventLearner learner;
  std::size_t read = 0;
  bool is_whole = false;
  for (std::int64_t row = std::numeric_limits<std::int64_t>::max();
       !is_whole && read < learn_events_max;) {
    const auto page = context.reader.events_before(row, learn_page_rows);
    if (!page) return base::fail(page.error());
    is_whole = page->last_row == row;
    row = page->last_row;
    for (const auto& record : page->events) {
      if (record.event.received_at < since) {
        is_whole = true;
        continue;
      }
      learner.note(record.event.name, record.event.properties);
      ++read;
    }
  }
  const config::LearnedEvents& learned = learner.learned();
  cel::Value result = config::to_value(learned);
  return Answer{.result = cel::Map{{"learned", std::move(result)},
                                   {"read", static_cast<std::int64_t>(read)},
                                   {"whole", is_whole}},
                .text = fmt::format("{} different events among {}\n", learned.events.size(), read)};
}

Result<Answer> run_event_retry(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const auto number = fields.integer("number", 0, 1, std::numeric_limits<std::int64_t>::max());
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (number == 0) return base::fail("`number` is missing");
  const auto found = context.reader.set_aside(number - 1, 1);
  if (!found) return base::fail(found.error());
  if (found->empty() || found->front().number != number) {
    return base::fail(base::ErrorKind::not_found,
                      fmt::format("nothing is set aside under {}", number),
                      "see `nurtured event list --set-aside`");
  }
  const store::SetAside& kept = found->front();
  auto input = to_input(kept, context.clock.now());
  const bool is_taken = input.has_value();
  if (is_taken) {
    std::vector<EngineInput> inputs;
    inputs.push_back(*std::move(input));
    if (auto done = submit(context, std::move(inputs)); !done) return base::fail(done.error());
  }
  auto done = run_on_engine(context,
                            [kept, is_taken, now = context.clock.now()](
                                Engine& engine, store::Store& store) -> Result<void> {
                              engine.take_back(kept.fingerprint);
                              if (is_taken) return {};
                              store::Batch batch;
                              batch.now = now;
                              batch.set_aside_done.push_back(kept.number);
                              return store.commit(batch);
                            });
  if (!done) return base::fail(done.error());
  return Answer{.result = cel::Map{{"retried", number}, {"taken", is_taken}},
                .text = is_taken ? kept.text + " is taken\n"
                                 : kept.text +
                                       " is no longer set aside: it is taken when it comes "
                                       "again, at the latest after the next start\n"};
}

Result<Answer> run_touch_add(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string name = fields.text("contact");
  cel::Map properties{{"kind", fields.text("kind")},
                      {"place", fields.optional_text("place").value_or("offline")}};
  for (const std::string_view key : {"channel", "note"}) {
    if (auto text = fields.optional_text(key)) properties.set(key, *std::move(text));
  }
  const auto at = fields.time("at");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  const std::string& place = properties.find("place")->as_string();
  if (place != "offline" && place != "online") {
    return base::fail("`place` is neither `offline` nor `online`");
  }
  return add_event(context, name, "touch.logged", std::move(properties), at);
}

Result<Answer> run_touch_qr(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  TouchClaim claim{.contact = {}, .kind = fields.text("kind"), .note = {}, .url = {}};
  claim.note = fields.optional_text("note").value_or("");
  claim.url = fields.optional_text("to").value_or("");
  claim.until = fields.time("until");
  const auto name = fields.optional_text("contact");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (!claim.url.empty()) {
    if (const auto url = http::parse_url(claim.url); !url) return base::fail(url.error());
  }
  if (name) {
    const auto snapshot = find_contact(context.reader, *name);
    if (!snapshot) return base::fail(snapshot.error());
    claim.contact = snapshot->contact.id;
  }
  const auto signer = signer_of(context);
  if (!signer) return base::fail(signer.error());
  const auto config = context.keeper.current();
  const auto token = signer->sign(claim);
  if (!token) return base::fail(base::ErrorKind::too_large, "the note or the address is too long");
  const std::string link = config->http.base_url() + "/t/" + *token;
  const auto svg = qr_svg(link);
  const auto text = qr_text(link);
  if (!svg) return base::fail(svg.error());
  if (!text) return base::fail(text.error());
  return Answer{.result = cel::Map{{"link", link}, {"svg", *svg}}, .text = *text + link + "\n"};
}

Result<Answer> run_mail_take(const OperationsContext& context, const cel::Value& request) {
  RequestFields fields(request);
  const std::string mail = fields.bytes("mail");
  if (auto done = fields.finish(); !done) return base::fail(done.error());
  if (!context.inputs_of_mail) {
    return base::fail(base::ErrorKind::unavailable, "only the running daemon takes mail");
  }
  auto inputs = context.inputs_of_mail(mail);
  Answer answer{.result = cel::Map{{"ours", inputs.has_value()}},
                .text = inputs ? "taken\n" : "it belongs to no message of ours: nothing is done\n"};
  if (!inputs || inputs->empty()) return answer;
  if (auto done = submit(context, *std::move(inputs)); !done) return base::fail(done.error());
  return answer;
}

}  // namespace nurtured::daemon
