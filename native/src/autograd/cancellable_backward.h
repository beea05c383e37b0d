// A backward pass that can be stopped between two functions of its graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <memory>

namespace graphpatch {

// Set on the JavaScript thread, read on the threads that a backward pass runs on.
using CancelFlag = std::shared_ptr<std::atomic<bool>>;

// torch::autograd::backward. When `flag` becomes true, throws CancelledError before the next function;
// gradients that were summed up by then stay.
void cancellableBackward(const at::Tensor& tensor, const at::Tensor& gradient, bool retainGraph,
                         const CancelFlag& flag);

}  // namespace graphpatch
