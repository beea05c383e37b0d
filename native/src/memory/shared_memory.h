#pragma once

#include <c10/core/StorageImpl.h>

namespace graphpatch {

// Something that holds a value in memory that JavaScript may write to by another name (a weight, an output of
// the run).
class MemorySharer {
 public:
  virtual ~MemorySharer() = default;
  // The memory is about to be written to: the value moves to memory of its own.
  virtual void separate(const c10::StorageImpl* storage) = 0;
};

}  // namespace graphpatch
