#pragma once

#include <memory>
#include <vector>

#include "../graph/graph.h"

namespace graphpatch {

// What a run is wanted for. All three are indexes of values.
struct PlanRequest {
  std::vector<ValueIndex> outputs;
  // Values with patches; each is computed even if no output needs it (a probe wants it).
  std::vector<ValueIndex> patched;
  // Of those, the ones whose patches give the whole value: what made it is not run.
  std::vector<ValueIndex> replaced;
};

// One node to run. Arguments have aliases resolved and constants filled in.
struct Step {
  const Node* node;
  std::vector<Argument> arguments;
  // Where the results go, in order; -1 for one that a patch replaces whole.
  std::vector<ValueIndex> results;
  // Results that have patches, in order.
  std::vector<ValueIndex> patched;
  // Values not used after this step.
  std::vector<ValueIndex> released;
};

// The nodes a request needs and no others, in order. Immutable, shared by runs; keeps its graph alive.
class Plan {
 public:
  Plan(std::shared_ptr<const Graph> graph, PlanRequest request);

  const Graph& graph() const { return *graph_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<ValueIndex>& outputs() const { return outputs_; }
  // Patched values that are there before the first step: inputs, and values replaced whole.
  const std::vector<ValueIndex>& patchedAtStart() const { return patchedAtStart_; }
  // Tensors of the graph that the steps use.
  const std::vector<at::Tensor>& constants() const { return constants_; }

 private:
  // Follows unpatched aliases to the value they name.
  ValueIndex resolve(ValueIndex value) const;
  std::vector<bool> neededNodes() const;
  Argument prepare(const Argument& argument);
  c10::IValue constant(const at::Tensor& tensor);
  void planReleases();

  std::shared_ptr<const Graph> graph_;
  std::vector<bool> isPatched_;
  std::vector<bool> isReplaced_;
  std::vector<ValueIndex> outputs_;
  std::vector<ValueIndex> patchedAtStart_;
  std::vector<Step> steps_;
  std::vector<at::Tensor> constants_;
};

}  // namespace graphpatch
