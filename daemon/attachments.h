// The files that a message attaches, read from the workspace at departure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "connectors/connector.h"

namespace nurtured::daemon {

inline constexpr std::size_t attachment_bytes_max = 10U << 20;   // one file
inline constexpr std::size_t attachments_bytes_max = 20U << 20;  // one message

// `paths` are relative to `root` and cannot lead out of it, not even by links inside (openat2,
// RESOLVE_BENEATH). `not_found`, `denied`, or `too_large`; the message names the file. Blocks on
// the disk.
base::Result<std::vector<connectors::Attachment>> read_attachments(
    const std::string& root, const std::vector<std::string>& paths);

}  // namespace nurtured::daemon
