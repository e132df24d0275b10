// What a comparison says (daemon/shadow.h): for a terminal, for programs, and as one HTML page that
// asks for nothing from anywhere. Pure, for any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/shadow.h"

namespace nurtured::daemon {

// As many differences as a page shows; it says how many more there are.
inline constexpr std::size_t shadow_page_differences_max = 500;

// How often each book sent, and how the two differ: whole sentences.
std::vector<std::string> in_words(const ShadowComparison& comparison);
// What nobody must take the comparison for: whole sentences.
std::vector<std::string> limits_of(const ShadowRecord& record);
// "sent 2026-03-09T09:00:00Z", "held (quiet)", "left out (expired)", "not wanted".
std::string fate_text(const std::optional<ShadowFate>& fate);

// One difference as JSON, and the counts of all of them.
std::string to_json_line(const ShadowDifference& difference);
std::string shadow_summary_json(const ShadowComparison& comparison, const ShadowRecord& record);
// For a terminal: control characters of names are still in it.
std::string shadow_text(const ShadowComparison& comparison, const ShadowRecord& record);
// A whole page (daemon/report_page.h).
std::string shadow_html(const ShadowComparison& comparison, const ShadowRecord& record);

}  // namespace nurtured::daemon
