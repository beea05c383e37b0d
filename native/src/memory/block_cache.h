#pragma once

#include <cstddef>

namespace graphpatch {

// Makes libtorch take the memory of its CPU tensors from a cache of blocks that were used before. Once a
// process.
//
// Tensors of one size come and go with every operator. From the operating system each of them would be fresh
// pages, which cost more than most operators do; from glibc's heap they would leave holes, as the aligned
// blocks that libtorch wants rarely fit where one of the same size was freed, and the collector frees late.
void installBlockCache();

// While it lives, the cache keeps at most so many bytes of unused blocks: for work that has been given a
// limit.
class BlockCacheLimit {
 public:
  explicit BlockCacheLimit(size_t bytes);
  ~BlockCacheLimit();
  BlockCacheLimit(const BlockCacheLimit&) = delete;
  BlockCacheLimit& operator=(const BlockCacheLimit&) = delete;

 private:
  size_t before_;
};

}  // namespace graphpatch
