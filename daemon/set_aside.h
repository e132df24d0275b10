// Inputs that ended the process again and again: what a repeat is recognised by, what is kept of
// them, and the start that sets them aside. Used by the engine and the start; pure but where it
// names the store.
#pragma once

#include <optional>
#include <string>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/crash_record.h"
#include "daemon/inputs.h"
#include "store/store.h"

namespace nurtured::daemon {

class Engine;

// The input as it would be set aside at `at`: a repeat of it has the same fingerprint. An event is
// recognised by its write key and messageId, else by what it says, its moments apart; an outcome or
// a command by what names it. Of those only the name is kept.
store::SetAside to_set_aside(const EngineInput& input, Instant at);
store::SetAside to_set_aside(const store::Due& timer, Instant at);

// What the crash record keeps of it while it is under way; of one that does not fit, its name.
void mark(CrashMark& mark, store::SetAside input);

// The former run's suspect goes to the store once it has ended the process often enough: nullopt
// where nothing was set aside. A timer is removed, its contact stays. Errors are the store's. At a
// start, before the engine runs.
base::Result<std::optional<store::SetAside>> set_aside_suspect(const CrashRecord& record,
                                                               store::Store& store, Instant now);

// The engine takes none of what the store holds as set aside. Errors are the store's.
base::Result<void> load_set_aside(Engine& engine, store::Reader& reader);

// An input that is taken again by hand; with it, its record goes. nullopt for what was kept by its
// name alone.
std::optional<EngineInput> to_input(const store::SetAside& kept, Instant now);

}  // namespace nurtured::daemon
