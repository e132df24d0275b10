// `ask`: a question goes out as a message, and what the person says or chooses next is its answer.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/digest.h"
#include "base/encoding.h"
#include "rules/cel/json.h"
#include "rules/machine.h"
#include "rules/question.h"

namespace nurtured::rules {
namespace {

// Of an answer that is typed, what is kept.
constexpr std::size_t answer_bytes_max = 4096;
// A hint to choose again is of use only while the person is there.
constexpr base::Milliseconds ask_again_expires = std::chrono::hours{1};

// What a person types for yes and no in the languages of our readers.
std::optional<bool> read_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 9> yes = {"yes", "y", "true", "1", "+",
                                                   "да",  "д", "是",   "好"};
  constexpr std::array<std::string_view, 9> no = {"no",  "n", "false", "0",   "-",
                                                  "нет", "н", "否",    "不是"};
  const std::string folded = base::fold_case(text);
  if (std::ranges::find(yes, folded) != yes.end()) return true;
  if (std::ranges::find(no, folded) != no.end()) return false;
  return std::nullopt;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  std::string digits(text);
  // As people of many countries write it.
  if (std::ranges::count(digits, ',') == 1) std::ranges::replace(digits, ',', '.');
  std::string_view rest = digits;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  Number number{};
  const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (fault != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) return std::nullopt;
  }
  return number;
}

// What a button of ours holds: whose question it answers, at which step, and the answer's place.
// nullopt for what no button of ours holds.
struct Button {
  std::string mark;
  std::uint32_t step = 0;
  std::size_t choice = 0;
};
std::optional<Button> read_button(std::string_view data) {
  const std::size_t first = data.find('.');
  const std::size_t second = first == std::string_view::npos ? first : data.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto step = read_number<std::uint32_t>(data.substr(first + 1, second - first - 1));
  const auto choice = read_number<std::size_t>(data.substr(second + 1));
  if (!step || !choice) return std::nullopt;
  return Button{std::string(data.substr(0, first)), *step, *choice};
}

const Ask* question_at(const Playbook* playbook, std::uint32_t step) {
  if (playbook == nullptr || step >= playbook->steps.size()) return nullptr;
  return std::get_if<Ask>(&playbook->steps[step].action);
}

// A text that comes out empty, for somebody without a name, say, would be no button.
std::string shown(const AnswerChoice& choice, const cel::Value& data) {
  auto text = choice.text->render(data);
  return text && !base::trimmed(*text).empty() ? *std::move(text) : choice.id;
}

// What the person chose: by a button, by what they see (a text, or its number where there are no
// buttons), or by the name that the playbook has for it. nullptr for none of them.
const AnswerChoice* chosen_of(const Ask& ask, const Event& event, const cel::Value& data) {
  const auto& choices = ask.choices;
  if (const auto pressed = text_of(event, "choice"); !pressed.empty()) {
    const auto found = std::ranges::find(choices, pressed, &AnswerChoice::id);
    return found == choices.end() ? nullptr : &*found;
  }
  const std::string_view text = base::trimmed(text_of(event, "text"));
  const std::string folded = base::fold_case(text);
  const auto is_said = [&](std::string_view known) {
    return base::fold_case(base::trimmed(known)) == folded;
  };
  for (const AnswerChoice& choice : choices) {
    if (is_said(shown(choice, data))) return &choice;
  }
  std::string_view digits = text;
  if (digits.ends_with('.') || digits.ends_with(')'))
    digits.remove_suffix(1);  // as they stand there
  const auto number = read_number<std::size_t>(digits);
  if (number && *number >= 1 && *number <= choices.size()) return &choices[*number - 1];
  const auto named = std::ranges::find_if(choices, is_said, &AnswerChoice::id);
  if (named != choices.end()) return &*named;
  const auto meant = ask.type == AnswerType::boolean ? read_boolean(text) : std::nullopt;
  const auto same = std::ranges::find_if(choices, [&](const AnswerChoice& choice) {
    return meant && read_boolean(choice.id) == meant;
  });
  return same == choices.end() ? nullptr : &*same;
}

}  // namespace

base::Result<cel::Value> read_answer(AnswerType type, std::string_view text) {
  const auto refuse = [](const char* what) { return base::fail(base::ErrorKind::invalid, what); };
  switch (type) {
    case AnswerType::text:
      if (text.empty()) return refuse("no text");
      return cel::Value(std::string(base::cut_utf8(text, answer_bytes_max)));
    case AnswerType::integer:
      if (const auto number = read_number<std::int64_t>(text)) return cel::Value(*number);
      return refuse("no whole number");
    case AnswerType::decimal:
      if (const auto number = read_number<double>(text)) return cel::Value(*number);
      return refuse("no number");
    case AnswerType::boolean:
      if (const auto answer = read_boolean(text)) return cel::Value(*answer);
      return refuse("neither yes nor no");
  }
  return refuse("no answer");
}

std::string question_mark(const Enrollment& enrollment) {
  const std::string name = enrollment.playbook + "\n" + enrollment.key + "\n" +
                           std::to_string(base::to_millis(enrollment.started));
  constexpr std::size_t mark_bytes = 8;
  return base::to_hex(base::view(base::sha256(name)).substr(0, mark_bytes));
}

std::vector<ShownChoice> shown_choices(const Book& book, const Contact& contact,
                                       const Delivery& delivery, Instant now) {
  const auto enrollment =
      std::ranges::find(contact.enrollments, delivery.enrollment, &Enrollment::number);
  if (enrollment == contact.enrollments.end()) return {};
  const Playbook* playbook = book.playbook(enrollment->playbook, enrollment->version);
  const Ask* ask = question_at(playbook, enrollment->step);
  if (ask == nullptr || playbook->steps[enrollment->step].id != delivery.step) return {};
  const cel::Value data = render_data(book, contact, &*enrollment, now);
  std::vector<ShownChoice> choices;
  choices.reserve(ask->choices.size());
  for (std::size_t i = 0; i < ask->choices.size(); ++i) {
    choices.push_back({question_mark(*enrollment) + "." + std::to_string(enrollment->step) + "." +
                           std::to_string(i),
                       shown(ask->choices[i], data)});
  }
  return choices;
}

Machine::Flow Machine::execute(const Ask& ask, const Step& step, Enrollment& enrollment) {
  const cel::Value data = render_data(book_, contact(), &enrollment, now_);
  for (const AnswerChoice& choice : ask.choices) {
    if (const auto text = choice.text->render(data); !text) {
      park(enrollment, text.error());
      return Flow::wait;
    }
  }
  enrollment.misread = 0;
  return execute(ask.send, step, enrollment);
}

void Machine::expect_answer(Enrollment& enrollment, const Ask& ask, const Pending& question) {
  enrollment.skip_sends = false;
  enrollment.caught_up = false;
  enrollment.since = now_;
  enrollment.state = EnrollmentState::expecting;
  enrollment.due = ask.within ? std::optional(add(now_, *ask.within, zone())) : std::nullopt;
  Decision& decision = record("ask", &enrollment);
  decision.message = question.message;
  if (const MessageInfo* message = book_.message(question.message)) decision.kind = message->kind;
  decision.until = enrollment.due;
  for (const Target& target : question.targets) {
    if (target.departed) decision.to = target.address;
  }
  if (enrollment.early.is_null()) return;
  const cel::Value early = std::exchange(enrollment.early, {});
  answer(enrollment.number, {.name = "message.replied",
                             .properties = early,
                             .occurred_at = enrollment.heard,
                             .received_at = now_});
}

std::optional<Event> Machine::as_said(const Event& event) {
  Event said = event;
  cel::Map properties;
  if (event.properties.is_map()) {
    for (const auto& entry : event.properties.as_map()) properties.set(entry.key, entry.value);
  }
  const std::string channel(text_of(event, "channel"));
  if (const auto data = text_of(event, "button"); !data.empty()) {
    const auto button = read_button(data);
    const auto asking = std::ranges::find_if(contact().enrollments, [&](const Enrollment& its) {
      return button && question_mark(its) == button->mark;
    });
    const Enrollment* enrollment = asking == contact().enrollments.end() ? nullptr : &*asking;
    const Ask* ask = enrollment == nullptr || enrollment->step != button->step
                         ? nullptr
                         : question_at(playbook_of(*enrollment), enrollment->step);
    const bool is_open = ask != nullptr && button->choice < ask->choices.size() &&
                         (enrollment->state == EnrollmentState::expecting ||
                          enrollment->state == EnrollmentState::sending);
    if (!is_open) {
      record("ignored").detail = "a button of a question that is open no more";
      return std::nullopt;
    }
    const AnswerChoice& choice = ask->choices[button->choice];
    properties.set("choice", choice.id);
    properties.set("text", shown(choice, render_data(book_, contact(), enrollment, now_)));
    properties.set("message", ask->send.message);
    properties.set("playbook", enrollment->playbook);
  }
  const auto last = std::ranges::find(contact().last_messages, channel, &LastMessage::channel);
  if (last != contact().last_messages.end() && properties.find("message") == nullptr) {
    for (const auto& entry :
         message_properties(last->message, last->kind, channel, last->playbook)) {
      properties.set(entry.key, entry.value);
    }
  }
  said.properties = std::move(properties);
  return said;
}

std::int64_t Machine::question_for(const Event& event) const {
  const auto button = read_button(text_of(event, "button"));
  const Enrollment* latest = nullptr;
  bool is_named = false;
  for (const Enrollment& enrollment : contact().enrollments) {
    const Ask* ask = question_at(playbook_of(enrollment), enrollment.step);
    if (ask == nullptr || event.occurred_at < enrollment.heard) continue;
    const bool expecting = enrollment.state == EnrollmentState::expecting;
    const bool early = enrollment.state == EnrollmentState::sending && enrollment.early.is_null() &&
                       had_left(enrollment, event.occurred_at);
    if (!expecting && !early) continue;
    if (button) {
      if (question_mark(enrollment) == button->mark) return enrollment.number;
      continue;
    }
    // The one that they answer by its name, else the one that was put last.
    const std::string_view message = text_of(event, "message");
    const bool names = message == ask->send.message ||
                       (message == ask_again && text_of(event, "playbook") == enrollment.playbook);
    const bool is_better = latest == nullptr || (names && !is_named) ||
                           (names == is_named && enrollment.since >= latest->since);
    if (!is_better) continue;
    latest = &enrollment;
    is_named = names;
  }
  return latest == nullptr ? 0 : latest->number;
}

void Machine::answer(std::int64_t number, const Event& event) {
  Enrollment* enrollment = find_enrollment(number);
  if (enrollment == nullptr) return;
  const Playbook* playbook = playbook_of(*enrollment);
  const Ask* ask = question_at(playbook, enrollment->step);
  if (ask == nullptr) return;
  // A mail with nothing but a quote says nothing.
  const bool is_silent = text_of(event, "text").empty() && text_of(event, "media").empty();
  if (is_silent) return;
  enrollment->heard = event.occurred_at;
  if (enrollment->state == EnrollmentState::sending) {
    enrollment->early = event.properties;
    return left_after_all(number);
  }
  std::string_view text = base::trimmed(text_of(event, "text"));
  if (!ask->choices.empty()) {
    const auto* chosen = chosen_of(*ask, event, render_data(book_, contact(), enrollment, now_));
    if (chosen == nullptr) return cannot_take(*enrollment, *ask, event, "none of the answers");
    text = chosen->id;
  }
  auto value = read_answer(ask->type, text);
  if (!value) return cannot_take(*enrollment, *ask, event, value.error().message);
  if (ask->condition) {
    Event judged = event;
    cel::Map properties;
    for (const auto& entry : event.properties.as_map()) properties.set(entry.key, entry.value);
    properties.set("answer", *value);
    judged.properties = std::move(properties);
    if (!holds(ask->condition, &judged, enrollment)) {
      return cannot_take(*enrollment, *ask, event, ask->condition->source + " does not hold");
    }
  }
  save(*enrollment, ask->save, *std::move(value));
  enrollment->due.reset();
  enrollment->state = EnrollmentState::running;
  enrollment->step = playbook->steps[enrollment->step].next;
  enrollment->pace = 0;
  run_steps(number);
}

void Machine::cannot_take(Enrollment& enrollment, const Ask& ask, const Event& event,
                          const std::string& why) {
  record("ignored", &enrollment).detail = "no answer that can be taken: " + why;
  const Playbook& playbook = *playbook_of(enrollment);
  if (++enrollment.misread >= ask.tries) {
    const std::int64_t number = enrollment.number;
    enrollment.due.reset();
    enrollment.state = EnrollmentState::running;
    enrollment.step = ask.otherwise;
    // Nothing that they wrote was taken: whoever answers people may understand it.
    own_message(event);
    return run_steps(number);
  }
  auto text = ask.again->render(render_data(book_, contact(), &enrollment, now_));
  if (!text) return park(enrollment, text.error());
  contact().pending.push_back({.enrollment = enrollment.number,
                               .playbook = enrollment.playbook,
                               .version = enrollment.version,
                               .step = enrollment.step,
                               .turn = enrollment.turn++,
                               .step_id = playbook.steps[enrollment.step].id,
                               .message = std::string(ask_again),
                               .text = *std::move(text),
                               .channel = std::string(text_of(event, "channel")),
                               .since = now_,
                               .hold_until = now_ + ask_again_expires,
                               .reason_since = now_});
}

}  // namespace nurtured::rules
