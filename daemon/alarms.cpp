#include "daemon/alarms.h"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace nurtured::daemon {
namespace {

bool carries_alarms(const config::Config& config, const std::string& connector) {
  if (!config.notify) return false;
  const auto& channels = config.book->settings().channels;
  const auto channel = channels.find(config.notify->channel);
  return channel != channels.end() && channel->second.connector == connector;
}

std::string text_of(const ConnectorAlarm& alarm) {
  std::string name = "the connector " + alarm.connector;
  switch (alarm.state) {
    case ConnectorState::works:
      return name + " works again";
    case ConnectorState::rests:
      return name + " rests and is tried again: " + alarm.reason;
    case ConnectorState::stopped:
      return name + " has stopped: " + alarm.reason +
             "; mend it, then `nurtured reload` or `nurtured resume " + alarm.connector + "`";
  }
  return name;
}

}  // namespace

void log_problems(const std::vector<config::Problem>& problems) {
  for (const auto& problem : problems) {
    const std::string line = base::to_string(problem.place) + ": " + problem.message +
                             (problem.remedy.empty() ? "" : "; " + problem.remedy);
    if (problem.severity == config::Severity::error) spdlog::error("{}", line);
    if (problem.severity == config::Severity::warning) spdlog::warn("{}", line);
  }
}

std::string first_error(const std::vector<config::Problem>& problems) {
  const auto found =
      std::ranges::find(problems, config::Severity::error, &config::Problem::severity);
  if (found == problems.end()) return {};
  return ": " + base::to_string(found->place) + ": " + found->message;
}

void Alarms::raise(const std::string& topic, const std::string& text) {
  spdlog::error("{}", text);
  dispatcher_.tell({{.at = clock_.now(), .playbook = "nurtured", .step = topic, .text = text}});
}

void Alarms::raise(const ConnectorAlarm& alarm) {
  const std::string text = text_of(alarm);
  const bool works = alarm.state == ConnectorState::works;
  spdlog::log(works ? spdlog::level::info : spdlog::level::err, "{}", text);
  if (!works && carries_alarms(*keeper_.current(), alarm.connector)) return;
  dispatcher_.tell({{.at = clock_.now(),
                     .playbook = "nurtured",
                     .step = "connector." + alarm.connector,
                     .text = text}});
}

}  // namespace nurtured::daemon
