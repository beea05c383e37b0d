#include "base_rows.h"

#include <ATen/ATen.h>

namespace graphpatch {

at::Tensor rowsOf(const at::Tensor& whole, const RowLayout& layout, int lead, const RowCounts& counts) {
  if (lead == 0) return layout.toRows(whole, counts);
  std::vector<int64_t> sizes(lead, 1);
  sizes.insert(sizes.end(), whole.sizes().begin(), whole.sizes().end());
  return layout.toRows(whole.reshape(sizes), counts);
}

at::Tensor BaseRows::of(ValueIndex value, const RowLayout& layout, int lead) {
  const std::lock_guard lock(mutex_);
  std::vector<Kept>& list = kept_[value];
  for (const Kept& kept : list) {
    if (kept.layout == layout && kept.lead == lead) return kept.rows;
  }
  at::Tensor rows = rowsOf(survey_.frame()[value].toTensor(), layout, lead, survey_.counts());
  if (const Reading* reading = survey_.reading(value))
    rows = reading->of(rows.flatten(0, 1), rows.size(1)).unflatten(0, rows.sizes().slice(0, 2));
  list.push_back({layout, lead, rows});
  return list.back().rows;
}

void BaseRows::release(ValueIndex value) {
  const std::lock_guard lock(mutex_);
  kept_.erase(value);
}

void BaseRows::clear() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

}  // namespace graphpatch
