#include "plan.h"

#include <ATen/core/enum_tag.h>

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
      isNeeded_(graph_->valueCount(), false) {
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
  findShapeValues();
  planReleases();
}

ValueIndex Plan::resolve(ValueIndex value) const {
  while (!isPatched_[value]) {
    const int32_t producer = graph_->producerOf(value);
    if (producer < 0 || !isAlias(graph_->nodes()[producer])) break;
    value = graph_->nodes()[producer].arguments[0].value;
  }
  return value;
}

std::vector<bool> Plan::neededNodes(const std::vector<ValueIndex>& observed) {
  std::vector<bool> nodeNeeded(graph_->nodes().size(), false);
  for (ValueIndex output : outputs_) isNeeded_[output] = true;
  for (ValueIndex value : observed) isNeeded_[value] = true;
  for (size_t i = graph_->nodes().size(); i-- > 0;) {
    const Node& node = graph_->nodes()[i];
    bool needed = false;
    if (isGuard(node)) {
      needed = isFree(resolve(node.arguments[0].value));
    } else {
      for (ValueIndex result : node.results) {
        needed = needed || (isNeeded_[result] && !isReplaced_[result]);
      }
    }
    if (!needed) continue;
    nodeNeeded[i] = true;
    forEachUse(node, [&](ValueIndex used) { isNeeded_[resolve(used)] = true; });
  }
  return nodeNeeded;
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
    if (!needed[i] || node.when || !isPure(node)) continue;
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
  Step step{&node, {}, {}, {}, {}, {}, {}};
  if (node.when) step.when = BranchCondition{resolve(node.when->value), node.when->expected};
  step.arguments.reserve(node.arguments.size());
  for (const Argument& argument : node.arguments) step.arguments.push_back(prepare(argument));
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
    for (const Argument& argument : steps_[i].arguments) {
      if (argument.kind == Argument::Kind::Value) use(argument.value);
      for (const ListElement& element : argument.list) {
        if (const ValueIndex* value = std::get_if<ValueIndex>(&element)) use(*value);
      }
    }
  }
  for (ValueIndex output : outputs_) use(output);
}

void Plan::planReleases() {
  std::vector<bool> seen(graph_->valueCount(), false);
  for (ValueIndex output : outputs_) seen[output] = true;
  const auto releaseAt = [&](Step& step, ValueIndex value) {
    if (seen[value]) return;
    seen[value] = true;
    step.released.push_back(value);
  };
  for (size_t i = steps_.size(); i-- > 0;) {
    Step& step = steps_[i];
    for (ValueIndex result : step.results) {
      if (result >= 0) releaseAt(step, result);
    }
    if (step.when) releaseAt(step, step.when->value);
    for (const Argument& argument : step.arguments) {
      if (argument.kind == Argument::Kind::Value) releaseAt(step, argument.value);
      for (const ListElement& element : argument.list) {
        if (const ValueIndex* value = std::get_if<ValueIndex>(&element)) releaseAt(step, *value);
      }
    }
  }
}

}  // namespace graphpatch
