#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "../graph/graph.h"
#include "packed_weights.h"
#include "run_cache.h"

namespace graphpatch {

// What a run is wanted for. All are indexes of values.
struct PlanRequest {
  std::vector<ValueIndex> outputs;
  // Values with patches.
  std::vector<ValueIndex> patched;
  // Of those, the ones that a patch looks at: computed even if no output needs them.
  std::vector<ValueIndex> observed;
  // Of those, the ones whose patches give the whole value: what made it is not run.
  std::vector<ValueIndex> replaced;
  // Of those, the ones that a patch changes.
  std::vector<ValueIndex> changed;
  // Multiply by packed weights where that can be done.
  bool packed = false;
};

// One node to run. Arguments have aliases resolved and constants filled in.
struct Step {
  const Node* node;
  std::vector<Argument> arguments;
  // Where the results go, in order; -1 for one that a patch replaces whole.
  std::vector<ValueIndex> results;
  // Results that have patches and that something needs, in order.
  std::vector<ValueIndex> patched;
  // The branch it belongs to, with aliases resolved.
  std::optional<BranchCondition> when;
  // Values not used after this step.
  std::vector<ValueIndex> released;
  // The planned loop that the step begins, tests or ends; -1 for none.
  int32_t loop = -1;
  // Set where the step may multiply by a packed weight.
  std::optional<PackableLinear> packable;
};

// The steps of a loop, by index.
struct PlannedLoop {
  size_t begin = 0;
  size_t end = 0;
  // Values from outside that are not used after it.
  std::vector<ValueIndex> released;
  // What decides on branches in it: one that a round does not compute is not that of the round before.
  std::vector<ValueIndex> conditions;
};

// The nodes a request needs and no others, in order. Immutable, shared by runs; keeps its graph alive.
//
// The first steps are those whose results depend on the shapes of the inputs only; a run that remembers their
// results begins after them.
class Plan {
 public:
  // `cache` is the graph's.
  Plan(std::shared_ptr<const Graph> graph, std::shared_ptr<RunCache> cache, const PlanRequest& request);

  const Graph& graph() const { return *graph_; }
  // For the engine thread.
  RunCache& cache() const { return *cache_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<PlannedLoop>& loops() const { return loops_; }
  const std::vector<ValueIndex>& outputs() const { return outputs_; }
  // Patched values that are there before the first step (inputs, and values replaced whole) and that
  // something needs.
  const std::vector<ValueIndex>& patchedAtStart() const { return patchedAtStart_; }
  // Tensors of the graph that the steps use.
  const std::vector<at::Tensor>& constants() const { return constants_; }

  // How many of the steps depend on shapes only, and those of their results that the others use.
  size_t shapeSteps() const { return shapeSteps_; }
  const std::vector<ValueIndex>& shapeValues() const { return shapeValues_; }
  // How many of the constants, from the first, these steps use.
  size_t shapeConstants() const { return shapeConstants_; }

 private:
  // Follows unpatched aliases to the value they name.
  ValueIndex resolve(ValueIndex value) const;
  // The value that an alias names in this plan.
  ValueIndex namedBy(const Node& alias) const;
  // Finds the aliases with watches that name their other value.
  void findCutOffs();
  bool isCutOff(const Alias::Watch& watch) const;
  // A value and those that it is a plain alias of.
  std::vector<ValueIndex> namesOf(ValueIndex value) const;
  // Fills isNeeded_; gives the nodes to run.
  std::vector<bool> neededNodes(const std::vector<ValueIndex>& observed);
  bool isNeeded(size_t node, const std::vector<bool>& runningLoops) const;
  bool isFree(ValueIndex value) const;
  std::vector<bool> shapeNodes(const std::vector<bool>& needed) const;
  Step prepareStep(const Node& node, bool packed);
  Argument prepare(const Argument& argument);
  c10::IValue constant(const at::Tensor& tensor);
  void planLoops();
  void findShapeValues();
  PlannedLoop* loopUsing(size_t step, int64_t made);
  void planReleases();

  std::shared_ptr<const Graph> graph_;
  std::shared_ptr<RunCache> cache_;
  std::vector<bool> isPatched_;
  std::vector<bool> isReplaced_;
  std::vector<bool> isChanged_;
  // By node; empty if there are none.
  std::vector<bool> isCutOff_;
  std::vector<bool> isNeeded_;
  std::vector<ValueIndex> outputs_;
  std::vector<ValueIndex> patchedAtStart_;
  std::vector<Step> steps_;
  std::vector<PlannedLoop> loops_;
  // The innermost planned loop of each step, and the one around each loop; -1 for none.
  std::vector<int32_t> loopOf_;
  std::vector<int32_t> outerLoop_;
  // The step that makes each value; -1 for what is there before the first.
  std::vector<int64_t> makers_;
  std::vector<at::Tensor> constants_;
  size_t shapeSteps_ = 0;
  size_t shapeConstants_ = 0;
  std::vector<ValueIndex> shapeValues_;
};

}  // namespace graphpatch
