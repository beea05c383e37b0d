#include "graph.h"

#include <utility>

#include "../errors/errors.h"
#include "node_checks.h"

namespace graphpatch {

namespace {

// Each value is made once, so a description cannot ask for room for more values than it makes.
int32_t checkedCount(int32_t valueCount, const std::vector<ValueIndex>& inputs,
                     const std::vector<GraphConstant>& constants, const std::vector<Node>& nodes) {
  size_t made = inputs.size() + constants.size();
  for (const Node& node : nodes) made += node.results.size();
  if (valueCount < 0 || static_cast<size_t>(valueCount) != made) {
    throw GraphpatchError("CorruptFileError", "graph: it is said to have " + std::to_string(valueCount) +
                                                  " values, but makes " + std::to_string(made));
  }
  return valueCount;
}

}  // namespace

Graph::Graph(int32_t valueCount, std::vector<ValueIndex> inputs, std::vector<GraphConstant> constants,
             std::vector<Node> nodes)
    : valueCount_(checkedCount(valueCount, inputs, constants, nodes)),
      inputs_(std::move(inputs)),
      constants_(std::move(constants)),
      nodes_(std::move(nodes)),
      loopOf_(nodes_.size(), -1),
      producers_(valueCount, -1),
      constantOf_(valueCount, -1) {
  lint();
  findLoops();
  for (const GraphConstant& constant : constants_) {
    if (constant.tensor.has_storage())
      constantStorages_.insert(constant.tensor.storage().unsafeGetStorageImpl());
  }
  checkNodes(*this);
}

const at::Tensor* Graph::constantOf(ValueIndex value) const {
  const int32_t index = constantOf_[value];
  return index < 0 ? nullptr : &constants_[index].tensor;
}

void Graph::lint() {
  std::vector<bool> made(valueCount_, false);
  const auto make = [&](ValueIndex value, const std::string& who) {
    if (value < 0 || value >= valueCount_) {
      throw GraphpatchError("CorruptFileError", "graph: " + who + " makes value " + std::to_string(value) +
                                                    ", but there are " + std::to_string(valueCount_));
    }
    if (made[value]) {
      throw GraphpatchError("CorruptFileError",
                            "graph: value " + std::to_string(value) + " is made twice, again by " + who);
    }
    made[value] = true;
  };
  for (ValueIndex input : inputs_) make(input, "an input");
  for (size_t i = 0; i < constants_.size(); ++i) {
    make(constants_[i].value, "a constant");
    constantOf_[constants_[i].value] = static_cast<int32_t>(i);
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    forEachUse(node, [&](ValueIndex value) {
      if (value < 0 || value >= valueCount_ || !made[value]) {
        throw GraphpatchError("CorruptFileError", "graph: node " + node.name + " uses value " +
                                                      std::to_string(value) + " before it is made");
      }
    });
    if (const auto* alias = std::get_if<Alias>(&node.operation); alias != nullptr && alias->other >= 0) {
      checkWatches(node, *alias, made);
    }
    for (ValueIndex result : node.results) {
      make(result, "node " + node.name);
      producers_[result] = static_cast<int32_t>(i);
    }
  }
}

// What is watched may be named after the alias.
void Graph::checkWatches(const Node& node, const Alias& alias, const std::vector<bool>& made) const {
  bool isValid = alias.other < valueCount_ && made[alias.other];
  for (const Alias::Watch& watch : alias.watches) {
    isValid = isValid && watch.value >= 0 && watch.value < valueCount_ && watch.against < valueCount_;
  }
  if (!isValid) {
    throw GraphpatchError("CorruptFileError",
                          "graph: node " + node.name + " is an alias of values that are not made");
  }
}

void Graph::findLoops() {
  int32_t current = -1;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    const bool isTest = std::holds_alternative<While>(nodes_[i].operation);
    const bool isEnd = std::holds_alternative<Repeat>(nodes_[i].operation);
    if (std::holds_alternative<Loop>(nodes_[i].operation)) {
      loops_.push_back({index, -1, -1, current});
      current = static_cast<int32_t>(loops_.size()) - 1;
    } else if ((isTest || isEnd) && (current < 0 || (loops_[current].test < 0) != isTest)) {
      throw GraphpatchError("CorruptFileError",
                            "graph: node " + nodes_[i].name + " is in no loop it belongs to");
    }
    loopOf_[i] = current;
    if (isTest) loops_[current].test = index;
    if (!isEnd) continue;
    loops_[current].end = index;
    current = loops_[current].outer;
  }
  if (current >= 0) {
    throw GraphpatchError("CorruptFileError",
                          "graph: the loop " + nodes_[loops_[current].begin].name + " has no end");
  }
}

}  // namespace graphpatch
