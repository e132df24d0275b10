// What a step that sends says of its message: the gates' side of `send` and `series`. Inside
// config/ only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/section.h"
#include "config/step_reader.h"

namespace nurtured::config {

struct Gates {
  rules::Send send;                 // but for its message and its links
  const Node* otherwise = nullptr;  // the steps for when `hold` runs out; null where left out
};

// `via`, `hold` and `expires`.
Gates read_gates(Section& section, const StepContext& context);
// `while_held`
bool read_go_on_while_held(Section& section);

// Is there such a message, has it a channel to go by, and a reminder its `expires`? Reports, and
// adds to the uses.
void check_message(const std::string& name, const base::Place& place, const rules::Send& send,
                   const StepContext& context);

// The timestamp expression under `key`; nullopt when it is missing or wrong.
std::optional<rules::Expression> read_moment(Section& section, std::string_view key,
                                             const StepContext& context);

}  // namespace nurtured::config
