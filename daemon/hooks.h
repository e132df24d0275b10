// A request to /hooks/NAME, checked and mapped onto an event as nurtured.yaml says (config/hook.h):
// values in, values out, no sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "config/hook.h"
#include "daemon/ingest.h"
#include "daemon/inputs.h"
#include "http/request.h"

namespace nurtured::daemon {

inline constexpr std::size_t hook_body_bytes_max = std::size_t{1} << 20;
// Fields of a form that nest ("a[b][c]") deeper than this keep their name as it is.
inline constexpr std::size_t hook_nesting_max = 5;

struct HookEvent {
  std::optional<EventInput> input;    // none: a test of the sender's, to be answered and forgotten
  std::vector<std::string> problems;  // parts that were left out, each in a sentence
};

// `path_key` is what stands in the path after the hook's name. Errors: `denied` for a wrong key or
// signature, or a timestamp outside the tolerance; `invalid` and `too_large` for a body that cannot
// be read. What cannot be used of a readable one is left out and named.
//
// `typed` gets texts where a form is the body: rules::typed_texts.
//
// A repeat is recognised by the hook's `id`, where it has none by the body within one day.
base::Result<HookEvent> read_hook(const config::Hook& hook, const http::Request& request,
                                  std::string_view path_key, Instant now,
                                  const TypedProperties& typed);

// The body as the mapping sees it: JSON as it is, a form's fields as a map in which a repeated name
// is a list and "a[b]" a map within. Texts of a form that names its charset are decoded (`invalid`
// for an unknown one); what is no UTF-8 then is made so.
base::Result<cel::Value> read_hook_body(const http::Request& request);

}  // namespace nurtured::daemon
