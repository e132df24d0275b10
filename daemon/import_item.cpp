#include "daemon/import_item.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/encoding.h"
#include "daemon/ingest.h"
#include "daemon/ingest_message.h"
#include "rules/traits.h"

namespace nurtured::daemon {
namespace {

using base::Result;
using cel::Value;

tl::unexpected<ImportFault> fault(std::string_view field, std::string reason) {
  return tl::unexpected(ImportFault{std::string(field), std::move(reason)});
}

std::string folded(std::string_view text) {
  return base::fold_case(base::trimmed(text));
}

bool is_blank(const Value& value) {
  return value.is_null() || (value.is_string() && base::trimmed(value.as_string()).empty());
}

std::optional<bool> yes_or_no(const Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_int() && (value.as_int() == 0 || value.as_int() == 1)) return value.as_int() == 1;
  if (!value.is_string()) return std::nullopt;
  const std::string word = folded(value.as_string());
  for (const std::string_view yes : {"yes", "true", "1", "y", "да"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"no", "false", "0", "n", "нет"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

struct Refusal {
  std::string_view word;
  std::string_view reason;
};
// What a table may say of an address that is not to be written to.
constexpr std::array refusals = {
    Refusal{"unsubscribed", rules::unsubscribed},
    Refusal{"optout", rules::unsubscribed},
    Refusal{"opted out", rules::unsubscribed},
    Refusal{"complained", rules::complained},
    Refusal{"complaint", rules::complained},
    Refusal{"spam", rules::complained},
    Refusal{"abuse", rules::complained},
    Refusal{"bounced", "bounced"},
    Refusal{"bounce", "bounced"},
    Refusal{"hard bounce", "bounced"},
    Refusal{"hardbounced", "bounced"},
    Refusal{"invalid", "bounced"},
    Refusal{"manual", "manual"},
    Refusal{"suppressed", "manual"},
    Refusal{"blacklisted", "manual"},
};

std::optional<std::string> refusal_of(const Value& value) {
  if (!value.is_string()) return std::nullopt;
  const std::string word = folded(value.as_string());
  for (const auto& known : refusals) {
    if (word == known.word) return std::string(known.reason);
  }
  return std::nullopt;
}

// Everything that a person did themselves stops marketing; the rest stops all.
rules::SuppressionScope scope_of(std::string_view reason) {
  const bool by_person = reason == rules::unsubscribed || reason == rules::complained;
  return by_person ? rules::SuppressionScope::marketing : rules::SuppressionScope::all;
}

// "01.03.2026 10:30" as "2026-03-01 10:30".
std::string year_first(std::string_view text) {
  const bool is_day_first = text.size() >= 10 && text[2] == '.' && text[5] == '.';
  if (!is_day_first) return std::string(text);
  return fmt::format("{}-{}-{}{}", text.substr(6, 4), text.substr(3, 2), text.substr(0, 2),
                     text.substr(10));
}

// ---- contacts

class ContactReader {
 public:
  explicit ContactReader(const ImportContext& context)
      : context_(context), zone_(context.book.settings().zone) {}

  ImportResult<EventInput> read(const Value& fields) {
    for (const auto& [key, value] : fields.as_map()) {
      if (is_blank(value)) continue;
      if (auto done = read_field(key.as_string(), value); !done)
        return tl::unexpected(done.error());
    }
    if (auto done = add_refusals(); !done) return tl::unexpected(done.error());
    if (auto done = add_consents(); !done) return tl::unexpected(done.error());
    if (auto done = name_contact(); !done) return tl::unexpected(done.error());
    rules::Event& event = input_.event;
    event.name = "contact.identified";
    event.properties = std::move(traits_);
    event.occurred_at = event.received_at = context_.now;
    event.is_history = !context_.starts;
    return std::move(input_);
  }

 private:
  struct Consent {
    std::optional<bool> given;
    std::optional<Instant> at;
    std::string source;
    std::string wording;
    std::string from;
    std::string field;  // the one that says so
  };
  struct Refused {
    std::string reason;
    std::optional<Instant> at;
    std::string field;
  };

  rules::ContactChange& change() { return input_.event.change; }

  ImportResult<void> read_field(const std::string& field, const Value& value) {
    if (field == "id") return read_id(value);
    if (field == "tags") return read_tags(value);
    if (field == "birthday") return read_birthday(value);
    if (field == "timezone" && value.is_string() &&
        !context_.book.knows_zone(base::trimmed(value.as_string()))) {
      return fault(field, fmt::format("there is no time zone {}", value.as_string()));
    }
    if (field == "status") return read_status(value);
    if (field.starts_with("consent.")) return read_consent(field, value);
    if (field.starts_with("suppressed")) return read_refusal(field, value);
    if (field.starts_with("attributes.")) return read_trait(field, field.substr(11), value);
    return read_trait(field, field, value);
  }

  ImportResult<void> read_id(const Value& value) {
    auto id = id_text(&value, "id");
    if (!id) return fault("id", id.error().message);
    input_.who.user_id = std::string(base::trimmed(*id));
    return {};
  }

  ImportResult<void> read_trait(const std::string& field, const std::string& name,
                                const Value& value) {
    const Value kept =
        value.is_string() ? Value(std::string(base::trimmed(value.as_string()))) : value;
    if (auto judged = judge_extent(kept, "the value", {}); !judged) {
      return fault(field, judged.error().message);
    }
    std::vector<std::string> problems;
    rules::apply_traits(cel::Map{{name, kept}}, change(), problems);
    if (!problems.empty()) return fault(field, std::move(problems.front()));
    traits_.set(name, kept);
    return {};
  }

  ImportResult<void> read_tags(const Value& value) {
    std::set<std::string> tags;
    const auto add = [&](std::string_view text) {
      if (const auto tag = base::trimmed(text); !tag.empty()) tags.emplace(tag);
    };
    if (value.is_list()) {
      for (const auto& item : value.as_list()) {
        if (!item.is_string()) return fault("tags", "a tag is no text");
        add(item.as_string());
      }
    } else if (value.is_string()) {
      std::string_view rest = value.as_string();
      for (;;) {
        const std::size_t end = rest.find_first_of(",;|");
        add(rest.substr(0, end));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
      }
    } else {
      return fault("tags", "it is neither a text nor a list of texts");
    }
    if (tags.size() > import_tags_max) {
      return fault("tags", fmt::format("there are more than {}", import_tags_max));
    }
    for (const auto& tag : tags) {
      if (!rules::is_plain_text(tag, rules::trait_name_bytes_max)) {
        return fault("tags", "a tag has control characters or is too long");
      }
    }
    change().tags_added.assign(tags.begin(), tags.end());
    return {};
  }

  ImportResult<void> read_birthday(const Value& value) {
    const std::string text =
        value.is_string() ? year_first(base::trimmed(value.as_string())) : std::string();
    const std::string day = text.substr(0, 10);
    if (!parse_import_time(day, rules::Zone())) {
      return fault("birthday", "it is no date such as 1990-05-17 or 17.05.1990");
    }
    return read_trait("birthday", "birthday", day);
  }

  // Another system's words: of those that refuse, a suppression comes; the word is kept in any
  // case.
  ImportResult<void> read_status(const Value& value) {
    if (const auto reason = refusal_of(value)) {
      Refused& refused = refusals_["email"];
      if (refused.reason.empty()) refused = {*reason, refused.at, "status"};
    }
    return read_trait("attributes.status", "status", value);
  }

  ImportResult<Instant> moment(const std::string& field, const Value& value) const {
    auto at = value.is_string() ? parse_import_time(base::trimmed(value.as_string()), zone_)
                                : Result<Instant>(base::fail("it is no moment"));
    if (!at) return fault(field, at.error().message);
    if (*at > context_.now) return fault(field, "it lies in the future");
    return *at;
  }

  ImportResult<std::string> evidence(const std::string& field, const Value& value) const {
    if (!value.is_string()) return fault(field, "it is no text");
    if (!rules::is_plain_text(value.as_string(), import_evidence_bytes_max)) {
      return fault(field, fmt::format("it has control characters or is longer than {} bytes",
                                      import_evidence_bytes_max));
    }
    return std::string(base::trimmed(value.as_string()));
  }

  // "consent.email" or "consent.email.at".
  ImportResult<void> read_consent(const std::string& field, const Value& value) {
    const std::string rest = field.substr(std::string_view("consent.").size());
    const std::size_t dot = rest.find('.');
    Consent& consent = consents_[rest.substr(0, dot)];
    if (consent.field.empty()) consent.field = field;
    const std::string part = dot == std::string::npos ? "" : rest.substr(dot + 1);
    if (part.empty()) {
      consent.given = yes_or_no(value);
      if (consent.given) return {};
      auto at = moment(field, value);
      if (!at) return fault(field, "it is neither yes nor no nor a date that has passed");
      if (!consent.at) consent.at = *at;
      consent.given = true;
      return {};
    }
    if (part == "at") {
      auto at = moment(field, value);
      if (!at) return tl::unexpected(at.error());
      consent.at = *at;
      return {};
    }
    auto text = evidence(field, value);
    if (!text) return tl::unexpected(text.error());
    (part == "source"    ? consent.source
     : part == "wording" ? consent.wording
                         : consent.from) = *std::move(text);
    return {};
  }

  // "suppressed", "suppressed.email", each also with ".at".
  ImportResult<void> read_refusal(const std::string& field, const Value& value) {
    std::string channel =
        field.size() > std::string_view("suppressed").size() ? field.substr(11) : "";
    const bool is_moment = channel == "at" || channel.ends_with(".at");
    if (is_moment) channel = channel == "at" ? "" : channel.substr(0, channel.size() - 3);
    Refused& refused = refusals_[channel];
    if (is_moment) {
      auto at = moment(field, value);
      if (!at) return tl::unexpected(at.error());
      refused.at = *at;
      return {};
    }
    refused.field = field;
    if (const auto is_so = yes_or_no(value)) {
      if (*is_so) refused.reason = field == "suppressed.email" ? "unsubscribed" : "manual";
      return {};
    }
    const auto reason = refusal_of(value);
    if (!reason) return fault(field, "it is none of unsubscribed, complained, bounced, manual");
    refused.reason = *reason;
    return {};
  }

  ImportResult<void> known_channel(const std::string& channel, const std::string& field) const {
    if (context_.book.settings().channels.contains(channel)) return {};
    return fault(field, fmt::format("there is no channel {}", channel));
  }

  ImportResult<void> add_refusals() {
    for (auto& [channel, refused] : refusals_) {
      if (refused.reason.empty()) continue;
      if (!channel.empty() && refused.field != "status") {
        if (auto known = known_channel(channel, refused.field); !known) return known;
      }
      change().suppressions.push_back({.channel = channel,
                                       .scope = scope_of(refused.reason),
                                       .reason = refused.reason,
                                       .at = refused.at});
    }
    return {};
  }

  ImportResult<void> add_consents() {
    for (auto& [channel, consent] : consents_) {
      if (auto known = known_channel(channel, consent.field); !known) return known;
      // Evidence of a consent without the word: that it was given.
      const bool given = consent.given.value_or(true);
      change().consents.push_back({.channel = channel,
                                   .given = given,
                                   .source = consent.source.empty() ? "import" : consent.source,
                                   .wording = consent.wording,
                                   .from = consent.from,
                                   .at = consent.at});
    }
    return {};
  }

  ImportResult<void> name_contact() {
    if (!input_.who.user_id.empty()) return {};
    const auto& addresses = change().addresses;
    auto own = std::ranges::find(addresses, std::string("email"),
                                 &std::pair<std::string, std::string>::first);
    if (own == addresses.end()) own = addresses.begin();
    if (own == addresses.end()) {
      return fault("", "it has neither an id nor an e-mail address nor another one");
    }
    input_.who.address = rules::Address{own->first, own->second};
    return {};
  }

  const ImportContext& context_;
  const rules::Zone& zone_;
  EventInput input_;
  cel::Map traits_;
  std::map<std::string, Consent> consents_;  // by channel
  std::map<std::string, Refused> refusals_;  // by channel; "" is the person
};

// ---- touches

std::string text_of(const Value& fields, std::string_view field) {
  const Value* value = fields.find(field);
  if (value == nullptr) return {};
  if (value->is_int()) return std::to_string(value->as_int());
  return value->is_string() ? std::string(base::trimmed(value->as_string())) : std::string();
}

ImportResult<cel::Map> touch_properties(const Value& fields, bool is_logged) {
  cel::Map properties;
  constexpr std::string_view own = "properties.";
  for (const auto& [key, value] : fields.as_map()) {
    if (key.as_string().starts_with(own) && !is_blank(value)) {
      properties.set(key.as_string().substr(own.size()), value);
    }
  }
  for (const std::string_view name : {"kind", "place", "channel", "note"}) {
    std::string text = text_of(fields, name);
    if (text.empty()) continue;
    if (!rules::is_plain_text(text, import_evidence_bytes_max)) {
      return fault(name, "it has control characters or is too long");
    }
    properties.set(std::string(name), std::move(text));
  }
  if (is_logged) {
    const Value* place = properties.find("place");
    if (place == nullptr) properties.set("place", "offline");
    if (place != nullptr && *place != Value("offline") && *place != Value("online")) {
      return fault("place", "it is neither offline nor online");
    }
  }
  if (auto judged = judge_extent(properties, "the row", {}); !judged) {
    return fault("", judged.error().message);
  }
  return properties;
}

}  // namespace

Result<Instant> parse_import_time(std::string_view text, const rules::Zone& zone) {
  constexpr std::string_view remedy =
      "write 2026-03-01T10:30:00+03:00, 2026-03-01 10:30 or 01.03.2026 10:30";
  std::string moment = year_first(text);
  const auto digit = [&](std::size_t at) {
    return at < moment.size() && moment[at] >= '0' && moment[at] <= '9';
  };
  if (moment.size() == 10) moment += " 00:00";
  const bool has_clock = moment.size() >= 16 && moment[13] == ':' && digit(14) && digit(15);
  if (!has_clock) return base::fail("it is no moment", std::string(remedy));
  if (moment.size() == 16) moment += ":00";
  const bool is_local = moment.find_first_of("Zz+", 16) == std::string::npos &&
                        moment.find('-', 16) == std::string::npos;
  auto instant = base::parse_instant(moment);
  if (!instant) return base::fail("it is no moment", std::string(remedy));
  if (!is_local) return instant;
  return zone.to_instant(rules::LocalTime(instant->time_since_epoch()));
}

ImportResult<EventInput> read_import_contact(const Value& fields, const ImportContext& context) {
  return ContactReader(context).read(fields);
}

ImportResult<EventInput> read_import_touch(const Value& fields, const ImportContext& context) {
  const std::string name = text_of(fields, "contact");
  if (name.empty()) return fault("contact", "it says not whose it is");
  const std::string at_text = text_of(fields, "at");
  const auto at = parse_import_time(at_text, context.book.settings().zone);
  if (!at) return fault("at", at_text.empty() ? "it says not when" : at.error().message);
  if (*at > context.now) return fault("at", "it lies in the future");
  const std::string event = text_of(fields, "event");
  const bool is_logged = event.empty();
  if (is_logged && text_of(fields, "kind").empty()) {
    return fault("event", "it names neither an event nor a kind of touch");
  }
  const Value named(is_logged ? std::string("touch.logged") : event);
  auto known = event_name(&named, "name");
  if (!known) return fault("event", known.error().message);
  auto properties = touch_properties(fields, is_logged);
  if (!properties) return tl::unexpected(properties.error());
  auto who = context.find_contact(name);
  if (!who) return fault("contact", who.error().message);
  EventInput input{.who = *std::move(who)};
  input.event.name = *std::move(known);
  input.event.properties =
      rules::typed_texts(context.book.settings().events, input.event.name, *std::move(properties));
  input.event.occurred_at = *at;
  input.event.received_at = context.now;
  input.event.is_history = !context.starts;
  return input;
}

}  // namespace nurtured::daemon
