#include "memory/block_cache.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <bit>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace graphpatch {
namespace {

constexpr size_t kSmallest = 64 << 10;           // what is smaller is left to malloc
constexpr size_t kMostKept = size_t{256} << 20;  // bytes of unused blocks
constexpr size_t kMapThreshold = 1 << 20;

// Eight sizes between a power of two and the next, so that a block wastes at most an eighth.
size_t blockSize(size_t bytes) {
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

class BlockCache final : public c10::Allocator {
 public:
  // Never destroyed: tensors outlive everything else at the end of the process.
  static BlockCache& instance() {
    static BlockCache& cache = *new BlockCache();
    return cache;
  }

  c10::DataPtr allocate(size_t bytes) override {
    void* data = bytes < kSmallest ? c10::alloc_cpu(bytes) : take(blockSize(bytes));
    return {data, data, &BlockCache::release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &BlockCache::release; }

  void copy_data(void* destination, const void* source, size_t bytes) const override {
    default_copy_data(destination, source, bytes);
  }

 private:
  void* take(size_t size) {
    {
      const std::lock_guard lock(mutex_);
      std::vector<void*>& unused = unused_[size];
      if (!unused.empty()) {
        void* data = unused.back();
        unused.pop_back();
        kept_ -= size;
        return data;
      }
    }
    void* data = nullptr;
    try {
      data = c10::alloc_cpu(size);
    } catch (const c10::Error&) {
      clear();
      data = c10::alloc_cpu(size);
    }
    const std::lock_guard lock(mutex_);
    sizes_.emplace(data, size);
    return data;
  }

  static void release(void* data) { instance().give(data); }

  void give(void* data) {
    if (data == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sizes_.find(data);
      if (found != sizes_.end()) {
        if (kept_ + found->second <= kMostKept) {
          kept_ += found->second;
          unused_[found->second].push_back(data);
          return;
        }
        sizes_.erase(found);
      }
    }
    c10::free_cpu(data);
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    for (auto& [size, blocks] : unused_) {
      for (void* block : blocks) {
        sizes_.erase(block);
        c10::free_cpu(block);
      }
    }
    unused_.clear();
    kept_ = 0;
  }

  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<void*>> unused_;  // by block size
  std::unordered_map<void*, size_t> sizes_;                // of all blocks, used and unused
  size_t kept_ = 0;
};

}  // namespace

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
