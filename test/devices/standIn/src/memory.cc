#include "memory.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "addresses.h"

namespace standin {
namespace {

// What stands before a block's data.
struct alignas(64) Header {
  size_t bytes;
};

class Allocator final : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const c10::DeviceIndex device = currentDevice();
    void* address = bytes == 0 ? nullptr : take(device, bytes);
    return {address, address, &Allocator::release, c10::Device(c10::DeviceType::CUDA, device)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &Allocator::release; }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    std::memcpy(blockAt(to), blockAt(from), bytes);
  }

  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override { return {}; }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex) override {}

  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex device) override {
    const Usage now = of(device);
    return {now.limit - std::min(now.limit, now.bytes), now.limit};
  }

  Usage of(c10::DeviceIndex device) {
    const std::lock_guard lock(mutex_);
    return usage_.at(device);
  }

  template <class Change>
  void change(c10::DeviceIndex device, const Change& with) {
    const std::lock_guard lock(mutex_);
    with(usage_.at(device));
  }

 private:
  void* take(c10::DeviceIndex device, size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      Usage& usage = usage_.at(device);
      // In the words of CUDA's allocator.
      TORCH_CHECK_WITH(OutOfMemoryError, bytes <= usage.limit && usage.bytes <= usage.limit - bytes,
                       "CUDA out of memory. Tried to allocate ", bytes, " bytes. GPU ", int{device},
                       " has a total capacity of ", usage.limit, " bytes of which ",
                       usage.limit - std::min(usage.limit, usage.bytes), " bytes is free.");
      usage.bytes += bytes;
      usage.blocks++;
      usage.mostBytes = std::max(usage.mostBytes, usage.bytes);
    }
    auto* header = static_cast<Header*>(std::aligned_alloc(
        alignof(Header), (sizeof(Header) + bytes + alignof(Header) - 1) / alignof(Header) * alignof(Header)));
    if (header == nullptr) throw std::bad_alloc();
    header->bytes = bytes;
    // No numbers: whoever reads what nobody wrote shall see it.
    std::memset(header + 1, 0xff, bytes);
    return onDevice(header + 1, device);
  }

  static void release(void* address) {
    if (address == nullptr) return;
    Header* header = static_cast<Header*>(blockAt(address)) - 1;
    static_cast<Allocator&>(allocator())
        .change(static_cast<c10::DeviceIndex>(deviceAt(address)), [&](Usage& usage) {
          usage.bytes -= header->bytes;
          usage.blocks--;
        });
    std::memset(header + 1, 0xff, header->bytes);
    std::free(header);
  }

  std::mutex mutex_;
  std::array<Usage, kDevices> usage_;
};

Allocator& instance() {
  // Never destroyed: tensors outlive everything else at the end of the process.
  static Allocator& allocator = *new Allocator();
  return allocator;
}

}  // namespace

c10::DeviceAllocator& allocator() { return instance(); }

c10::DeviceIndex& currentDevice() {
  thread_local c10::DeviceIndex device = 0;
  return device;
}

Usage usage(c10::DeviceIndex device) { return instance().of(device); }

void setLimit(c10::DeviceIndex device, size_t bytes) {
  instance().change(device, [&](Usage& usage) { usage.limit = bytes; });
}

void forgetMost(c10::DeviceIndex device) {
  instance().change(device, [](Usage& usage) { usage.mostBytes = usage.bytes; });
}

static const bool registered = [] {
  c10::SetAllocator(c10::DeviceType::CUDA, &instance());
  return true;
}();

}  // namespace standin
