#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "../engine/plan.h"

namespace graphpatch {

// Which positions see which: for each one the first and the last that it looks at. Read off values (a mask,
// attention weights), so it holds for the run that they are from.
struct RowReach {
  std::vector<int64_t> first;
  std::vector<int64_t> last;

  // The positions that look at one of `begin` … `end` - 1, from the first to after the last.
  std::pair<int64_t, int64_t> watching(int64_t begin, int64_t end) const;
};

// `isSeen` [positions, positions], booleans: row by row who is looked at.
RowReach reachOf(const at::Tensor& isSeen);
// By weights [..., positions, positions]: where any is not zero.
RowReach reachOfWeights(const at::Tensor& weights);

// Boolean [positions, positions] or broadcasting to it: what a mask lets be seen. A mask of numbers that are
// added hides what it makes smaller than anything that scores are: -1e30 and less, which swallows any score
// of reasonable size, and takes its exponential to 0.
at::Tensor seenThrough(const at::Tensor& mask, int64_t positions);
// The same of a mask whose scores go to a softmax at once: what gets a weight.
at::Tensor keptBySoftmax(const at::Tensor& mask, int64_t positions);

}  // namespace graphpatch
