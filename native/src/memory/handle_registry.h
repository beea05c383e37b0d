// Which TensorHandles of one environment are alive, and how many bytes their storages hold.
//
// Storages are counted once however many handles (views, detached copies) share them; V8 is told of the sum,
// so that the garbage collector knows that dead handles are worth collecting. JavaScript thread only.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/SmallVector.h>
#include <c10/util/flat_hash_map.h>
#include <napi.h>

#include <cstdint>

#include "memory/shared_memory.h"

namespace graphpatch {

class TensorHandle;

// Where a handle stands in the list of those that hold a tensor.
struct HandleLink {
  TensorHandle* previous = nullptr;
  TensorHandle* next = nullptr;
  // The storage as it was when added: operators such as set_() give a tensor another one.
  const c10::StorageImpl* storage = nullptr;
};

class HandleRegistry {
 public:
  // The handle now holds the tensor. Once enough was added since the last time, first frees what is garbage
  // already.
  void add(Napi::Env env, TensorHandle* handle, const at::Tensor& tensor);
  // The handle lets go of its tensor (disposed or collected).
  void remove(Napi::Env env, TensorHandle* handle);
  // The handle's C++ object is gone.
  void forget(TensorHandle* handle) { known_.erase(handle); }

  // Whether a pointer taken from a JavaScript object is one of ours (another addon's objects hold other
  // things).
  bool knows(const void* pointer) const { return known_.find(pointer) != known_.end(); }

  // `sharer` holds a value in this memory, once for each call; until removed as often.
  void addSharer(const c10::StorageImpl* storage, MemorySharer* sharer);
  void removeSharer(const c10::StorageImpl* storage, MemorySharer* sharer);
  // Something is about to write to the memory of `tensor`: those that share it get memory of their own.
  void beforeWrite(const at::Tensor& tensor);

  // Bytes that JavaScript keeps alive without a handle.
  void addBytes(Napi::Env env, int64_t bytes);
  // Whether a handle counts the storage's bytes.
  bool counts(const c10::StorageImpl* storage) const { return storages_.find(storage) != storages_.end(); }

  int64_t tensors() const { return tensors_; }
  int64_t bytes() const { return bytes_; }

 private:
  struct Storage {
    int64_t handles = 0;
    int64_t bytes = 0;
  };

  void account(Napi::Env env, int64_t change);
  // N-API runs finalizers only on a later turn of the event loop, so a synchronous loop would keep every
  // tensor that it dropped. The weak reference of a collected object is empty at once, though: this frees the
  // tensors behind those.
  void releaseCollected(Napi::Env env);

  ska::flat_hash_set<const void*> known_;
  ska::flat_hash_map<const c10::StorageImpl*, Storage> storages_;
  // By storage, as the values of a run that several probes saw.
  ska::flat_hash_map<const c10::StorageImpl*, c10::SmallVector<MemorySharer*, 2>> shared_;
  TensorHandle* first_ = nullptr;
  int64_t tensors_ = 0;
  int64_t bytes_ = 0;
  int64_t unreported_ = 0;
  int64_t addedBytes_ = 0;
  int64_t addedHandles_ = 0;
};

}  // namespace graphpatch
