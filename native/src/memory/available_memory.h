// Memory that a process can still have.
#pragma once

#include <cstdint>
#include <optional>

namespace graphpatch {

// Bytes that this process can ask for and also use, before the operating system ends it or another: what is
// free, what caches of files hold, and swap, within the limit of its control group. Empty where the system
// does not tell (not Linux).
std::optional<uint64_t> availableMemory();

}  // namespace graphpatch
