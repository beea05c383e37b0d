#pragma once

#include <napi.h>

#include <utility>
#include <vector>

#include "../memory/shared_memory.h"
#include "../patch/patch.h"

namespace graphpatch {

// What the patches of a finished run saw and did, for JavaScript to ask for. Most of it never is asked for,
// so nothing is wrapped before. JavaScript thread only.
class RunOutcomes final : public MemorySharer {
 public:
  RunOutcomes(Napi::Env env, std::vector<PatchOutcome> outcomes);
  ~RunOutcomes() override;
  RunOutcomes(const RunOutcomes&) = delete;
  RunOutcomes& operator=(const RunOutcomes&) = delete;

  // Whether each patch fired: a byte each.
  Napi::Value fired() const;
  // The activation, which is let go of here; null for a patch that has none, or when it was taken before.
  Napi::Value takeActivation(size_t index);
  // Lets go of what the patch saw and keeps only whether it fired.
  void drop(size_t index);
  // The largest change as a number; null when unknown.
  Napi::Value maxChange(size_t index) const;
  // The value whose gradient backward() keeps; null without { grad: true }.
  Napi::Value live(size_t index) const;

  void separate(const c10::StorageImpl* storage) override;

 private:
  const PatchOutcome& at(size_t index) const;
  void unregister(size_t index);

  Napi::Env env_;
  std::vector<PatchOutcome> outcomes_;
  // Bytes of the storage that each outcome brought first.
  std::vector<int64_t> bytes_;
};

}  // namespace graphpatch
