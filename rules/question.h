// What a question offers, as it is shown to the person: rules/questions.cpp has the answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/book.h"
#include "rules/contact.h"
#include "rules/transition.h"

namespace nurtured::rules {

// An answer as its question wants it, from what was written; `invalid` says what it is not.
base::Result<cel::Value> read_answer(AnswerType type, std::string_view text);

// What tells an enrollment's questions from those of all others of a contact, also once two
// contacts have become one: 16 hexadecimal digits.
std::string question_mark(const Enrollment& enrollment);

struct ShownChoice {
  std::string data;  // what a messenger gives back when it is pressed; at most 64 bytes
  std::string text;
};

// The answers that a delivery of an `ask` step offers now, in their order; empty for any other.
std::vector<ShownChoice> shown_choices(const Book& book, const Contact& contact,
                                       const Delivery& delivery, Instant now);

}  // namespace nurtured::rules
