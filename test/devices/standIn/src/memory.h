// The memory of the stand-in's devices: as much as it is told, counted to the byte.
#pragma once

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Device.h>

#include <cstddef>

namespace standin {

constexpr c10::DeviceIndex kDevices = 2;

struct Usage {
  size_t bytes = 0;
  size_t blocks = 0;
  size_t mostBytes = 0;  // since it was last asked to forget
  size_t limit = size_t{4} << 30;
};

c10::DeviceAllocator& allocator();

// The device that this thread computes on where none is named, as cudaSetDevice sets it.
c10::DeviceIndex& currentDevice();

Usage usage(c10::DeviceIndex device);

void setLimit(c10::DeviceIndex device, size_t bytes);

void forgetMost(c10::DeviceIndex device);

}  // namespace standin
