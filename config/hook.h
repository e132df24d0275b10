// A form or any other system's webhook, as `hooks` in nurtured.yaml maps it onto an event; our
// addition to the contract. Compiled, immutable. daemon/hooks.h applies it to a request.
//
//   hooks:
//     lead:
//       preset: html
//       key: "${credential:lead}"
//       event: form.sent
//       traits: {email: body.email, first_name: body.name}
//       consent: {email: {if: body.agree == "on", wording: I agree to receive letters}}
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "config/secret.h"
#include "rules/cel/environment.h"
#include "rules/cel/program.h"

namespace nurtured::config {

// What the mapping's expressions see, each open: `body` (the fields of a form or the JSON),
// `headers` (by their names in lower case) and `query`. A field that is not there is null in == and
// !=.
inline constexpr std::size_t hook_body = 0;
inline constexpr std::size_t hook_headers = 1;
inline constexpr std::size_t hook_query = 2;
cel::Environment hook_environment();

// Where the sender puts the key that we share with it.
struct HookKey {
  enum class Place { path, header, query, field };
  Secret secret;
  Place place = Place::path;  // /hooks/NAME/KEY
  std::string name;           // of the header, the parameter or the form's field
};

// HMAC-SHA256 over `over`, in which {body} and {timestamp} stand for what came.
struct HookSignature {
  Secret secret;
  std::string header;
  std::string prefix;  // before the signature: "sha256="
  bool is_base64 = false;
  std::string over = "{body}";
  std::string timestamp_header;  // Unix seconds; empty: none is sent, and none is checked
  base::Milliseconds tolerance = std::chrono::seconds{300};
};

struct HookConsent {
  std::string channel;
  std::optional<cel::Program> condition;
  std::string wording;
  std::optional<cel::Program> wording_of;  // written =EXPR; wins over `wording`
  std::optional<cel::Program> from;        // the sender's address where left out
};

struct Hook {
  using Fields = std::vector<std::pair<std::string, cel::Program>>;

  std::string name;
  bool is_public = false;  // anybody may post
  std::optional<HookKey> key;
  std::optional<HookSignature> signature;
  std::string event;
  std::optional<cel::Program> event_of;  // written =EXPR; wins over `event`
  std::optional<cel::Program> user;      // the contact's id; by its address where left out
  Fields traits;
  std::optional<Fields> properties;  // none: all fields of the body
  std::vector<HookConsent> consents;
  std::optional<cel::Program> id;      // what a repeat is recognised by; the body where left out
  std::optional<cel::Program> ignore;  // a test of the sender's: answered and not taken
  std::string answer = "ok";
  std::string redirect;  // where a browser goes on to; empty: `answer` is shown
};

}  // namespace nurtured::config
