#include "autograd/cancellable_backward.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/variable.h>

#include <unordered_set>
#include <utility>
#include <vector>

#include "errors/errors.h"

namespace graphpatch {
namespace {

using torch::autograd::FunctionPreHook;
using torch::autograd::Node;
// A shared_ptr or an intrusive_ptr, by the version of libtorch.
using NodePointer = decltype(torch::autograd::Edge::function);
using torch::autograd::variable_list;

// The engine of autograd has no way to be stopped, but what a hook throws ends the pass.
class CancelHook final : public FunctionPreHook {
 public:
  explicit CancelHook(CancelFlag flag) : flag_(std::move(flag)) {}

  variable_list operator()(const variable_list& gradients) override {
    if (flag_->load(std::memory_order_relaxed))
      throw GraphpatchError("CancelledError", "backward() was cancelled");
    return gradients;
  }

 private:
  CancelFlag flag_;
};

// Functions below `root`. Those that add to a parameter's gradient are left out: they live as long as it.
std::vector<NodePointer> functionsBelow(const NodePointer& root) {
  std::vector<NodePointer> found;
  if (!root) return found;
  std::unordered_set<const Node*> seen{root.get()};
  found.push_back(root);
  for (size_t at = 0; at < found.size(); ++at) {
    const NodePointer node = found[at];
    for (const torch::autograd::Edge& edge : node->next_edges()) {
      if (!edge.function || !seen.insert(edge.function.get()).second) continue;
      if (dynamic_cast<const torch::autograd::AccumulateGrad*>(edge.function.get()) != nullptr) continue;
      found.push_back(edge.function);
    }
  }
  return found;
}

// Hooks on all functions of a graph while it lives; a graph that is kept for another pass is left as it was.
class HookedGraph {
 public:
  HookedGraph(const NodePointer& root, const CancelFlag& flag) : nodes_(functionsBelow(root)) {
    for (const NodePointer& node : nodes_) node->add_pre_hook(std::make_unique<CancelHook>(flag));
  }
  ~HookedGraph() {
    for (const NodePointer& node : nodes_) {
      std::erase_if(node->pre_hooks(),
                    [](const auto& hook) { return dynamic_cast<const CancelHook*>(hook.get()) != nullptr; });
    }
  }
  HookedGraph(const HookedGraph&) = delete;
  HookedGraph& operator=(const HookedGraph&) = delete;

 private:
  std::vector<NodePointer> nodes_;
};

}  // namespace

void cancellableBackward(const at::Tensor& tensor, const at::Tensor& gradient, bool retainGraph,
                         const CancelFlag& flag) {
  const HookedGraph hooked(tensor.grad_fn(), flag);
  torch::autograd::backward({tensor}, {gradient}, retainGraph);
}

}  // namespace graphpatch
