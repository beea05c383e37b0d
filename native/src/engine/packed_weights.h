#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "../graph/graph.h"

namespace graphpatch {

// How a node multiplies by a constant matrix, as oneDNN does with a weight that was laid out for it
// beforehand. Numbers are places in the operator's schema.
struct PackableLinear {
  int input = 0;
  int weight = 1;
  int bias = -1;  // -1 for none
  // The weight is [in, out] (addmm, mm, matmul), not [out, in] (linear).
  bool isTransposed = false;
  // The constant behind the weight.
  ValueIndex value = -1;
};

// Nothing for nodes that are no such multiplication. `constantBehind` gives the constant that an argument
// means in the plan at hand, -1 for none (a patched weight is none).
std::optional<PackableLinear> packableLinear(
    const Node& node, const Graph& graph, const std::function<ValueIndex(const Argument&)>& constantBehind);

// Weights in oneDNN's own layout, each packed when it is first asked for, and anew once it was written to.
// Engine thread only.
class PackedWeights {
 public:
  const at::Tensor& of(const PackableLinear& linear, const at::Tensor& weight);
  // nullptr for one that is not packed, or was written to since.
  const at::Tensor* find(const PackableLinear& linear, const at::Tensor& weight) const;
  // Bytes that the packed weights take.
  int64_t bytes() const;
  size_t count() const { return packed_.size(); }
  void clear() { packed_.clear(); }

 private:
  struct Packed {
    at::Tensor tensor;
    uint32_t version = 0;
    int64_t bytes = 0;
  };
  // By value and orientation: a tied weight may be used both ways.
  std::unordered_map<int64_t, Packed> packed_;
};

// Whether this build of libtorch, on this processor, has oneDNN.
bool hasOneDnn();
// Whether it is to be expected to multiply many rows faster than libtorch's own products do.
bool oneDnnIsFaster();

// input @ weight + bias, [..., in] → [..., out], float32, by oneDNN. The weight is packed, or [out, in] with
// any strides; an undefined bias is none.
at::Tensor oneDnnLinear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace graphpatch
