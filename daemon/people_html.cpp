#include "daemon/people_report.h"

namespace nurtured::daemon {

std::string people_html(const PeopleFigures&) { return {}; }

}  // namespace nurtured::daemon
