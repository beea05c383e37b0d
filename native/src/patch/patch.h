#pragma once

#include <ATen/TensorIndexing.h>
#include <ATen/core/ivalue.h>

#include <optional>
#include <string>
#include <vector>

namespace graphpatch {

enum class PatchKind { Add, Replace, Zero, Scale, Mean, Project, Probe, Record, Custom };

// One patch on one value, as a run receives it. Read-only while the run lasts.
struct Patch {
  PatchKind kind = PatchKind::Probe;
  // Name of the node, for messages.
  std::string node;
  // The part that the patch acts on; nothing for the whole value.
  std::optional<std::vector<at::indexing::TensorIndex>> slice;
  // Slice as the user wrote it, for messages.
  std::string sliceText;
  // Add, Replace: the value; Scale: the factor; Project: the directions, [width] or [k, width]. A tensor or a
  // number.
  c10::IValue value;
  // Mean: the dimensions that the mean is taken over.
  std::vector<int64_t> dims;
  // Project: the dimension along which the directions lie, and whether their component is kept or removed.
  int64_t dim = -1;
  bool keep = false;
  // Probe: keep the gradient of the value.
  bool keepGradient = false;
  // Replace of the whole value: the shape it has, so that what made it need not run.
  std::optional<std::vector<int64_t>> shape;
  // Its strides at capture, if they are not those of row-major order; for the order of its dimensions in
  // memory.
  std::vector<int64_t> strides;
};

// A patch that only looks: it needs its value even if nothing else does.
inline bool observes(PatchKind kind) {
  return kind == PatchKind::Probe || kind == PatchKind::Record || kind == PatchKind::Custom;
}

// What a patch saw and did.
struct PatchOutcome {
  bool fired = false;
  // Set by those who do not ask for the largest change: it is not computed.
  bool quiet = false;
  // Largest absolute change, a tensor of no dimension; undefined for patches that only look, or when unknown.
  at::Tensor maxChange;
  // Probe, Record: the value as it stood, without its gradient's graph, or a number. It may be the very
  // tensor that the run used: whoever hands it on detaches it.
  c10::IValue activation;
  // Whether the activation shares its memory with other values, and has to be copied before either is written
  // to.
  bool shared = false;
  // Probe with keepGradient: the value in the autograd graph, whose `grad` backward() fills.
  at::Tensor live;
};

// The value after `patch`. Never writes into `current`: other nodes may share its memory. Gradients flow to
// `current` and to the patch's value. Throws GraphpatchError("PatchError") naming node and shapes. Custom
// patches are not applied here: they run in JavaScript.
c10::IValue applyPatch(const Patch& patch, const c10::IValue& current, PatchOutcome& outcome);

// Refuses, as applyPatch would, a patch that cannot act on a value of this shape and dtype; for a number give
// no shape. Computes nothing.
void checkPatch(const Patch& patch, const std::optional<std::vector<int64_t>>& shape, at::ScalarType dtype);

// Fills `outcome` of a custom patch that turned `before` into `after`, and gives the value to go on with.
c10::IValue takeCustomResult(const c10::IValue& before, const c10::IValue& after, PatchOutcome& outcome);

}  // namespace graphpatch
