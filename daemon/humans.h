// What the humans are told, and how they answer: what a contact wrote, with the talk before it and
// a link to a page of theirs. Pure but for what it is handed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "content/message.h"
#include "daemon/links.h"
#include "rules/transition.h"
#include "store/types.h"

namespace nurtured::daemon {

// One message to one of the humans.
struct Telling {
  std::string channel;
  std::string to;
  content::Rendered rendered;
};

// A line of the talk with a contact.
struct SaidLine {
  base::Instant at;
  std::string who;   // "we", a human's name; empty: the contact
  std::string what;  // their words; of ours the message's name
};
inline constexpr std::size_t said_lines_max = 10;
// Of a timeline, to find them in.
inline constexpr std::size_t talk_entries_max = 200;

// The talk as the timeline has it (any order), oldest line first: the latest said_lines_max.
std::vector<SaidLine> said_lines(const std::vector<store::TimelineEntry>& timeline);

// PUBLIC_URL/h/TOKEN
std::string answer_url(const LinkSigner& signer, std::string_view public_url,
                       const AnswerClaim& claim);

// Under which a notification goes out: the Message-ID is made from it. One that wants an answer has
// the form of a delivery's key, so that a mail which answers it names the contact.
std::string telling_key(const rules::Notification& notification);
// The contact, where the key is such a one; no contact otherwise.
rules::ContactId answered_contact(std::string_view key);
// What a human writes in reply: a message to the contact, or `/back`, which gives the contact back.
// nullopt where nothing is said.
std::optional<rules::Input> human_input(std::string_view text, const std::string& by);

// Who is told, in whose markup. `contact` and `timeline` are those of a notification that wants an
// answer; without them it is told as it stands.
struct TellingContext {
  const config::Config& config;
  const LinkSigner& signer;
  const rules::Contact* contact = nullptr;
  const std::vector<store::TimelineEntry>* timeline = nullptr;
};
std::vector<Telling> tellings(const TellingContext& context,
                              const rules::Notification& notification);

}  // namespace nurtured::daemon
