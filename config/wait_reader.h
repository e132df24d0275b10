// What a step that waits says: `wait`, the pauses of a `series`, and `wait_for`. Inside config/
// only.
#pragma once

#include <string_view>
#include <vector>

#include "config/section.h"
#include "config/step_reader.h"

namespace nurtured::config {

// The duration under `key`, with `at` and `days`.
rules::Wait read_wait(Section& section, std::string_view key);

// `wait_for: EVENT`, `wait_for: [EVENT…]`, `wait_for: {any: [EVENT…]}` or, as the step itself,
// `any: [EVENT…]`, with `if`, `within` and `save`; `then` and `otherwise` are the caller's.
rules::WaitFor read_wait_for(Section& section, std::string_view key, const StepContext& context);

// The name under `save`; empty where there is none.
std::string read_save(Section& section, const Reading& reading);

// What the steps of a playbook keep in `enrollment` by `save`, wherever they stand.
std::vector<rules::EnrollmentShape::Saved> saved_in(const Node& steps, const Catalogue& catalogue);

}  // namespace nurtured::config
