#include "plan.h"

#include <utility>

namespace graphpatch {

namespace {

std::vector<bool> flags(const std::vector<ValueIndex>& values, int32_t count) {
  std::vector<bool> result(count, false);
  for (ValueIndex value : values) result.at(value) = true;
  return result;
}

bool isAlias(const Node& node) { return std::holds_alternative<Alias>(node.operation); }

bool isGuard(const Node& node) { return std::holds_alternative<Guard>(node.operation); }

}  // namespace

Plan::Plan(std::shared_ptr<const Graph> graph, PlanRequest request)
    : graph_(std::move(graph)),
      isPatched_(flags(request.patched, graph_->valueCount())),
      isReplaced_(flags(request.replaced, graph_->valueCount())) {
  for (ValueIndex output : request.outputs) outputs_.push_back(resolve(output));
  for (ValueIndex value : request.patched) {
    if (isReplaced_[value] || graph_->producerOf(value) < 0) patchedAtStart_.push_back(value);
  }
  const std::vector<bool> needed = neededNodes();
  for (size_t i = 0; i < graph_->nodes().size(); ++i) {
    if (!needed[i]) continue;
    const Node& node = graph_->nodes()[i];
    Step step{&node, {}, {}, {}, {}};
    step.arguments.reserve(node.arguments.size());
    for (const Argument& argument : node.arguments) step.arguments.push_back(prepare(argument));
    for (ValueIndex result : node.results) {
      step.results.push_back(isReplaced_[result] ? -1 : result);
      if (isPatched_[result] && !isReplaced_[result]) step.patched.push_back(result);
    }
    steps_.push_back(std::move(step));
  }
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

std::vector<bool> Plan::neededNodes() const {
  std::vector<bool> nodeNeeded(graph_->nodes().size(), false);
  std::vector<bool> valueNeeded(graph_->valueCount(), false);
  for (ValueIndex output : outputs_) valueNeeded[output] = true;
  for (size_t value = 0; value < isPatched_.size(); ++value) {
    if (isPatched_[value]) valueNeeded[value] = true;
  }
  for (size_t i = graph_->nodes().size(); i-- > 0;) {
    const Node& node = graph_->nodes()[i];
    bool needed = false;
    if (isGuard(node)) {
      // A guard is checked whenever the size it looks at is there anyway or costs nothing (an input's).
      const ValueIndex guarded = resolve(node.arguments[0].value);
      const int32_t producer = graph_->producerOf(guarded);
      needed = valueNeeded[guarded];
      if (!needed && producer >= 0 &&
          std::holds_alternative<NumberCall>(graph_->nodes()[producer].operation)) {
        needed = true;
        forEachUse(graph_->nodes()[producer], [&](ValueIndex used) {
          const ValueIndex source = resolve(used);
          needed = needed && (valueNeeded[source] || graph_->producerOf(source) < 0);
        });
      }
    } else {
      for (ValueIndex result : node.results) {
        needed = needed || (valueNeeded[result] && !isReplaced_[result]);
      }
    }
    if (!needed) continue;
    nodeNeeded[i] = true;
    forEachUse(node, [&](ValueIndex used) { valueNeeded[resolve(used)] = true; });
  }
  return nodeNeeded;
}

c10::IValue Plan::constant(const at::Tensor& tensor) {
  constants_.push_back(tensor);
  return tensor;
}

Argument Plan::prepare(const Argument& argument) {
  Argument prepared = argument;
  if (argument.kind == Argument::Kind::Value) {
    prepared.value = resolve(argument.value);
    if (const at::Tensor* tensor = graph_->constantOf(prepared.value)) {
      prepared.kind = Argument::Kind::Constant;
      prepared.constant = constant(*tensor);
    }
  } else if (argument.kind == Argument::Kind::List) {
    for (ListElement& element : prepared.list) {
      const ValueIndex* value = std::get_if<ValueIndex>(&element);
      if (value == nullptr) continue;
      const ValueIndex source = resolve(*value);
      if (const at::Tensor* tensor = graph_->constantOf(source)) {
        element = constant(*tensor);
      } else {
        element = source;
      }
    }
  }
  return prepared;
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
    for (const Argument& argument : step.arguments) {
      if (argument.kind == Argument::Kind::Value) releaseAt(step, argument.value);
      for (const ListElement& element : argument.list) {
        if (const ValueIndex* value = std::get_if<ValueIndex>(&element)) releaseAt(step, *value);
      }
    }
  }
}

}  // namespace graphpatch
