#include "operator_call.h"

#include <ATen/autocast_mode.h>

namespace graphpatch {

namespace {

// torch.autocast("cpu") of this thread while it lives. Converted weights are not kept for later calls: a
// patch or an edit may change them in between.
class AutocastRegion {
 public:
  explicit AutocastRegion(c10::ScalarType dtype)
      : enabled_(at::autocast::is_autocast_enabled(at::kCPU)),
        dtype_(at::autocast::get_autocast_dtype(at::kCPU)),
        keepsWeights_(at::autocast::is_autocast_cache_enabled()) {
    at::autocast::set_autocast_dtype(at::kCPU, dtype);
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_cache_enabled(false);
  }
  ~AutocastRegion() {
    at::autocast::set_autocast_cache_enabled(keepsWeights_);
    at::autocast::set_autocast_enabled(at::kCPU, enabled_);
    at::autocast::set_autocast_dtype(at::kCPU, dtype_);
  }
  AutocastRegion(const AutocastRegion&) = delete;
  AutocastRegion& operator=(const AutocastRegion&) = delete;

 private:
  bool enabled_;
  c10::ScalarType dtype_;
  bool keepsWeights_;
};

}  // namespace

void OperatorCall::call(torch::jit::Stack& stack) const {
  std::optional<AutocastRegion> region;
  if (autocast) region.emplace(*autocast);
  handle.callBoxed(stack);
}

}  // namespace graphpatch
