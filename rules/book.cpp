#include "rules/book.h"

#include <algorithm>
#include <set>

#include "base/digest.h"

namespace nurtured::rules {

StepIndex Playbook::find_step(std::string_view step_id) const {
  StepIndex found = no_step;
  for (StepIndex i = 0; i < steps.size(); ++i) {
    if (steps[i].id != step_id) continue;
    if (found != no_step) return no_step;
    found = i;
  }
  return found;
}

const Send* send_of(const StepAction& action) {
  if (const auto* ask = std::get_if<Ask>(&action)) return &ask->send;
  return std::get_if<Send>(&action);
}

std::optional<Span> wait_max_of(const StepAction& action) {
  if (const auto* wait = std::get_if<WaitFor>(&action)) return wait->within;
  if (const auto* ask = std::get_if<Ask>(&action)) return ask->within;
  return std::nullopt;
}

namespace {

// By what decides who is in which segment, and when a start falls due: never 0.
std::uint64_t digest_of(const Segments& segments, const std::vector<TimedStartRef>& starts,
                        const std::string& zone) {
  std::string text = zone;
  for (SegmentIndex i = 0; i < segments.size(); ++i) {
    text += '\0' + segments[i].name + '\0' + segments[i].condition.source;
  }
  for (const TimedStartRef& ref : starts) {
    text += '\0' + ref.playbook->id + '\0' + ref.playbook->version;
  }
  return std::max<std::uint64_t>(1, base::first_64_bits(base::sha256(text)));
}

}  // namespace

Book::Book(BookParts parts)
    : settings_(std::move(parts.settings)),
      zones_(std::move(parts.zones)),
      segments_(std::move(parts.segments)),
      current_(std::move(parts.current)) {
  for (auto& message : parts.messages) {
    std::string name = message.name;
    messages_.emplace(std::move(name), std::move(message));
  }
  for (const std::string_view name : {human_message, ask_again}) {
    messages_.emplace(name, MessageInfo{.name = std::string(name), .kind = Kind::reply});
  }
  for (auto& touchpoint : parts.touchpoints) {
    std::string event = touchpoint.event;
    touchpoints_.emplace(std::move(event), std::move(touchpoint));
  }
  for (const auto& playbook : parts.former) {
    by_version_[{playbook->id, playbook->version}] = playbook;
  }
  for (const auto& playbook : current_) {
    by_version_[{playbook->id, playbook->version}] = playbook;
    by_id_[playbook->id] = playbook;
    for (std::size_t i = 0; i < playbook->starts.size(); ++i) {
      starts_[playbook->starts[i].event].push_back({playbook, i});
    }
    for (std::uint32_t i = 0; i < playbook->timed_starts.size(); ++i) {
      timed_starts_.push_back({playbook, i});
    }
  }
  if (!segments_.empty() || !timed_starts_.empty()) {
    standing_rules_ = digest_of(segments_, timed_starts_, settings_.zone_name);
  }
  for (auto& [event, refs] : starts_) {
    std::ranges::stable_sort(refs, [](const StartRef& left, const StartRef& right) {
      if (left.playbook->priority != right.playbook->priority) {
        return left.playbook->priority > right.playbook->priority;
      }
      return left.playbook->id < right.playbook->id;
    });
    // In this order, so that they lie in memory as they will be read.
    for (StartRef& ref : refs) {
      const auto& condition = ref.playbook->starts[ref.start].condition;
      const auto* plain = condition ? condition->program.plain() : nullptr;
      if (plain != nullptr) ref.plain = *plain;
    }
  }
}

const MessageInfo* Book::message(std::string_view name) const {
  const auto found = messages_.find(name);
  return found == messages_.end() ? nullptr : &found->second;
}

std::vector<std::string> Book::topics() const {
  std::set<std::string> topics;
  for (const auto& [name, message] : messages_) {
    if (!message.topic.empty()) topics.insert(message.topic);
  }
  return {topics.begin(), topics.end()};
}

const Touchpoint* Book::touchpoint(std::string_view event) const {
  const auto found = touchpoints_.find(event);
  return found == touchpoints_.end() ? nullptr : &found->second;
}

const Playbook* Book::playbook(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

const Playbook* Book::playbook(std::string_view id, std::string_view version) const {
  const auto found = by_version_.find({std::string(id), std::string(version)});
  return found == by_version_.end() ? nullptr : found->second.get();
}

const std::vector<StartRef>& Book::starts(std::string_view event) const {
  static const std::vector<StartRef> none;
  const auto found = starts_.find(event);
  return found == starts_.end() ? none : found->second;
}

const Zone& Book::zone(std::string_view name) const {
  if (name.empty()) return settings_.zone;
  const auto found = zones_.find(name);
  return found == zones_.end() ? settings_.zone : found->second;
}

std::shared_ptr<const Book> Book::with_former(
    const std::vector<std::shared_ptr<const Playbook>>& former) const {
  auto book = std::make_shared<Book>(*this);
  for (const auto& playbook : former) {
    book->by_version_.try_emplace({playbook->id, playbook->version}, playbook);
  }
  return book;
}

}  // namespace nurtured::rules
