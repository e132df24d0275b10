// What the parts of a scenario are read with: the names that the workspace knows, and the clock of
// the contact. Inside config/ only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/scenario.h"
#include "config/scenario_moment.h"
#include "config/section.h"

namespace nurtured::config {

// What is said of an entry that is none of its kinds, or several.
struct KindWords {
  std::string_view one;   // "one thing happens at a time"
  std::string_view none;  // "nothing happens here"
  std::string_view all;   // "what may happen is", before the names
};

// Which of `names` is a key of the map, as its position; nullopt, and reported, where none is or
// several are.
std::optional<std::size_t> find_kind(const Node& node, std::span<const std::string_view> names,
                                     const KindWords& words, Problems& problems);

class ScenarioContext {
 public:
  // `config` is null while the workspace has errors: then no name is blamed, and every clock is
  // UTC. Both outlive this.
  ScenarioContext(const Config* config, Problems& problems)
      : config_(config), problems_(problems) {}

  Problems& problems() const { return problems_; }
  const rules::Book* book() const { return config_ == nullptr ? nullptr : config_->book.get(); }

  // The contacts of the scenario at hand, for `contact:` of what is read next.
  void set_contacts(const std::vector<ScenarioContact>& contacts) { contacts_ = &contacts; }
  // What durations count from.
  void set_start(std::optional<Instant> start) { start_ = start; }

  // `contact: ID` of an event or an expectation; the first where it is left out.
  std::size_t contact_of(Section& section) const;
  const rules::Zone& zone_of(std::size_t contact) const;
  // The text under `key` as a moment on the contact's clock; nullopt, and reported, for none.
  std::optional<Moment> moment(Section& section, std::string_view key, std::size_t contact) const;
  std::optional<Moment> moment(const Node& node, std::size_t contact) const;

  // Names that must be known; reported, with the nearest, where they are not. Empty ones are
  // reported by whoever read them.
  void check_message(const std::string& name, const base::Place& place) const;
  void check_playbook(const std::string& name, const base::Place& place) const;
  void check_step(const std::string& playbook, const std::string& name,
                  const base::Place& place) const;
  void check_segment(const std::string& name, const base::Place& place) const;
  void check_channel(const std::string& name, const base::Place& place) const;
  void check_event(const std::string& name, const base::Place& place) const;
  // CONNECTOR.ACTION of a `do` step.
  void check_call(const std::string& name, const base::Place& place) const;
  void check_link(const std::string& id, const base::Place& place) const;
  // The properties of an event, held against its shape and typed by it; a text that is to be a time
  // may be a moment on the contact's clock.
  cel::Value properties(const Node* node, const std::string& event, std::size_t contact) const;

 private:
  void unknown(std::string_view what, const std::string& name, const base::Place& place,
               const std::vector<std::string>& known) const;
  cel::Value property(const Entry& entry, const cel::Type& type, std::size_t contact) const;

  const Config* config_;
  Problems& problems_;
  const std::vector<ScenarioContact>* contacts_ = nullptr;
  std::optional<Instant> start_;
};

}  // namespace nurtured::config
