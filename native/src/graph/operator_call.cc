#include "operator_call.h"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <vector>

namespace graphpatch {

namespace {

// torch.autocast(device) of this thread while it lives. Converted weights are not kept for later calls: a
// patch or an edit may change them in between.
class AutocastRegion {
 public:
  AutocastRegion(c10::DeviceType device, c10::ScalarType dtype)
      : device_(device),
        enabled_(at::autocast::is_autocast_enabled(device)),
        dtype_(at::autocast::get_autocast_dtype(device)),
        keepsWeights_(at::autocast::is_autocast_cache_enabled()) {
    at::autocast::set_autocast_dtype(device, dtype);
    at::autocast::set_autocast_enabled(device, true);
    at::autocast::set_autocast_cache_enabled(false);
  }
  ~AutocastRegion() {
    at::autocast::set_autocast_cache_enabled(keepsWeights_);
    at::autocast::set_autocast_enabled(device_, enabled_);
    at::autocast::set_autocast_dtype(device_, dtype_);
  }
  AutocastRegion(const AutocastRegion&) = delete;
  AutocastRegion& operator=(const AutocastRegion&) = delete;

 private:
  c10::DeviceType device_;
  bool enabled_;
  c10::ScalarType dtype_;
  bool keepsWeights_;
};

// CUDA where a tensor is there: a graph that was exported on the CPU may be loaded to a GPU.
c10::DeviceType deviceOf(const torch::jit::Stack& stack) {
  const auto isOnGpu = [](const at::Tensor& tensor) { return tensor.defined() && tensor.is_cuda(); };
  const bool isAny = std::any_of(stack.begin(), stack.end(), [&](const c10::IValue& value) {
    if (value.isTensor()) return isOnGpu(value.toTensor());
    if (!value.isTensorList()) return false;
    const std::vector<at::Tensor> tensors = value.toTensorVector();
    return std::any_of(tensors.begin(), tensors.end(), isOnGpu);
  });
  return isAny ? at::kCUDA : at::kCPU;
}

}  // namespace

void OperatorCall::call(torch::jit::Stack& stack) const {
  std::optional<AutocastRegion> region;
  if (autocast) region.emplace(deviceOf(stack), *autocast);
  handle.callBoxed(stack);
}

}  // namespace graphpatch
