// The report of a simulated population (daemon/people_figures.h): first in words, for whoever is no
// analyst, then the figures. As text for a terminal, as JSON for programs, and as one HTML page
// that asks for nothing from anywhere.
#pragma once

#include <string>
#include <vector>

#include "daemon/people_figures.h"

namespace nurtured::daemon {

// What the figures mean, the most important first: whole sentences.
std::vector<std::string> in_words(const PeopleFigures& figures);

// One object, on one line.
std::string people_json(const PeopleFigures& figures);
// For a terminal: control characters of names are still in it.
std::string people_text(const PeopleFigures& figures);
// A whole page, UTF-8: every name is escaped, there are no scripts, and its own policy lets it load
// nothing. For light, dark and paper.
std::string people_html(const PeopleFigures& figures);

// The share in percent; 0 of none.
double percent_of(std::int64_t part, std::int64_t whole);
std::int64_t sum_of(const ByKind& counts);
// Of the three that share the mix.
std::int64_t marketing_sent(const PeopleFigures& figures);
// The share of those who reached the step that ended there without the goal, in percent.
double leak_of(const StepFigures& step);

}  // namespace nurtured::daemon
