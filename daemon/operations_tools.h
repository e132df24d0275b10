// What the operations share: handing inputs to the engine and waiting until they are on disk, and
// finding contacts. Private to daemon/operations*.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/links.h"
#include "daemon/operations.h"

namespace nurtured::daemon {

// What reads does not change the store; what changes waits until its change is on disk.
using OperationRun = base::Result<Answer> (*)(const OperationsContext&, const cel::Value& request);

struct OperationEntry {
  std::string_view name;
  bool changes = false;
  OperationRun run = nullptr;
};

// Blocks until all of it is on disk.
base::Result<void> submit(const OperationsContext& context, std::vector<EngineInput> inputs);
// Runs on the engine's thread; blocks until it has run.
base::Result<void> run_on_engine(const OperationsContext& context,
                                 std::function<base::Result<void>(Engine&, store::Store&)> job);

// `name` is a user id, an anonymous id, CHANNEL:ADDRESS or an e-mail address. `not_found`, and
// `conflict` where several contacts hold the address.
base::Result<rules::Snapshot> find_contact(store::Reader& reader, const std::string& name);
// Whom an input is about, without what is known of them; errors as of find_contact().
base::Result<Who> find_who(store::Reader& reader, const std::string& name);
// How an input names that contact to the engine.
Who who_of(const rules::Contact& contact);

// Gives the engine a command about a contact, and shows the contact as it is then.
base::Result<Answer> command_contact(const OperationsContext& context,
                                     const rules::Contact& contact, rules::Input command);
// What signs links; `unavailable` before the first start of the daemon.
base::Result<LinkSigner> signer_of(const OperationsContext& context);

// The operations, by file. operations_book.cpp
base::Result<Answer> run_status(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_plan(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_reload(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_pause(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_resume(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_backup_mark(const OperationsContext& context, const cel::Value& request);
// operations_contacts.cpp
base::Result<Answer> run_contact_list(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_contact_show(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_contact_add(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_contact_set(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_contact_consent(const OperationsContext& context,
                                         const cel::Value& request);
base::Result<Answer> run_contact_suppress(const OperationsContext& context,
                                          const cel::Value& request);
base::Result<Answer> run_contact_unsuppress(const OperationsContext& context,
                                            const cel::Value& request);
// operations_humans.cpp
base::Result<Answer> run_contact_link(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_contact_handoff(const OperationsContext& context,
                                         const cel::Value& request);
base::Result<Answer> run_contact_answer(const OperationsContext& context,
                                        const cel::Value& request);
base::Result<Answer> run_contact_hand_back(const OperationsContext& context,
                                           const cel::Value& request);
// operations_contacts.cpp
base::Result<Answer> run_explain(const OperationsContext& context, const cel::Value& request);
// operations_events.cpp
base::Result<Answer> run_event_add(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_event_list(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_event_learn(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_event_retry(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_touch_add(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_touch_qr(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_mail_take(const OperationsContext& context, const cel::Value& request);
// operations_import.cpp
base::Result<Answer> run_import_progress(const OperationsContext& context,
                                         const cel::Value& request);
base::Result<Answer> run_import_try(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_import_take(const OperationsContext& context, const cel::Value& request);
// operations_deliveries.cpp
base::Result<Answer> run_enrollment_list(const OperationsContext& context,
                                         const cel::Value& request);
base::Result<Answer> run_enrollment_start(const OperationsContext& context,
                                          const cel::Value& request);
base::Result<Answer> run_enrollment_stop(const OperationsContext& context,
                                         const cel::Value& request);
base::Result<Answer> run_enrollment_retry(const OperationsContext& context,
                                          const cel::Value& request);
// operations_silences.cpp
base::Result<Answer> run_silence_add(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_silence_list(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_silence_end(const OperationsContext& context, const cel::Value& request);
// operations_deliveries.cpp
base::Result<Answer> run_delivery_list(const OperationsContext& context, const cel::Value& request);
base::Result<Answer> run_delivery_resend(const OperationsContext& context,
                                         const cel::Value& request);

}  // namespace nurtured::daemon
