// CEL inside YAML: compiled with what conditions may see, every fault at its place in the file.
// Inside config/ only.
#pragma once

#include <optional>

#include "config/catalogue.h"
#include "config/document.h"
#include "rules/book.h"
#include "rules/scope.h"

namespace nurtured::config {

enum class Wanted {
  condition,  // a bool
  moment,     // a timestamp
  date,       // a timestamp, or a text that is one or a date
  key,        // a single value: text, number, bool or timestamp
  formula,    // anything, written =EXPR
};

// All references are kept.
struct Reading {
  const Document& document;
  const Catalogue& catalogue;
  Uses& uses;
  Problems& problems;
};

// nullopt, and reported, when the scalar is no such expression in that scene. Names of events
// inside `did`, `times` and `last` are added to the uses; windows are held to what history keeps.
std::optional<rules::Expression> read_expression(const Node& node, Wanted wanted,
                                                 const Scene& scene, const Reading& reading);

}  // namespace nurtured::config
