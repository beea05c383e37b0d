#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "cell_rows.h"

namespace graphpatch {

// What positions see, of several cells: keys or values. Own rows where cells have them, else those of the
// base run.
struct SeenRows {
  const CellRows* own;  // may be null
  at::Tensor base;      // [texts or 1, positions, heads…, width], contiguous
};

// Products of queries and keys ([rows, heads…, width] → [rows, heads…, positions]), and of weights and values
// ([rows, heads…, positions] → [rows, heads…, width]), float32 on CPU: each row by what the positions of its
// own text have, where that lies. There are too many small matrices of them for a library's calls.
//
// Undefined where rows are not as they have to be for that.
at::Tensor scoreRows(const at::Tensor& queries, const std::vector<CellSpan>& spans, int64_t texts,
                     const SeenRows& keys);
at::Tensor mixRows(const at::Tensor& weights, const std::vector<CellSpan>& spans, int64_t texts,
                   const SeenRows& values);

}  // namespace graphpatch
