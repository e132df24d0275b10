#include "config/question_reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/send_reader.h"
#include "config/text.h"
#include "config/wait_reader.h"
#include "rules/question.h"

namespace nurtured::config {
namespace {

using rules::AnswerType;

struct TypeWords {
  AnswerType type;
  std::string_view name;
  std::string_view en;
  std::string_view ru;
  std::string_view zh;
};
constexpr std::array<TypeWords, 4> type_words = {{
    {AnswerType::text, "text", "Please answer in words.", "Ответьте, пожалуйста, словами.",
     "请用文字回答。"},
    {AnswerType::integer, "int", "Please answer with a whole number.",
     "Ответьте, пожалуйста, целым числом.", "请用整数回答。"},
    {AnswerType::decimal, "float", "Please answer with a number.", "Ответьте, пожалуйста, числом.",
     "请用数字回答。"},
    {AnswerType::boolean, "bool", "Please answer yes or no.",
     "Ответьте, пожалуйста, «да» или «нет».", "请回答“是”或“否”。"},
}};
constexpr TypeWords choice_words = {AnswerType::text, "", "Please choose one of the answers.",
                                    "Выберите, пожалуйста, один из ответов.",
                                    "请选择其中一个答案。"};

const TypeWords& words_of(AnswerType type) {
  return *std::find_if(type_words.begin(), type_words.end(),
                       [&](const TypeWords& words) { return words.type == type; });
}

AnswerType read_type(Section& section) {
  constexpr std::array<std::string_view, 4> names = {"text", "int", "float", "bool"};
  const std::string name = section.choice("as", names).value_or("text");
  return std::find_if(type_words.begin(), type_words.end(),
                      [&](const TypeWords& words) { return words.name == name; })
      ->type;
}

cel::Type cel_type(AnswerType type) {
  switch (type) {
    case AnswerType::text:
      return cel::Type::string();
    case AnswerType::integer:
      return cel::Type::integer();
    case AnswerType::decimal:
      return cel::Type::decimal();
    case AnswerType::boolean:
      return cel::Type::boolean();
  }
  return cel::Type::dyn();
}

class ChoiceReader {
 public:
  ChoiceReader(AnswerType type, const StepContext& context)
      : type_(type), context_(context), problems_(context.reading.problems) {}

  std::vector<rules::AnswerChoice> read(const Node& node) {
    const std::size_t count = node.is_map() ? node.entries.size() : node.items.size();
    if ((!node.is_list() && !node.is_map()) || count == 0 || count > choices_max) {
      problems_.error(node.place,
                      fmt::format("`choices` is no list of 1 to {} answers", choices_max),
                      "write [Yes, No], or {yes: Yes please, no: Not now}");
      return {};
    }
    count_ = count;
    for (const Entry& entry : node.entries) add(entry.key, entry.place, entry.value);
    for (const Node& item : node.items) read_item(item);
    return std::move(choices_);
  }

 private:
  void read_item(const Node& item) {
    if (item.is_scalar()) return add(item.text, item.place, item);
    Section section(item, "choices", problems_);
    section.require("id", "name what is kept of the answer");
    const std::string id = section.text("id").value_or("");
    const Node* text = section.node("text");
    section.finish();
    if (!id.empty()) add(id, item.place, text == nullptr ? *section.node("id") : *text);
  }

  void add(const std::string& id, const base::Place& place, const Node& text) {
    if (id.empty() || id.size() > name_bytes_max) {
      problems_.error(place, fmt::format("an answer has 1 to {} bytes", name_bytes_max),
                      "give it a short id: {yes: a longer text}");
    }
    if (const auto typed = rules::read_answer(type_, id); !typed) {
      problems_.error(place, fmt::format("`{}` is {}", id, typed.error().message),
                      "change the answer, or `as`");
    }
    const bool is_twin = std::any_of(choices_.begin(), choices_.end(), [&](const auto& other) {
      return base::fold_case(other.id) == base::fold_case(id);
    });
    if (is_twin) {
      problems_.error(place, fmt::format("two answers are called `{}`", id), "rename one of them");
    }
    check_shown(text, id);
    choices_.push_back({id, read_text(text, context_.library, context_.scene, context_.reading)});
  }

  // People answer with what they see: a text, or the number before it.
  void check_shown(const Node& text, const std::string& id) {
    if (!text.is_scalar()) return;
    const std::string_view words = base::trimmed(text.text);
    if (words.empty()) {
      problems_.error(text.place, fmt::format("the answer `{}` shows nothing", id),
                      "write what people see");
    }
    const auto number = rules::read_answer(AnswerType::integer, words);
    const auto place = static_cast<std::int64_t>(choices_.size()) + 1;
    const auto last = static_cast<std::int64_t>(count_);
    if (number && number->as_int() != place && number->as_int() >= 1 && number->as_int() <= last) {
      problems_.error(
          text.place,
          fmt::format("`{}` looks like the number of another answer: this is the {}. of {}", words,
                      place, last),
          "say it in words, or change the order");
    }
  }

  AnswerType type_;
  const StepContext& context_;
  Problems& problems_;
  std::size_t count_ = 0;
  std::vector<rules::AnswerChoice> choices_;
};

// What is told when an answer cannot be taken and the author says nothing, in the contact's
// language.
std::shared_ptr<const rules::Text> words_again(const TypeWords& words, const Node& at,
                                               const StepContext& context) {
  Node node = at;
  node.kind = Node::Kind::scalar;
  node.text = fmt::format(
      "{{% assign language = contact.locale | slice: 0, 2 %}}{{% case language %}}"
      "{{% when \"ru\" %}}{}{{% when \"zh\" %}}{}{{% else %}}{}{{% endcase %}}",
      words.ru, words.zh, words.en);
  return read_text(node, context.library, context.scene, context.reading);
}

std::shared_ptr<const rules::Text> read_again(Section& section, const rules::Ask& ask,
                                              const StepContext& context) {
  if (const Node* again = section.node("again")) {
    return read_text(*again, context.library, context.scene, context.reading);
  }
  return words_again(ask.choices.empty() ? words_of(ask.type) : choice_words, *section.node("ask"),
                     context);
}

void warn_of_nobody(Section& section, const StepContext& context) {
  if (context.reading.catalogue.has_humans || context.reading.catalogue.is_former) return;
  section.warning("handoff", "nobody-told", "no human is told that the contact waits for one",
                  "say who under `handoff: {to: …}` in nurtured.yaml");
}

// The answer as its type has it, beside what a reply has.
Scene answer_scene(AnswerType type, const StepContext& context) {
  rules::EventShape shape = shape_of(context.reading.catalogue, {"message.replied"});
  shape.properties.push_back({"answer", cel_type(type)});
  return {std::move(shape), context.scene.enrollment};
}

}  // namespace

rules::Ask read_ask(Section& section, const base::Place& place, const StepContext& context) {
  rules::Ask ask;
  const std::string message = section.text("ask").value_or("");
  Gates gates = read_gates(section, context);
  if (gates.otherwise != nullptr) {
    context.reading.problems.error(gates.otherwise->place, "a question takes no `hold.otherwise`",
                                   "write `otherwise` beside `ask`: it serves both");
  }
  if (!message.empty()) check_message(message, place, gates.send, context);
  ask.send = std::move(gates.send);
  ask.send.message = message;
  ask.type = read_type(section);
  if (const Node* choices = section.node("choices")) {
    ask.choices = ChoiceReader(ask.type, context).read(*choices);
  }
  ask.within = section.span("within");
  ask.tries = static_cast<std::uint32_t>(
      section.integer("tries", {.min = 1, .max = tries_max}).value_or(ask.tries));
  ask.again = read_again(section, ask, context);
  ask.save = read_save(section, context.reading);
  if (const Node* condition = section.node("if")) {
    ask.condition = read_expression(*condition, Wanted::condition, answer_scene(ask.type, context),
                                    context.reading);
  }
  return ask;
}

rules::HandOff read_handoff(Section& section, const StepContext& context) {
  rules::HandOff handoff;
  const Node& node = *section.node("handoff");
  const auto text = [&](const Node& source) {
    return read_text(source, context.library, context.scene, context.reading);
  };
  handoff.pause = section.span("for");
  if (node.is_map()) {
    auto inner = section.section("handoff");
    if (const auto pause = inner->span("for")) handoff.pause = pause;
    if (const Node* source = inner->node("text")) handoff.text = text(*source);
    inner->finish();
  } else if (node.is_scalar() && node.text == "true" && !node.is_quoted()) {
    // Nothing beside the fact is told.
  } else if (node.is_scalar() && node.text == "false" && !node.is_quoted()) {
    section.error("handoff", "`handoff` is never false",
                  "write `handoff: true`, or remove the step");
  } else if (!node.is_null()) {
    handoff.text = text(node);
  }
  warn_of_nobody(section, context);
  return handoff;
}

}  // namespace nurtured::config
