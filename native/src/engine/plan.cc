#include "plan.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <utility>

namespace graphpatch {

namespace {

// A larger constant is a weight; what is computed from it would cost more to keep than to compute.
constexpr size_t kLargestShapeConstant = 64 << 10;

std::vector<bool> flags(const std::vector<ValueIndex>& values, int32_t count) {
  std::vector<bool> result(count, false);
  for (ValueIndex value : values) result.at(value) = true;
  return result;
}

bool isAlias(const Node& node) { return std::holds_alternative<Alias>(node.operation); }

bool isGuard(const Node& node) { return std::holds_alternative<Guard>(node.operation); }

bool isLoopEdge(const Node& node) {
  return std::holds_alternative<Loop>(node.operation) || std::holds_alternative<While>(node.operation) ||
         std::holds_alternative<Repeat>(node.operation);
}

bool isSize(const Node& node) {
  const auto* number = std::get_if<NumberCall>(&node.operation);
  return number != nullptr && number->op == NumberOp::Size;
}

// Whether the node gives the same for the same arguments, and changes nothing.
bool isPure(const Node& node) {
  const auto* call = std::get_if<OperatorCall>(&node.operation);
  if (call == nullptr) {
    return std::holds_alternative<NumberCall>(node.operation) || isGuard(node);
  }
  return !call->handle.schema().is_mutable() && !call->handle.hasTag(at::Tag::nondeterministic_seeded);
}

}  // namespace

Plan::Plan(std::shared_ptr<const Graph> graph, std::shared_ptr<RunCache> cache, const PlanRequest& request)
    : graph_(std::move(graph)),
      cache_(std::move(cache)),
      isPatched_(flags(request.patched, graph_->valueCount())),
      isReplaced_(flags(request.replaced, graph_->valueCount())),
      isChanged_(flags(request.changed, graph_->valueCount())),
      isNeeded_(graph_->valueCount(), false) {
  findCutOffs();
  for (ValueIndex output : request.outputs) outputs_.push_back(resolve(output));
  const std::vector<bool> needed = neededNodes(request.observed);
  for (ValueIndex value : request.patched) {
    const bool isThere = isReplaced_[value] || graph_->producerOf(value) < 0;
    if (isThere && isNeeded_[value]) patchedAtStart_.push_back(value);
  }
  const std::vector<bool> ofShapes = shapeNodes(needed);
  for (const bool shapes : {true, false}) {
    for (size_t i = 0; i < graph_->nodes().size(); ++i) {
      if (needed[i] && ofShapes[i] == shapes)
        steps_.push_back(prepareStep(graph_->nodes()[i], request.packed));
    }
    if (!shapes) continue;
    shapeSteps_ = steps_.size();
    shapeConstants_ = constants_.size();
  }
  planLoops();
  findShapeValues();
  planReleases();
}

ValueIndex Plan::resolve(ValueIndex value) const {
  while (!isPatched_[value]) {
    const int32_t producer = graph_->producerOf(value);
    if (producer < 0 || !isAlias(graph_->nodes()[producer])) break;
    value = namedBy(graph_->nodes()[producer]);
  }
  return value;
}

ValueIndex Plan::namedBy(const Node& alias) const {
  if (isCutOff_.empty() || !isCutOff_[graph_->producerOf(alias.results[0])]) return alias.arguments[0].value;
  return std::get<Alias>(alias.operation).other;
}

// In order, as whether an alias is cut off may depend on earlier ones.
void Plan::findCutOffs() {
  const std::vector<Node>& nodes = graph_->nodes();
  if (std::find(isChanged_.begin(), isChanged_.end(), true) == isChanged_.end()) return;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto* alias = std::get_if<Alias>(&nodes[i].operation);
    if (alias == nullptr || alias->watches.empty()) continue;
    if (isCutOff_.empty()) isCutOff_.assign(nodes.size(), false);
    isCutOff_[i] = std::any_of(alias->watches.begin(), alias->watches.end(),
                               [&](const Alias::Watch& watch) { return isCutOff(watch); });
  }
}

bool Plan::isCutOff(const Alias::Watch& watch) const {
  const auto isChanged = [&](ValueIndex value) { return isChanged_[value]; };
  std::vector<ValueIndex> names = namesOf(watch.value);
  if (watch.against >= 0) {
    const std::vector<ValueIndex> others = namesOf(watch.against);
    const auto isOnlyIn = [&](const std::vector<ValueIndex>& one, const std::vector<ValueIndex>& two) {
      return std::any_of(one.begin(), one.end(), [&](ValueIndex value) {
        return isChanged_[value] && std::find(two.begin(), two.end(), value) == two.end();
      });
    };
    return isOnlyIn(names, others) || isOnlyIn(others, names);
  }
  for (;;) {
    if (std::any_of(names.begin(), names.end(), isChanged)) return true;
    const int32_t producer = graph_->producerOf(names.back());
    if (producer < 0 || !isAlias(graph_->nodes()[producer])) return false;
    names = namesOf(namedBy(graph_->nodes()[producer]));
  }
}

std::vector<ValueIndex> Plan::namesOf(ValueIndex value) const {
  std::vector<ValueIndex> names{value};
  for (;;) {
    const int32_t producer = graph_->producerOf(names.back());
    if (producer < 0 || !isAlias(graph_->nodes()[producer])) return names;
    const Node& alias = graph_->nodes()[producer];
    if (!std::get<Alias>(alias.operation).watches.empty()) return names;
    names.push_back(alias.arguments[0].value);
  }
}

std::vector<bool> Plan::neededNodes(const std::vector<ValueIndex>& observed) {
  std::vector<bool> nodeNeeded(graph_->nodes().size(), false);
  for (ValueIndex output : outputs_) isNeeded_[output] = true;
  for (ValueIndex value : observed) isNeeded_[value] = true;
  // A loop that turns out to run needs what its rounds give to the next ones: then all is looked at again.
  std::vector<bool> running(graph_->loops().size(), false);
  for (bool isSettled = false; !isSettled;) {
    isSettled = true;
    for (size_t i = graph_->nodes().size(); i-- > 0;) {
      if (!isNeeded(i, running)) continue;
      nodeNeeded[i] = true;
      const Node& node = graph_->nodes()[i];
      if (isAlias(node)) {
        isNeeded_[resolve(namedBy(node))] = true;
        if (node.when) isNeeded_[resolve(node.when->value)] = true;
      } else {
        forEachUse(node, [&](ValueIndex used) { isNeeded_[resolve(used)] = true; });
      }
      for (int32_t loop = graph_->loopOf(i); loop >= 0; loop = graph_->loops()[loop].outer) {
        isSettled = isSettled && running[loop];
        running[loop] = true;
      }
    }
  }
  return nodeNeeded;
}

bool Plan::isNeeded(size_t index, const std::vector<bool>& runningLoops) const {
  const Node& node = graph_->nodes()[index];
  const int32_t loop = graph_->loopOf(index);
  if (isLoopEdge(node) && runningLoops[loop]) return true;
  if (isGuard(node)) return (loop < 0 || runningLoops[loop]) && isFree(resolve(node.arguments[0].value));
  return std::any_of(node.results.begin(), node.results.end(),
                     [&](ValueIndex result) { return isNeeded_[result] && !isReplaced_[result]; });
}

// Whether a value is there anyway or costs nothing (a size of an input, arithmetic on numbers that are
// there): then guards on it are checked.
bool Plan::isFree(ValueIndex value) const {
  const int32_t producer = graph_->producerOf(value);
  if (isNeeded_[value] || producer < 0) return true;
  const Node& node = graph_->nodes()[producer];
  bool free = std::holds_alternative<NumberCall>(node.operation);
  forEachUse(node, [&](ValueIndex used) { free = free && isFree(resolve(used)); });
  return free;
}

// Which nodes depend on nothing but the shapes of the inputs: their sizes, literal arguments and small
// constants.
std::vector<bool> Plan::shapeNodes(const std::vector<bool>& needed) const {
  std::vector<bool> nodes(graph_->nodes().size(), false);
  std::vector<bool> values(graph_->valueCount(), false);
  std::vector<bool> isInput = flags(graph_->inputs(), graph_->valueCount());
  for (const GraphConstant& constant : graph_->constants()) {
    values[constant.value] = !isPatched_[constant.value] && constant.tensor.has_storage() &&
                             constant.tensor.storage().nbytes() <= kLargestShapeConstant;
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = graph_->nodes()[i];
    if (!needed[i] || node.when || graph_->loopOf(i) >= 0 || !isPure(node)) continue;
    bool fits = true;
    forEachUse(node, [&](ValueIndex used) {
      const ValueIndex source = resolve(used);
      const bool isSizeOfInput = isSize(node) && isInput[source] && !isPatched_[source];
      fits = fits && (values[source] || isSizeOfInput);
    });
    for (ValueIndex result : node.results) fits = fits && !isPatched_[result];
    if (!fits) continue;
    nodes[i] = true;
    for (ValueIndex result : node.results) values[result] = true;
  }
  return nodes;
}

Step Plan::prepareStep(const Node& node, bool packed) {
  Step step{&node, {}, {}, {}, {}, {}, -1, {}};
  if (node.when) step.when = BranchCondition{resolve(node.when->value), node.when->expected};
  step.arguments.reserve(node.arguments.size());
  for (const Argument& argument : node.arguments) {
    Argument used = argument;
    if (isAlias(node)) used.value = namedBy(node);
    step.arguments.push_back(prepare(used));
  }
  for (ValueIndex result : node.results) {
    step.results.push_back(isReplaced_[result] ? -1 : result);
    if (isPatched_[result] && !isReplaced_[result] && isNeeded_[result]) step.patched.push_back(result);
  }
  if (packed) {
    step.packable = packableLinear(node, *graph_, [&](const Argument& argument) -> ValueIndex {
      if (argument.kind != Argument::Kind::Value) return -1;
      const ValueIndex value = resolve(argument.value);
      return graph_->constantOf(value) != nullptr && !isPatched_[value] ? value : -1;
    });
  }
  return step;
}

c10::IValue Plan::constant(const at::Tensor& tensor) {
  constants_.push_back(tensor);
  return tensor;
}

// A constant that has patches of its own is a value like others.
Argument Plan::prepare(const Argument& argument) {
  Argument prepared = argument;
  const auto constantBehind = [&](ValueIndex value) {
    return isPatched_[value] ? nullptr : graph_->constantOf(value);
  };
  if (argument.kind == Argument::Kind::Value) {
    prepared.value = resolve(argument.value);
    if (const at::Tensor* tensor = constantBehind(prepared.value)) {
      prepared.kind = Argument::Kind::Constant;
      prepared.constant = constant(*tensor);
    }
  } else if (argument.kind == Argument::Kind::List) {
    for (ListElement& element : prepared.list) {
      const ValueIndex* value = std::get_if<ValueIndex>(&element);
      if (value == nullptr) continue;
      const ValueIndex source = resolve(*value);
      if (const at::Tensor* tensor = constantBehind(source)) {
        element = constant(*tensor);
      } else {
        element = source;
      }
    }
  }
  return prepared;
}

// Finds the loops among the steps.
void Plan::planLoops() {
  loopOf_.assign(steps_.size(), -1);
  makers_.assign(graph_->valueCount(), -1);
  for (size_t i = 0; i < steps_.size(); ++i) {
    for (ValueIndex result : steps_[i].results) {
      if (result >= 0) makers_[result] = static_cast<int64_t>(i);
    }
  }
  if (graph_->loops().empty()) return;
  int32_t current = -1;
  for (size_t i = shapeSteps_; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    const bool isBegin = std::holds_alternative<Loop>(step.node->operation);
    if (isBegin) {
      loops_.push_back({i, i, {}, {}});
      outerLoop_.push_back(current);
      current = static_cast<int32_t>(loops_.size()) - 1;
    }
    loopOf_[i] = current;
    if (isLoopEdge(*step.node)) step.loop = current;
    const int32_t around = isBegin ? outerLoop_.back() : current;
    if (step.when && around >= 0 && makers_[step.when->value] >= static_cast<int64_t>(loops_[around].begin))
      loops_[around].conditions.push_back(step.when->value);
    if (!std::holds_alternative<Repeat>(step.node->operation)) continue;
    loops_[current].end = i;
    current = outerLoop_[current];
  }
}

void Plan::findShapeValues() {
  std::vector<bool> made(graph_->valueCount(), false);
  for (size_t i = 0; i < shapeSteps_; ++i) {
    for (ValueIndex result : steps_[i].results) made[result] = true;
  }
  const auto use = [&](ValueIndex value) {
    if (!made[value]) return;
    made[value] = false;
    shapeValues_.push_back(value);
  };
  for (size_t i = shapeSteps_; i < steps_.size(); ++i) {
    if (steps_[i].when) use(steps_[i].when->value);
    forEachUse(steps_[i].arguments, use);
  }
  for (ValueIndex output : outputs_) use(output);
}

// The outermost loop that has a step in it, but not the one that made the value: there it is used once a
// round.
PlannedLoop* Plan::loopUsing(size_t step, int64_t made) {
  PlannedLoop* outermost = nullptr;
  for (int32_t index = loopOf_[step]; index >= 0; index = outerLoop_[index]) {
    PlannedLoop& loop = loops_[index];
    if (made < static_cast<int64_t>(loop.begin) || made > static_cast<int64_t>(loop.end)) outermost = &loop;
  }
  return outermost;
}

void Plan::planReleases() {
  std::vector<bool> seen(graph_->valueCount(), false);
  for (ValueIndex output : outputs_) seen[output] = true;
  const auto releaseAt = [&](size_t step, ValueIndex value) {
    if (seen[value]) return;
    seen[value] = true;
    PlannedLoop* loop = loopUsing(step, makers_[value]);
    (loop != nullptr ? loop->released : steps_[step].released).push_back(value);
  };
  for (size_t i = steps_.size(); i-- > 0;) {
    const Step& step = steps_[i];
    for (ValueIndex result : step.results) {
      if (result >= 0) releaseAt(i, result);
    }
    if (step.when) releaseAt(i, step.when->value);
    forEachUse(step.arguments, [&](ValueIndex value) { releaseAt(i, value); });
  }
}

}  // namespace graphpatch
