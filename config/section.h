// One map of a YAML file, read key by key with types: what each part of config/ reads its own part
// of a file with, and each connector its section of nurtured.yaml. Every fault is reported with its
// place; a getter then answers nullopt, so that reading goes on and all faults are found at once.
// What nobody asked for is reported by finish() with the nearest known key.
//
//   std::optional<SmtpOptions> read(Section& section) {
//     auto url = section.secret("url");
//     section.require("url");
//     auto timeout = section.period("timeout", {.min = 1s, .max = 10min}).value_or(30s);
//     section.finish();
//     ...
//   }
//
// A Section refers to its node, its problems and its secrets: all must outlive it. Not for several
// threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problem.h"
#include "config/secret.h"
#include "config/yaml.h"
#include "rules/calendar.h"
#include "rules/event_shape.h"

namespace nurtured::config {

// A text that is a name or a short value; longer ones are refused.
inline constexpr std::size_t text_bytes_max = 4096;

struct PlacedText {
  std::string text;
  base::Place place;
};

class Section {
 public:
  struct IntegerRange {
    std::int64_t min = 0;
    std::int64_t max = std::numeric_limits<std::int32_t>::max();
  };
  struct NumberRange {
    double min = 0;
    double max = 1e9;
  };
  struct PeriodRange {
    base::Milliseconds min{0};
    base::Milliseconds max{std::chrono::hours{24} * 3660};
  };

  // `name` is how problems call it: "connectors.email". A null node is an empty map; anything that
  // is not a map is reported here and reads as empty.
  Section(const Node& node, std::string name, Problems& problems, const Secrets* secrets = nullptr);

  const std::string& name() const { return name_; }
  const base::Place& place() const { return place_; }
  Problems& problems() { return *problems_; }
  const Secrets* secrets() const { return secrets_; }

  // The value as it stands; nullptr when the key is not there. Like every getter it makes the key
  // known.
  const Node* node(std::string_view key);
  // False, and reported, when the key is missing or empty.
  bool require(std::string_view key, std::string_view remedy = {});
  // Keys that are right here though nobody has asked for them yet.
  void allow(std::initializer_list<std::string_view> keys);

  // Any scalar as its text, not empty, at most text_bytes_max. A reference to a secret is refused:
  // only secret() takes one, so that nothing shown holds one.
  std::optional<std::string> text(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, IntegerRange range);
  std::optional<double> number(std::string_view key, NumberRange range);
  // true or false, unquoted.
  std::optional<bool> boolean(std::string_view key);
  // Days count on the contact's clock.
  std::optional<rules::Span> span(std::string_view key);
  // An exact time, for what machines do: a day is 24 hours.
  std::optional<base::Milliseconds> period(std::string_view key, PeriodRange range);
  // `50/s`, `100/m`, `1000/h`, as a number a second, above 0.
  std::optional<double> rate(std::string_view key);
  // One of `choices`; another text is reported with the nearest.
  std::optional<std::string> choice(std::string_view key,
                                    std::span<const std::string_view> choices);
  std::optional<std::string> choice(std::string_view key,
                                    std::initializer_list<std::string_view> choices);
  // A text in which ${…} references are resolved. Without Secrets they stay as written.
  std::optional<Secret> secret(std::string_view key);
  // One text or a list of them; empty when the key is missing.
  std::vector<std::string> texts(std::string_view key);
  std::vector<PlacedText> placed_texts(std::string_view key);
  std::vector<Secret> secrets_list(std::string_view key);
  // A map of texts, in the order of the file.
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);
  // A map within this one; nullopt when the key is missing or its value no map.
  std::optional<Section> section(std::string_view key);

  // Reports at the key's value, or at the section when the key is not there (or is "").
  void error(std::string_view key, std::string message, std::string remedy = {});
  void warning(std::string_view key, std::string name, std::string message,
               std::string remedy = {});

  // Reports every key that no getter has asked for. Call it last.
  void finish();

 private:
  std::optional<std::string> scalar(std::string_view key, const Node& node,
                                    std::string_view wanted);
  std::optional<std::string> plain_text(std::string_view key, const Node& node);
  std::optional<Secret> resolved(std::string_view key, const Node& node);
  std::string path_of(std::string_view key) const;

  const Node* node_;
  bool is_refused_ = false;
  base::Place place_;
  std::string name_;
  Problems* problems_;
  const Secrets* secrets_;
  std::set<std::string, std::less<>> known_;
};

// "did you mean `checklist.downloaded`?" for the candidate nearest to `name`, else `otherwise`.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates,
                         std::string otherwise = {});

// What a step may have a connector of some type do (`do: CONNECTOR.ACTION`).
struct ActionShape {
  std::string name;
  rules::EventShape takes;            // `with`
  std::vector<std::string> required;  // of what it takes
  rules::EventShape gives;            // `save`
};

// The types that `type:` of a connector may name, handed in by whoever knows connectors.
struct ConnectorTypes {
  std::vector<std::string> names;
  std::map<std::string, std::vector<ActionShape>, std::less<>> actions;  // by type
  // Those whose messages have a subject line, so that a message without one is a mistake.
  std::vector<std::string> with_subject;
  std::vector<std::string> mail;  // those whose messages leave as mail
  // Reads every option of a connector of that type, reporting what is wrong. config/ has read
  // `type` and calls finish() afterwards.
  std::function<void(std::string_view type, Section& section)> check;
};

}  // namespace nurtured::config
