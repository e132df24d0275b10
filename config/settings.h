// nurtured.yaml (CONTRACT sections 4 and 7). Inside config/ only.
#pragma once

#include "config/catalogue.h"
#include "config/compile.h"
#include "config/config.h"

namespace nurtured::config {

struct SettingsFile {
  rules::Settings rules;
  // Store, http, keys, keep, connectors, dedup, notify, tracking, pages, hooks; the rest is filled
  // by compile().
  Config daemon;
};

// Fills the catalogue's channels and history as well. What needs the messages is checked by
// check_series, when they have been read.
SettingsFile read_settings(const Document& document, const CompileOptions& options,
                           Catalogue& catalogue, Uses& uses, Problems& problems);

// Every series names messages that there are, and `fill` marketing ones.
void check_series(const Document& document, const rules::Settings& settings,
                  const Catalogue& catalogue, Problems& problems);

// The parts of read_settings: what the rules decide by (settings_rules.cpp), and what the daemon
// runs on (settings_daemon.cpp).
void read_rules(Section& root, const Document& document, const CompileOptions& options,
                Catalogue& catalogue, Uses& uses, rules::Settings& settings);
// `tracking` and `pages` (settings_links.cpp).
void read_tracking(Section& root, Tracking& tracking);
void read_pages(Section& root, Pages& pages);
// `hooks` (settings_hooks.cpp).
void read_hooks(Section& root, const Document& document, const Catalogue& catalogue,
                Config& config);
void read_daemon(Section& root, const Document& document, const CompileOptions& options,
                 Catalogue& catalogue, rules::Settings& settings, Config& config);

}  // namespace nurtured::config
