// A workspace written inside a benchmark, compiled as the daemon compiles one. What fails ends the
// program with its message: a benchmark has nobody to hand an error to.
#pragma once

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/compile.h"
#include "config/zones.h"
#include "connectors/registry.h"

namespace nurtured::bench {

template <class T>
T need(base::Result<T> result) {
  if (!result) {
    std::cerr << base::to_string(result.error()) << "\n";
    std::exit(EXIT_FAILURE);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::shared_ptr<const config::Config> compile_config(std::vector<config::File> files) {
  config::Workspace workspace;
  workspace.files = std::move(files);
  const auto compiled = config::compile(
      workspace,
      {.connector_types = connectors::connector_types(), .zones = need(config::system_zones())});
  if (compiled.config != nullptr) return compiled.config;
  for (const auto& problem : compiled.problems) {
    std::cerr << base::to_string(problem.place) << ": " << problem.message << "\n";
  }
  std::exit(EXIT_FAILURE);
}

inline const char* const settings_yaml =
    "store: sqlite:nurtured.db\ntimezone: UTC\n"
    "connectors:\n  outbox: {type: file, path: outbox}\n"
    "channels: {email: outbox}\n";

}  // namespace nurtured::bench
