// Addresses of device memory. A GPU's memory is not the processor's: a block of ours is ordinary memory, but
// tensors hold its address moved to where nothing is ever mapped, so that whoever reads it without a kernel
// faults, on any thread, at once.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace standin {

// Beyond what processes are given on x86-64 (47 bits) and on arm64 (48, or 52 on request), and below the byte
// that arm64 does not look at.
constexpr uintptr_t kStep = uintptr_t{1} << 52;

inline void* onDevice(void* block, c10::DeviceIndex device) {
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(block) + kStep * (device + 1));
}

inline void* blockAt(const void* address) {
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(address) % kStep);
}

// -1 for the processor's own memory.
inline int deviceAt(const void* address) {
  return static_cast<int>(reinterpret_cast<uintptr_t>(address) / kStep) - 1;
}

}  // namespace standin
