#include "memory/handle_registry.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tensor/tensor_handle.h"

namespace graphpatch {
namespace {

constexpr int64_t kSweepBytes = 32 << 20;
constexpr int64_t kSweepHandles = 4096;
// What a handle costs besides its values: the objects of JavaScript, N-API and libtorch.
constexpr int64_t kHandleBytes = 1024;
// V8 is told of changes in pieces of at least this size, as telling it costs more than counting.
constexpr int64_t kReportBytes = 256 << 10;
// A small heap is collected for every 8 MB V8 is told of, however large the model: V8 is told when the bytes
// changed by a quarter, but not more than this.
constexpr int64_t kReportBytesOfLarge = 128 << 20;
constexpr int64_t kReportQuotient = 4;
// V8 collects its whole heap for every 64 MB it is told of, which takes a fifth of a second in a notebook's
// process: it is told a quarter, so garbage may reach 256 MB.
constexpr int64_t kReportedShare = 4;

// Meta tensors have a storage without memory.
int64_t bytesOf(const at::Tensor& tensor) {
  return tensor.is_meta() ? 0 : static_cast<int64_t>(tensor.storage().nbytes());
}

}  // namespace

void HandleRegistry::account(Napi::Env env, int64_t change) {
  unreported_ += change;
  if (std::abs(unreported_) < std::clamp(bytes_ / kReportQuotient, kReportBytes, kReportBytesOfLarge)) return;
  const int64_t reported = unreported_ / kReportedShare;
  Napi::MemoryManagement::AdjustExternalMemory(env, reported);
  unreported_ -= reported * kReportedShare;
}

void HandleRegistry::add(Napi::Env env, TensorHandle* handle, const at::Tensor& tensor) {
  known_.insert(handle);
  HandleLink& link = handle->link();
  link.next = first_;
  if (first_ != nullptr) first_->link().previous = handle;
  first_ = handle;
  tensors_ += 1;
  addedHandles_ += 1;
  int64_t bytes = 0;
  if (tensor.has_storage()) {
    link.storage = tensor.storage().unsafeGetStorageImpl();
    Storage& storage = storages_[link.storage];
    storage.handles += 1;
    if (storage.handles == 1) bytes = storage.bytes = bytesOf(tensor);
  }
  bytes_ += bytes;
  addedBytes_ += bytes;
  account(env, bytes + kHandleBytes);
  // Sweeping costs time in proportion to the live handles, so it waits for as many new ones.
  const bool manyBytes = addedBytes_ > kSweepBytes && addedHandles_ * 16 > tensors_;
  const bool manyHandles = addedHandles_ > std::max(kSweepHandles, tensors_ / 2);
  if (manyBytes || manyHandles) releaseCollected(env);
}

void HandleRegistry::remove(Napi::Env env, TensorHandle* handle) {
  if (handle->isShared()) removeSharer(handle->link().storage, handle);
  HandleLink& link = handle->link();
  if (link.previous != nullptr) {
    link.previous->link().next = link.next;
  } else {
    first_ = link.next;
  }
  if (link.next != nullptr) link.next->link().previous = link.previous;
  tensors_ -= 1;
  int64_t bytes = 0;
  const auto found = storages_.find(link.storage);
  if (found != storages_.end() && --found->second.handles == 0) {
    bytes = found->second.bytes;
    storages_.erase(found);
  }
  link = HandleLink();
  bytes_ -= bytes;
  account(env, -bytes - kHandleBytes);
}

void HandleRegistry::addSharer(const c10::StorageImpl* storage, MemorySharer* sharer) {
  shared_[storage].push_back(sharer);
}

void HandleRegistry::removeSharer(const c10::StorageImpl* storage, MemorySharer* sharer) {
  const auto found = shared_.find(storage);
  if (found == shared_.end()) return;
  auto& sharers = found->second;
  const auto place = std::find(sharers.begin(), sharers.end(), sharer);
  if (place != sharers.end()) sharers.erase(place);
  if (sharers.empty()) shared_.erase(found);
}

void HandleRegistry::beforeWrite(const at::Tensor& tensor) {
  if (shared_.empty() || !tensor.has_storage()) return;
  const c10::StorageImpl* storage = tensor.storage().unsafeGetStorageImpl();
  // Each takes itself off the list.
  for (auto found = shared_.find(storage); found != shared_.end(); found = shared_.find(storage)) {
    found->second.back()->separate(storage);
  }
}

void HandleRegistry::addBytes(Napi::Env env, int64_t bytes) {
  bytes_ += bytes;
  account(env, bytes);
}

void HandleRegistry::releaseCollected(Napi::Env env) {
  addedBytes_ = 0;
  addedHandles_ = 0;
  std::vector<TensorHandle*> dead;
  for (TensorHandle* handle = first_; handle != nullptr; handle = handle->link().next) {
    const Napi::HandleScope scope(env);
    if (handle->isCollected()) dead.push_back(handle);
  }
  for (TensorHandle* handle : dead) handle->release();
}

}  // namespace graphpatch
