#pragma once

#include <ATen/core/ivalue.h>

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "../graph/graph.h"

namespace graphpatch {

// Remembers values that depend on the shapes of a graph's inputs only (causal masks, position numbers), so
// that runs on inputs of a shape seen before need not compute them. A value that somebody wrote to since is
// forgotten.
class ShapeMemo {
 public:
  // Shapes of the inputs, and whatever else the values depend on.
  using Key = std::vector<int64_t>;

  // Fills `frame` with the values `wanted`; false, and nothing filled, unless all of them are remembered.
  bool recall(const Key& key, const std::vector<ValueIndex>& wanted, std::vector<c10::IValue>& frame);

  // Remembers `values` of `frame`, unless they are large together or take part in gradients.
  void remember(const Key& key, const std::vector<ValueIndex>& values, const std::vector<c10::IValue>& frame);

  // Whether `tensor` shares memory with a remembered value.
  bool shares(const at::Tensor& tensor) const;

 private:
  struct Kept {
    c10::IValue value;
    uint32_t version = 0;
  };
  struct Entry {
    Key key;
    std::unordered_map<ValueIndex, Kept> values;
    size_t bytes = 0;
  };

  // The most recently used first.
  std::list<Entry> entries_;
};

}  // namespace graphpatch
