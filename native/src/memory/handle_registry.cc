#include "memory/handle_registry.h"

#include <algorithm>
#include <vector>

#include "tensor/tensor_handle.h"

namespace graphpatch {
namespace {

constexpr int64_t kSweepBytes = 32 << 20;
constexpr int64_t kSweepHandles = 4096;

// Meta tensors have a storage without memory.
int64_t bytesOf(const at::Tensor& tensor) {
  return tensor.is_meta() ? 0 : static_cast<int64_t>(tensor.storage().nbytes());
}

}  // namespace

void HandleRegistry::add(Napi::Env env, TensorHandle* handle, const at::Tensor& tensor) {
  const c10::StorageImpl* key = tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl() : nullptr;
  live_.emplace(handle, key);
  addedHandles_ += 1;
  if (key == nullptr) return;
  Storage& storage = storages_[key];
  storage.handles += 1;
  if (storage.handles > 1) return;
  storage.bytes = bytesOf(tensor);
  bytes_ += storage.bytes;
  addedBytes_ += storage.bytes;
  Napi::MemoryManagement::AdjustExternalMemory(env, storage.bytes);
  // Sweeping costs time in proportion to the live handles, so it waits for as many new ones.
  const bool manyBytes = addedBytes_ > kSweepBytes && addedHandles_ * 16 > tensors();
  const bool manyHandles = addedHandles_ > std::max(kSweepHandles, tensors() / 2);
  if (manyBytes || manyHandles) releaseCollected(env);
}

void HandleRegistry::remove(Napi::Env env, TensorHandle* handle) {
  const auto entry = live_.find(handle);
  if (entry == live_.end()) return;
  const c10::StorageImpl* key = entry->second;
  live_.erase(entry);
  const auto found = storages_.find(key);
  if (found == storages_.end()) return;
  found->second.handles -= 1;
  if (found->second.handles > 0) return;
  const int64_t bytes = found->second.bytes;
  storages_.erase(found);
  bytes_ -= bytes;
  Napi::MemoryManagement::AdjustExternalMemory(env, -bytes);
}

void HandleRegistry::releaseCollected(Napi::Env env) {
  addedBytes_ = 0;
  addedHandles_ = 0;
  std::vector<TensorHandle*> dead;
  for (const auto& [handle, storage] : live_) {
    Napi::HandleScope scope(env);
    if (handle->isCollected()) dead.push_back(handle);
  }
  for (TensorHandle* handle : dead) handle->release();
}

}  // namespace graphpatch
