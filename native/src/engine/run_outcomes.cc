#include "run_outcomes.h"

#include <ATen/ATen.h>
#include <c10/util/flat_hash_map.h>

#include "../addon_data.h"
#include "../dispatch/ivalue_js.h"
#include "../errors/errors.h"
#include "../tensor/tensor_data.h"
#include "../tensor/tensor_handle.h"

namespace graphpatch {

namespace {

const c10::StorageImpl* storageOf(const PatchOutcome& outcome) {
  if (!outcome.activation.isTensor() || !outcome.activation.toTensor().has_storage()) return nullptr;
  return outcome.activation.toTensor().storage().unsafeGetStorageImpl();
}

}  // namespace

RunOutcomes::RunOutcomes(Napi::Env env, std::vector<PatchOutcome> outcomes)
    : env_(env), outcomes_(std::move(outcomes)), bytes_(outcomes_.size(), 0) {
  HandleRegistry& handles = AddonData::of(env_).handles;
  ska::flat_hash_set<const c10::StorageImpl*> counted;
  int64_t sum = 0;
  for (size_t i = 0; i < outcomes_.size(); ++i) {
    const c10::StorageImpl* storage = storageOf(outcomes_[i]);
    if (storage == nullptr) continue;
    if (outcomes_[i].shared) handles.addSharer(storage, this);
    if (handles.counts(storage) || !counted.insert(storage).second) continue;
    bytes_[i] = static_cast<int64_t>(storage->nbytes());
    sum += bytes_[i];
  }
  handles.addBytes(env_, sum);
}

RunOutcomes::~RunOutcomes() {
  if (env_.GetInstanceData<AddonData>() == nullptr) return;  // the environment is ending
  for (size_t i = 0; i < outcomes_.size(); ++i) unregister(i);
}

const PatchOutcome& RunOutcomes::at(size_t index) const {
  if (index >= outcomes_.size()) throw GraphpatchError("ArgumentError", "no such patch in this run");
  return outcomes_[index];
}

void RunOutcomes::unregister(size_t index) {
  HandleRegistry& handles = AddonData::of(env_).handles;
  if (outcomes_[index].shared) {
    if (const c10::StorageImpl* storage = storageOf(outcomes_[index])) handles.removeSharer(storage, this);
  }
  handles.addBytes(env_, -bytes_[index]);
  bytes_[index] = 0;
}

Napi::Value RunOutcomes::fired() const {
  Napi::Uint8Array flags = Napi::Uint8Array::New(env_, outcomes_.size());
  for (size_t i = 0; i < outcomes_.size(); ++i) flags[i] = outcomes_[i].fired ? 1 : 0;
  return flags;
}

Napi::Value RunOutcomes::takeActivation(size_t index) {
  at(index);
  unregister(index);
  PatchOutcome& outcome = outcomes_[index];
  const bool shared = std::exchange(outcome.shared, false);
  c10::IValue activation = std::exchange(outcome.activation, c10::IValue());
  // Most are never asked for, so the tensor object of their own is made here.
  if (activation.isTensor()) activation = activation.toTensor().detach();
  const Napi::Value value = ivalueToJs(env_, activation);
  if (shared) handleOf(value).share();
  return value;
}

void RunOutcomes::drop(size_t index) {
  const bool fired = at(index).fired;
  unregister(index);
  outcomes_[index] = PatchOutcome{.fired = fired};
}

Napi::Value RunOutcomes::maxChange(size_t index) const {
  const at::Tensor& change = at(index).maxChange;
  return change.defined() ? scalarToJs(env_, change.item()) : env_.Null();
}

Napi::Value RunOutcomes::live(size_t index) const { return wrapTensor(env_, at(index).live); }

void RunOutcomes::separate(const c10::StorageImpl* storage) {
  for (size_t i = 0; i < outcomes_.size(); ++i) {
    PatchOutcome& outcome = outcomes_[i];
    if (!outcome.shared || storageOf(outcome) != storage) continue;
    unregister(i);
    outcome.activation = outcome.activation.toTensor().clone();
    outcome.shared = false;
  }
}

}  // namespace graphpatch
