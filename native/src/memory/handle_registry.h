// Which TensorHandles of one environment are alive, and how many bytes their storages hold.
//
// Storages are counted once however many handles (views, detached copies) share them; V8 is told the sum, so that the
// garbage collector knows how much a dead handle is worth. JavaScript thread only.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace graphpatch {

class TensorHandle;

class HandleRegistry {
 public:
  // The handle now holds the tensor. Once enough was added since the last time, first frees what is garbage already.
  void add(Napi::Env env, TensorHandle* handle, const at::Tensor& tensor);
  // The handle lets go of the tensor (disposed or collected).
  void remove(Napi::Env env, TensorHandle* handle);
  // The handle's C++ object is gone.
  void forget(TensorHandle* handle) { known_.erase(handle); }

  // Whether a pointer taken from a JavaScript object is one of ours (another addon's objects hold other things).
  bool knows(const void* pointer) const { return known_.count(pointer) != 0; }
  void remember(TensorHandle* handle) { known_.insert(handle); }

  int64_t tensors() const { return static_cast<int64_t>(live_.size()); }
  int64_t bytes() const { return bytes_; }

 private:
  struct Storage {
    int64_t handles = 0;
    int64_t bytes = 0;
  };

  // N-API runs finalizers only on a later turn of the event loop, so a synchronous loop would keep every tensor that it
  // dropped. The weak reference of a collected object is empty at once, though: this frees the tensors behind those.
  void releaseCollected(Napi::Env env);

  std::unordered_set<const void*> known_;
  // With the storage as it was when added: operators such as set_() give a tensor another one.
  std::unordered_map<TensorHandle*, const c10::StorageImpl*> live_;
  std::unordered_map<const c10::StorageImpl*, Storage> storages_;
  int64_t bytes_ = 0;
  int64_t addedBytes_ = 0;
  int64_t addedHandles_ = 0;
};

}  // namespace graphpatch
