#pragma once

#include <c10/util/flat_hash_map.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "../patch/patch.h"
#include "plan.h"

namespace graphpatch {

// A patch together with the value it is on.
struct PlacedPatch {
  ValueIndex value;
  Patch patch;
};

// A loop that is running.
struct LoopState {
  // -1 before the first round.
  int64_t round = -1;
  // What the next round begins with.
  std::vector<c10::IValue> carried;
  // For each stack what the rounds have added.
  std::vector<std::vector<at::Tensor>> stacks;
};

// Patches that stand next to each other in a run's list.
struct PatchRange {
  size_t begin = 0;
  size_t end = 0;
};

// One run of a plan: the values, and how far it is. Custom patches are JavaScript functions, so a run stops
// at each of them, hands out the value and goes on with what it is given. All members but cancel() belong to
// the engine thread while advance() runs; JavaScript calls the rest only between two calls of advance().
class Run {
 public:
  // `inputs` in the order of the graph's inputs; `patches` of one value next to each other. `gradEnabled`:
  // autograd records where something asks for a gradient.
  Run(std::shared_ptr<const Plan> plan, std::vector<c10::IValue> inputs, std::vector<PlacedPatch> patches,
      bool gradEnabled);

  // Runs to the end (true) or to the next place that is JavaScript's (false): a custom patch, or an operator.
  // Throws with the node's name.
  bool advance();
  // The operator the run stands at, its arguments and how many results it gives; nullptr at a patch.
  const JavascriptCall* pausedCall() const;
  std::vector<c10::IValue> pausedArguments() const;
  void resumeCall(std::vector<c10::IValue> results);
  // The custom patch the run stands at, and its value; only after advance() returned false.
  size_t pausedPatch() const { return pausedPatch_; }
  const c10::IValue& pausedValue() const { return frame_[patches_[pausedPatch_].value]; }
  // Gives the custom patch's result; the next advance() goes on from there.
  void resume(c10::IValue value);

  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // After advance() returned true.
  const std::vector<c10::IValue>& results() const { return results_; }
  const std::vector<PatchOutcome>& outcomes() const { return outcomes_; }
  std::vector<PatchOutcome> takeOutcomes() { return std::move(outcomes_); }
  // Keeps values marked in `keep` (by index) to the end and after it, and what they were before patches.
  // Packed weights are not used by it unless `packs`: it is one run, and others decide whether packing is
  // worth it.
  void keepValues(std::vector<bool> keep, bool packs) {
    keep_ = std::move(keep);
    packs_ = packs;
  }
  const std::shared_ptr<const Plan>& plan() const { return plan_; }
  const std::vector<PlacedPatch>& patches() const { return patches_; }
  // After the end of a run that keeps values.
  const std::vector<c10::IValue>& keptValues() const { return frame_; }
  const std::unordered_map<ValueIndex, c10::IValue>& unpatchedValues() const { return unpatched_; }
  // When nobody needs them any more.
  void dropKeptValues() {
    frame_.clear();
    unpatched_.clear();
  }

  // Lets go of every tensor but those that are kept; JavaScript's garbage collector does not see what this
  // object holds.
  void clear();

 private:
  bool recordsGradients(bool gradEnabled) const;
  void recallShapeValues();
  bool patchPending();
  void queuePatches();
  void queuePatchesOf(ValueIndex value);
  bool branchRuns(const Step& step) const;
  void addForeign(const c10::IValue& value);
  void settleActivation(PatchOutcome& outcome) const;
  void runStep(const Step& step);
  void merge(const Step& step);
  void beginRound(const Step& step);
  void leaveLoop(size_t loop);
  void skipLoop(size_t loop);
  void endRound(const Step& step);
  void release();
  void callOperator(const Step& step, const OperatorCall& call);
  bool callPacked(const Step& step);
  void callNumber(const Step& step, const NumberCall& call);
  void checkGuard(const Step& step, const Guard& guard);
  c10::IValue outputOf(ValueIndex value) const;
  void finish();

  std::shared_ptr<const Plan> plan_;
  // Shapes of the inputs and versions of the constants that the plan's shape steps use.
  std::vector<int64_t> shapeKey_;
  std::vector<c10::IValue> frame_;
  // Empty for a run that keeps nothing.
  std::vector<bool> keep_;
  bool packs_ = true;
  std::unordered_map<ValueIndex, c10::IValue> unpatched_;
  // Memory that the caller gave: inputs and values of patches.
  std::vector<const c10::StorageImpl*> foreign_;
  std::vector<PlacedPatch> patches_;
  std::vector<PatchOutcome> outcomes_;
  // The patches of each value that has some.
  ska::flat_hash_map<ValueIndex, PatchRange> patchesOf_;
  bool gradEnabled_;
  bool recordsGradients_;
  std::atomic<bool> cancelled_{false};

  // Patches to apply before the next step, and where in them the run is.
  std::vector<size_t> pending_;
  size_t nextPending_ = 0;
  // Step whose patches are pending (nullptr before the first), and the next one to run.
  const Step* current_ = nullptr;
  size_t nextStep_ = 0;
  // One for each loop of the plan.
  std::vector<LoopState> loops_;
  // The loop that the current step has left; -1 for none.
  int32_t leftLoop_ = -1;
  // The steps that depend on shapes only are run and not yet remembered.
  bool learnsShapes_ = false;
  size_t pausedPatch_ = 0;
  bool atCall_ = false;
  std::vector<c10::IValue> stack_;
  std::vector<c10::IValue> results_;
};

}  // namespace graphpatch
