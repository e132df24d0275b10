// All that an operator can do to the running state, as one set: the daemon offers it over its
// control socket (daemon/control_server.h), and the commands use it directly on a store whose
// daemon is not running (daemon/offline.h). A request is a JSON object, an answer is JSON and the
// same in words.
//
//   status                                                          what runs
//   plan, reload                                                    the workspace's files
//   pause, resume         {"what"}                                  all, a playbook, a connector
//   contact/list          {"after", "limit"}
//   contact/show          {"contact"}
//   contact/add, set      {"contact", "attributes", "addresses", "timezone", "locale", "tag",
//                          "untag"}
//   contact/consent       {"contact", "channel", "given", "wording"}
//   contact/suppress      {"contact", "scope", "reason", "channel"}
//   contact/unsuppress    {"contact", "channel", "by", "reason"}
//   contact/link          {"contact", "channel"}                    opens a chat that is theirs
//   then contact/handoff       {"contact", "for", "by", "reason"}        a human takes them over
//   contact/answer        {"contact", "text", "by"}                 a human's message to them
//   contact/hand-back     {"contact", "by"}
//   event/add             {"contact", "event", "properties", "at"}
//   event/list            {"set_aside": true, "after", "limit"}     inputs that ended the daemon
//   event/learn           {"days"}      names and types of what came in (config/event_learner.h)
//   event/retry           {"number"}                                take one of them again
//   touch/add             {"contact", "kind", "place", "channel", "note", "at"}
//   touch/qr              {"kind", "note", "contact", "to", "until"} a link and its picture
//   enrollment/list       {"contact"}, {"parked": true, "after", "limit"}, or {}
//   enrollment/stop       {"contact", "enrollment"}                 likewise enrollment/retry
//   delivery/list         {"state", "after", "limit"}
//   delivery/resend       {"delivery"}
//   explain               {"contact", "limit"}
//   import/progress       {"import"}                                how far it came
//   import/try            {"what", "items"}                         what import/take would change
//   import/take           {"what", "import", "items", "until", "finished", "start"}
//   mail/take             {"mail"}      a mail that came back, in base64
//   backup/mark                                                     before the store is copied
//
// `contact` is a user id, an anonymous id, CHANNEL:ADDRESS or an e-mail address.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/book_keeper.h"
#include "daemon/engine.h"
#include "daemon/inbox.h"
#include "rules/cel/value.h"
#include "store/store.h"

namespace nurtured::daemon {

struct Answer {
  cel::Value result;
  std::string text;      // lines for a person, each with a line end
  bool problem = false;  // it looked and found a problem: exit status 1
};

// Runs on the engine's thread between two batches, at which it must not throw.
using EngineJob = std::function<void(Engine&, store::Store&)>;
// What the rest of the daemon does once a book is applied, on the engine's thread.
using ReloadDone = std::function<void()>;

// All of it outlives the Operations.
struct OperationsContext {
  store::Reader& reader;  // of the thread that calls
  BookKeeper& keeper;
  const base::Clock& clock;
  std::string location;  // of the store
  // Null: only what reads is offered; the rest is `unavailable`.
  Inbox* inbox = nullptr;
  std::function<void(EngineJob)> post;
  // Builds what a new config needs beside the engine (connectors, routes) before anything is
  // applied; an error refuses the reload. Empty: nothing is needed.
  std::function<base::Result<ReloadDone>(std::shared_ptr<const config::Config>)> prepare_reload;
  // What a mail that came back means (daemon/mail_feedback.h). Empty: mail is not taken.
  std::function<std::optional<std::vector<EngineInput>>(std::string_view bytes)> inputs_of_mail =
      {};
  // Hears what `resume` lifted, once it is on disk; on the engine's thread. May be empty.
  std::function<void(const std::string& what)> resumed = {};
};

class Operations {
 public:
  // The longest wait for the engine to take what an operation hands it.
  static constexpr base::Milliseconds engine_time_max = std::chrono::minutes{1};

  explicit Operations(OperationsContext context) : context_(std::move(context)) {}

  // True for operations that write to the store.
  static bool changes(std::string_view name);

  // Blocks until it is done. `not_found` for an unknown operation or contact, `invalid` for a
  // request that is not as above, `unavailable` when the inbox is full or the engine does not
  // answer, and the store's errors. One thread at a time.
  base::Result<Answer> call(std::string_view name, const cel::Value& request);

  // One slice of judging held messages anew after a reload or a resume, which goes through all
  // contacts. True when there is more to do; how far it came is in the store, so that a restart
  // goes on there.
  base::Result<bool> background();

 private:
  OperationsContext context_;
};

}  // namespace nurtured::daemon
