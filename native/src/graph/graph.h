#pragma once

#include <ATen/core/ivalue.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "number_ops.h"
#include "operator_call.h"

namespace graphpatch {

// A Graph is a list of nodes in execution order over numbered values. It is immutable once built.
//
// Ownership: Graph owns its Nodes and the constants (weights, buffers). Nodes refer to values by index only,
// so nothing points back. Names are for messages; TypeScript maps names to indexes at the border, once.

using ValueIndex = int32_t;

// One element of a list argument: a value of the graph, or a constant.
using ListElement = std::variant<ValueIndex, c10::IValue>;

// What a node receives in one place of its schema.
struct Argument {
  enum class Kind { Constant, Value, List };
  Kind kind = Kind::Constant;
  c10::IValue constant;           // Kind::Constant
  ValueIndex value = -1;          // Kind::Value
  std::vector<ListElement> list;  // Kind::List
  c10::TypePtr type;              // the schema's type; what list and number values are converted to
};

// Gives its one argument a second name, so that it can be patched apart from the first one: what a module
// receives, what it returns, a parameter as one module uses it. Costs nothing where it is not patched.
//
// With `watches` it names argument 0 unless a patch has cut the tensor off from what it shared its memory
// with; then it names `other`, what the tensor was before that memory was written. Plans choose; runs see one
// name only.
struct Alias {
  // Aliases of one tensor. One list: it is cut off where a patch changes the value, or one of those it is an
  // alias of. Two: where a patch changes one of those that only one of both goes through.
  struct Watch {
    ValueIndex value = -1;
    // -1 for none.
    ValueIndex against = -1;
  };
  std::vector<Watch> watches;
  ValueIndex other = -1;
};

// Arithmetic on plain numbers (sizes).
struct NumberCall {
  NumberOp op;
};

// Refuses an input that breaks what was assumed while the graph was captured: argument 0 must equal
// `expected`. `message` says what was assumed, if it is not that.
struct Guard {
  int64_t expected = 0;
  std::string message;
};

// The end of a condition: argument 1 where argument 0 is true, else argument 2. Only one of them was
// computed.
struct Merge {};

// An operator that is a function of JavaScript's, known there by its name ("ns::op").
struct JavascriptCall {
  std::string name;
};

// Loops. A round begins at a Loop, goes on past a While and comes back at a Repeat; each loop has one of
// each, in this order, and what stands between the first and the last is run once a round. A round's values
// replace those of the round before.
//
// Loop: arguments are what the loop begins with; results the number of the round, from 0, and the carried
// values.
struct Loop {};
// Leaves the loop where its argument is false.
struct While {};
// Arguments: the carried values as they are, what they become in the next round, and what each round adds to
// the stacks. Results: the carried values when the loop was left, and the stacks: each round's tensors along
// a new first dimension.
struct Repeat {};

// A branch of a condition: the node runs only where `value`, a boolean, is as expected.
struct BranchCondition {
  ValueIndex value = -1;
  bool expected = true;
};

struct Node {
  std::variant<OperatorCall, Alias, NumberCall, Guard, Merge, JavascriptCall, Loop, While, Repeat> operation;
  std::vector<Argument> arguments;
  std::vector<ValueIndex> results;
  std::optional<BranchCondition> when;
  // For messages: "transformer.h_0.mlp.act.mul_3" and the source line, or for a guard what assumed it.
  std::string name;
  std::string code;
};

// A weight, buffer or other tensor the graph holds.
struct GraphConstant {
  ValueIndex value;
  at::Tensor tensor;
};

// The nodes of a loop, by index.
struct LoopRegion {
  int32_t begin = -1;  // the Loop
  int32_t test = -1;   // the While
  int32_t end = -1;    // the Repeat
  // The loop around it; -1 for none.
  int32_t outer = -1;
};

class Graph {
 public:
  Graph(int32_t valueCount, std::vector<ValueIndex> inputs, std::vector<GraphConstant> constants,
        std::vector<Node> nodes);

  int32_t valueCount() const { return valueCount_; }
  const std::vector<ValueIndex>& inputs() const { return inputs_; }
  const std::vector<GraphConstant>& constants() const { return constants_; }
  const std::vector<Node>& nodes() const { return nodes_; }

  const std::vector<LoopRegion>& loops() const { return loops_; }
  // The innermost loop that a node belongs to; -1 for none.
  int32_t loopOf(size_t node) const { return loopOf_[node]; }

  // The node that makes `value`; -1 for inputs and constants.
  int32_t producerOf(ValueIndex value) const { return producers_[value]; }
  // The tensor behind `value`; nullptr when it is not a constant.
  const at::Tensor* constantOf(ValueIndex value) const;
  // Whether the memory is a constant's.
  bool holds(const c10::StorageImpl* storage) const { return constantStorages_.count(storage) > 0; }

 private:
  // Throws GraphpatchError when a value is used before it is made, made twice, or out of range. The
  // constructor also checks each node (node_checks.h): what plans and runs rely on.
  void lint();
  void checkWatches(const Node& node, const Alias& alias, const std::vector<bool>& made) const;
  // Pairs the nodes of each loop. Throws GraphpatchError where one lacks its others.
  void findLoops();

  int32_t valueCount_;
  std::vector<ValueIndex> inputs_;
  std::vector<GraphConstant> constants_;
  std::vector<Node> nodes_;
  std::vector<LoopRegion> loops_;
  std::vector<int32_t> loopOf_;
  std::vector<int32_t> producers_;
  std::vector<int32_t> constantOf_;
  std::unordered_set<const c10::StorageImpl*> constantStorages_;
};

// Calls `visit(ValueIndex)` for every value that `arguments` use, in order, repeated uses too.
template <class F>
void forEachUse(const std::vector<Argument>& arguments, F&& visit) {
  for (const Argument& argument : arguments) {
    if (argument.kind == Argument::Kind::Value) {
      visit(argument.value);
    } else if (argument.kind == Argument::Kind::List) {
      for (const ListElement& element : argument.list) {
        if (const ValueIndex* value = std::get_if<ValueIndex>(&element)) visit(*value);
      }
    }
  }
}

// And those that decide whether `node` runs.
template <class F>
void forEachUse(const Node& node, F&& visit) {
  if (node.when) visit(node.when->value);
  forEachUse(node.arguments, visit);
}

}  // namespace graphpatch
