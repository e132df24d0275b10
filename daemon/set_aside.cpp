#include "daemon/set_aside.h"

#include "daemon/engine.h"
#include "store/codec.h"

namespace nurtured::daemon {
namespace {

using base::Result;

// A new one takes the process's death three times over; nobody has come near it.
constexpr std::size_t set_aside_max = 100'000;

// What tells one input about a contact or an address from another.
std::string name_of(const rules::Input& input) {
  struct Name {
    std::string operator()(const rules::Event& event) const { return "event " + event.name; }
    std::string operator()(const rules::Wake& /*wake*/) const { return "wake"; }
    std::string operator()(const rules::Claim& claim) const { return "claim " + claim.delivery; }
    std::string operator()(const rules::Outcome& outcome) const {
      return "outcome " + outcome.delivery;
    }
    std::string operator()(const rules::Feedback& feedback) const {
      return "feedback " + feedback.delivery;
    }
    std::string operator()(const rules::StopEnrollment& stop) const {
      return "enrollment stop " + std::to_string(stop.enrollment);
    }
    std::string operator()(const rules::RetryEnrollment& retry) const {
      return "enrollment retry " + std::to_string(retry.enrollment);
    }
    std::string operator()(const rules::StartPlaybook& start) const {
      return "start " + start.playbook;
    }
    std::string operator()(const rules::Migrate& /*migrate*/) const { return "migrate"; }
    std::string operator()(const rules::Suppress& suppress) const {
      return "suppress " + suppress.reason + " " + suppress.channel + " " + suppress.delivery;
    }
    std::string operator()(const rules::Unsuppress& unsuppress) const {
      return "unsuppress " + (unsuppress.address ? rules::to_key(*unsuppress.address) : "");
    }
    std::string operator()(const rules::ResendDelivery& resend) const {
      return "resend " + resend.delivery.key;
    }
    std::string operator()(const rules::Rejudge& /*rejudge*/) const { return "rejudge"; }
    std::string operator()(const rules::Visit& visit) const {
      return "visit " + visit.link + " " + visit.delivery;
    }
    std::string operator()(const rules::Choice& choice) const {
      return "choice " + choice.source + " " + choice.delivery;
    }
    std::string operator()(const rules::TakeOver& /*take*/) const { return "take over"; }
    std::string operator()(const rules::HandBack& /*back*/) const { return "hand back"; }
    std::string operator()(const rules::HumanMessage& message) const {
      return "human message " + message.text;
    }
    std::string operator()(const rules::Reachability& reachability) const {
      return (reachability.reachable ? "unblocked " : "blocked ") +
             rules::to_key(reachability.address);
    }
  };
  return std::visit(Name{}, input);
}

// A value too deep to be kept is recognised by the rest.
std::string encoded(const store::SetAside& input) {
  std::string bytes;
  if (store::encode(input, bytes)) return bytes;
  return input.text;
}

store::SetAside of_event(const EventInput& input) {
  const Who& who = input.who;
  std::string whose = who.user_id.empty() ? who.anonymous_id : who.user_id;
  if (whose.empty() && who.address) whose = rules::to_key(*who.address);
  return {.kind = store::SetAside::Kind::event,
          .text = "event " + input.event.name + (whose.empty() ? "" : " of " + whose),
          .contact = who.contact,
          .user_id = who.user_id,
          .anonymous_id = who.anonymous_id,
          .previous_id = who.previous_id,
          .address = who.address,
          .message_id = input.message_id,
          .event = input.event};
}

store::DedupKey fingerprint_of(const store::SetAside& event) {
  if (event.message_id) return *event.message_id;
  store::SetAside timeless = event;
  timeless.event.occurred_at = {};
  timeless.event.received_at = {};
  return store::dedup_key("event", encoded(timeless));
}

}  // namespace

store::SetAside to_set_aside(const EngineInput& input, Instant at) {
  store::SetAside kept;
  if (const auto* event = std::get_if<EventInput>(&input)) {
    kept = of_event(*event);
    kept.fingerprint = fingerprint_of(kept);
  } else if (const auto* contact = std::get_if<ContactInput>(&input)) {
    kept.contact = contact->contact;
    kept.text = name_of(contact->input) + " of contact " + std::to_string(contact->contact.value);
    kept.fingerprint = contact->message_id.value_or(store::dedup_key("contact", kept.text));
  } else {
    const auto& address = std::get<AddressInput>(input);
    kept.text = name_of(address.input) + " of " + rules::to_key(address.address);
    kept.fingerprint = store::dedup_key("address", kept.text);
  }
  kept.at = at;
  return kept;
}

store::SetAside to_set_aside(const store::Due& timer, Instant at) {
  const std::string text = "timer of contact " + std::to_string(timer.contact.value) + ", due " +
                           base::to_rfc3339(timer.due);
  return {.at = at,
          .fingerprint = store::dedup_key("timer", text),
          .kind = store::SetAside::Kind::timer,
          .text = text,
          .contact = timer.contact,
          .due = timer.due};
}

void mark(CrashMark& mark, store::SetAside input) {
  std::string payload = encoded(input);
  if (payload.size() > mark.payload_bytes_max()) {
    payload = encoded({.fingerprint = input.fingerprint, .text = std::move(input.text)});
  }
  mark.mark(input.fingerprint, payload);
}

Result<std::optional<store::SetAside>> set_aside_suspect(const CrashRecord& record,
                                                         store::Store& store, Instant now) {
  const auto& suspect = record.found().input;
  if (!suspect || suspect->deaths < CrashRecord::deaths_max) return std::nullopt;
  auto input = store::decode_set_aside(suspect->payload);
  if (!input) input = store::SetAside{.text = "an input that could not be kept"};
  input->fingerprint = suspect->fingerprint;
  input->at = now;
  store::Batch batch;
  batch.now = now;
  batch.set_aside.push_back(*input);
  if (input->kind == store::SetAside::Kind::timer) {
    batch.timers_removed.push_back({input->due, input->contact});
  }
  if (auto done = store.commit(batch); !done) return base::fail(done.error());
  return std::optional(*std::move(input));
}

Result<void> load_set_aside(Engine& engine, store::Reader& reader) {
  const auto kept = reader.set_aside(0, set_aside_max);
  if (!kept) return base::fail(kept.error());
  for (const auto& input : *kept) engine.set_aside(input.fingerprint);
  return {};
}

std::optional<EngineInput> to_input(const store::SetAside& kept, Instant now) {
  switch (kept.kind) {
    case store::SetAside::Kind::event: {
      EventInput input{
          .who = {kept.user_id, kept.anonymous_id, kept.previous_id, kept.address, kept.contact},
          .event = kept.event,
          .message_id = kept.message_id,
          .set_aside = kept.number};
      input.event.received_at = now;
      return input;
    }
    case store::SetAside::Kind::timer:
      return ContactInput{
          .contact = kept.contact, .input = rules::Wake{}, .set_aside = kept.number};
    case store::SetAside::Kind::other:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace nurtured::daemon
