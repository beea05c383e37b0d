#include "row_reach.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace graphpatch {

namespace {

constexpr double kHidden = -1e30;

}  // namespace

std::pair<int64_t, int64_t> RowReach::watching(int64_t begin, int64_t end) const {
  int64_t low = -1;
  int64_t high = 0;
  if (begin >= end) return {0, 0};
  for (int64_t row = 0; row < static_cast<int64_t>(first.size()); ++row) {
    if (first[row] >= end || last[row] < begin) continue;
    if (low < 0) low = row;
    high = row + 1;
  }
  return low < 0 ? std::pair<int64_t, int64_t>{0, 0} : std::pair{low, high};
}

RowReach reachOf(const at::Tensor& isSeen) {
  const at::Tensor seen = isSeen.to(at::kCPU).contiguous();
  const int64_t rows = seen.size(0);
  const int64_t columns = seen.size(1);
  RowReach reach{std::vector<int64_t>(rows, columns), std::vector<int64_t>(rows, -1)};
  const bool* values = seen.const_data_ptr<bool>();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      if (!values[row * columns + column]) continue;
      reach.first[row] = std::min(reach.first[row], column);
      reach.last[row] = column;
    }
  }
  return reach;
}

RowReach reachOfWeights(const at::Tensor& weights) {
  at::Tensor seen = at::ne(weights, 0);
  while (seen.dim() > 2) seen = seen.any(0);
  return reachOf(seen);
}

at::Tensor keptBySoftmax(const at::Tensor& mask, int64_t positions) {
  if (mask.scalar_type() == at::kBool) return seenThrough(mask, positions);
  // Where a whole row is hidden, its weights are as if nothing were. In double, for the lowest float swallows
  // kHidden.
  const at::Tensor exact = mask.to(at::kDouble);
  return seenThrough(exact.gt(exact.amax({-1}, true) + kHidden), positions);
}

at::Tensor seenThrough(const at::Tensor& mask, int64_t positions) {
  at::Tensor seen = mask.scalar_type() == at::kBool ? mask : at::le(mask, kHidden).logical_not();
  while (seen.dim() > 2) seen = seen.any(0);
  return seen.expand({positions, positions});
}

}  // namespace graphpatch
