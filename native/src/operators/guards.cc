// Input on which libtorch itself ends the process is refused before its kernels see it.
//
// Registered at BackendSelect, which every call passes below autograd, whoever makes it, and where these
// operators have no kernel that this would replace.
#include <ATen/Functions.h>
#include <ATen/Operators.h>
#include <c10/core/DispatchKeySet.h>
#include <torch/library.h>

namespace graphpatch {
namespace {

const c10::DispatchKeySet kBelow(c10::DispatchKeySet::FULL_AFTER, c10::DispatchKey::BackendSelect);

// LAPACK's geev writes past its arrays (torch 2.15); aten::linalg_eig has this check.
at::Tensor eigvals(c10::DispatchKeySet keys, const at::Tensor& self) {
  TORCH_CHECK(self.is_meta() || at::isfinite(self).all().item<bool>(),
              "linalg_eigvals: input tensor should not contain infs or NaNs.");
  return at::_ops::_linalg_eigvals::redispatch(keys & kBelow, self);
}

// The kernel divides by the number of rows (torch 2.15).
at::Tensor pdistBackward(c10::DispatchKeySet keys, const at::Tensor& grad, const at::Tensor& self, double p,
                         const at::Tensor& pdist) {
  if (self.numel() == 0) return at::zeros_like(self);
  return at::_ops::_pdist_backward::redispatch(keys & kBelow, grad, self, p, pdist);
}

TORCH_LIBRARY_IMPL(aten, BackendSelect, library) {
  library.impl("_linalg_eigvals", eigvals);
  library.impl("_pdist_backward", pdistBackward);
}

}  // namespace
}  // namespace graphpatch
