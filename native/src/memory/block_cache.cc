#include "memory/block_cache.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>
#include <c10/core/impl/alloc_cpu.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "memory/available_memory.h"

namespace graphpatch {
namespace {

constexpr size_t kMostKept = size_t{256} << 20;  // bytes of unused blocks
constexpr size_t kMapThreshold = 1 << 20;
// To look how much memory is left takes some 0.04 ms, little beside the first use of this much. So much may
// be taken by others, or by small blocks, until it is looked again.
constexpr size_t kCheckedEvery = size_t{64} << 20;
// Sizes between a power of two and the next, so that a block wastes at most an eighth.
constexpr size_t kStepsLog2 = 3;
constexpr size_t kClasses = 64 << kStepsLog2;

// What stands before a block's data: the sizes of all blocks in one table would have to be searched at each
// release.
struct alignas(c10::gAlignment) Header {
  size_t sizeClass;
};

struct SizeClass {
  size_t index;
  size_t bytes;
};

SizeClass sizeClassOf(size_t bytes) {
  const size_t wanted = bytes < (1 << kStepsLog2) ? 1 << kStepsLog2 : bytes;
  const size_t exponent = std::bit_width(wanted) - 1;
  const size_t step = size_t{1} << (exponent - kStepsLog2);
  const size_t steps = (wanted + step - 1) / step;  // 8 … 16: 16 of one power is 8 of the next
  return {(exponent << kStepsLog2) + steps - (1 << kStepsLog2), steps * step};
}

class BlockCache final : public c10::Allocator {
 public:
  // Never destroyed: tensors outlive everything else at the end of the process.
  static BlockCache& instance() {
    static BlockCache& cache = *new BlockCache();
    return cache;
  }

  c10::DataPtr allocate(size_t bytes) override {
    void* data = bytes == 0 ? nullptr : take(sizeClassOf(bytes));
    return {data, data, &BlockCache::release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &BlockCache::release; }

  void copy_data(void* destination, const void* source, size_t bytes) const override {
    default_copy_data(destination, source, bytes);
  }

  // How many bytes of unused blocks are kept at most from now on; gives how many were.
  size_t limit(size_t bytes) {
    const std::lock_guard lock(mutex_);
    while (kept_ > bytes) evict();
    return std::exchange(most_, bytes);
  }

 private:
  void* take(SizeClass wanted) {
    {
      const std::lock_guard lock(mutex_);
      std::vector<Header*>& unused = unused_[wanted.index];
      if (!unused.empty()) {
        Header* header = unused.back();
        unused.pop_back();
        kept_ -= wanted.bytes;
        return header + 1;
      }
    }
    Header* header = newBlock(wanted.bytes);
    header->sizeClass = wanted.index;
    return header + 1;
  }

  Header* newBlock(size_t bytes) {
    if ((unchecked_ += bytes) >= kCheckedEvery) checkAvailable(bytes);
    try {
      return static_cast<Header*>(c10::alloc_cpu(bytes + sizeof(Header)));
    } catch (const c10::Error&) {
      clear();
      return static_cast<Header*>(c10::alloc_cpu(bytes + sizeof(Header)));
    }
  }

  // Linux promises more memory than there is, and ends a process that uses what it was promised.
  void checkAvailable(size_t bytes) {
    unchecked_ = 0;
    const auto fits = [bytes](std::optional<uint64_t> available) {
      return !available || bytes + kCheckedEvery <= *available;
    };
    if (fits(availableMemory())) return;
    clear();
    const std::optional<uint64_t> available = availableMemory();
    TORCH_CHECK_WITH(OutOfMemoryError, fits(available), "You asked for ", megabytes(bytes),
                     " MB in one tensor, and the machine has ", megabytes(available.value_or(0)),
                     " MB that this process could have.");
  }

  static uint64_t megabytes(uint64_t bytes) { return bytes / 1'000'000; }

  static size_t bytesOf(size_t sizeClass) {
    const size_t step = size_t{1} << ((sizeClass >> kStepsLog2) - kStepsLog2);
    return step * ((1 << kStepsLog2) + (sizeClass & ((1 << kStepsLog2) - 1)));
  }

  static void release(void* data) {
    if (data != nullptr) instance().give(static_cast<Header*>(data) - 1);
  }

  // What was used last is kept: when there is no room, blocks of the size that has most of them go.
  void give(Header* header) {
    const size_t bytes = bytesOf(header->sizeClass);
    const std::lock_guard lock(mutex_);
    if (bytes > most_) return c10::free_cpu(header);
    while (kept_ + bytes > most_) evict();
    kept_ += bytes;
    unused_[header->sizeClass].push_back(header);
  }

  void evict() {
    size_t largest = 0;
    size_t most = 0;
    for (size_t index = 0; index < kClasses; ++index) {
      if (unused_[index].empty()) continue;
      const size_t bytes = unused_[index].size() * bytesOf(index);
      if (bytes <= most) continue;
      most = bytes;
      largest = index;
    }
    c10::free_cpu(unused_[largest].back());
    unused_[largest].pop_back();
    kept_ -= bytesOf(largest);
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    for (std::vector<Header*>& blocks : unused_) {
      for (Header* header : blocks) c10::free_cpu(header);
      blocks.clear();
    }
    kept_ = 0;
  }

  std::mutex mutex_;
  std::array<std::vector<Header*>, kClasses> unused_;
  size_t kept_ = 0;
  size_t most_ = kMostKept;
  std::atomic<size_t> unchecked_ = 0;  // bytes of new blocks
};

}  // namespace

BlockCacheLimit::BlockCacheLimit(size_t bytes)
    : before_(BlockCache::instance().limit(std::min(bytes, kMostKept))) {}

BlockCacheLimit::~BlockCacheLimit() { BlockCache::instance().limit(before_); }

void installBlockCache() {
  static std::once_flag once;
  std::call_once(once, [] {
#if defined(__GLIBC__)
    // Blocks that do not fit into the cache go back to the operating system instead of leaving holes.
    mallopt(M_MMAP_THRESHOLD, kMapThreshold);
#endif
    c10::SetCPUAllocator(&BlockCache::instance(), /*priority=*/100);
    c10::SetAllocator(c10::DeviceType::CPU, &BlockCache::instance(), /*priority=*/100);
  });
}

}  // namespace graphpatch
