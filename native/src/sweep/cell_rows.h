#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "row_layout.h"

namespace graphpatch {

// Positions `begin` … `end` - 1 of one cell.
struct CellSpan {
  int32_t cell = 0;
  int64_t begin = 0;
  int64_t end = 0;
  // The first of its rows: texts × (end - begin) of them, text by text.
  int64_t row = 0;

  int64_t positions() const { return end - begin; }
  bool operator==(const CellSpan&) const = default;
};

// Where a value differs from the base run's, for several cells, in the order of the cells. Elsewhere cells
// have what the base run has.
struct CellRows {
  at::Tensor rows;  // [rows, rest…]
  std::vector<CellSpan> spans;

  const CellSpan* find(int32_t cell) const;
};

// Numbers the rows of spans one after the other; how many there are.
int64_t numberRows(std::vector<CellSpan>& spans, int64_t texts);

// How many rows numbered spans have.
int64_t countRows(const std::vector<CellSpan>& spans, int64_t texts);

// Rows of `spans` (all numbered): a cell's own where `own` has them, else those of `base`, [texts or 1,
// positions or 1, rest…], contiguous. `own` may be null.
at::Tensor gatherRows(const std::vector<CellSpan>& spans, int64_t texts, const CellRows* own,
                      const at::Tensor& base);

// The positions at which `whole` differs from `base`, both [texts, positions, rest…] and contiguous: from the
// first to after the last; an empty range when they are the same.
std::pair<int64_t, int64_t> changedPositions(const at::Tensor& whole, const at::Tensor& base);

}  // namespace graphpatch
