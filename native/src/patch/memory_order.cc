#include "memory_order.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

namespace graphpatch {

at::Tensor inOrderOf(const at::Tensor& current, const at::Tensor& changed) {
  if (changed.strides().equals(current.strides())) return changed;
  // Dense, with the dimensions in the order of `current`.
  at::Tensor ordered = at::empty_like(current, changed.options().requires_grad(false));
  if (changed.strides().equals(ordered.strides())) return changed;
  return ordered.copy_(changed);
}

at::Tensor spreadInOrder(const at::Tensor& value, at::IntArrayRef sizes,
                         const std::vector<int64_t>& strides) {
  const at::Tensor spread = value.expand(sizes);
  if (strides.size() != sizes.size()) return spread.contiguous();
  std::vector<int64_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return strides[a] > strides[b]; });
  std::vector<int64_t> back(sizes.size());
  for (size_t place = 0; place < order.size(); ++place) back[order[place]] = static_cast<int64_t>(place);
  return spread.permute(order).contiguous().permute(back);
}

}  // namespace graphpatch
