#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace graphpatch {

// How many texts and positions the inputs of a sweep have.
struct RowCounts {
  int64_t texts = 1;
  int64_t positions = 1;
};

// Which dimensions of a value are texts and positions. What cells of a sweep change is kept by rows: a row is
// what a value has at one position of one text of one cell, its other dimensions in order ("the rest").
//
// A layout is a way of keeping a value and claims nothing about what it means: any dimension of the right
// size will do.
struct RowLayout {
  int texts = -1;
  int positions = -1;
  // Dimension `positions` holds texts × positions.
  bool isFlat = false;

  bool operator==(const RowLayout&) const = default;
  bool hasPositions() const { return positions >= 0; }
  bool hasRows() const { return texts >= 0 || positions >= 0; }
  bool isRest(int dim) const { return dim != texts && dim != positions; }
  // The same value with its positions as a part of the rest.
  RowLayout byTexts() const { return isFlat ? RowLayout{} : RowLayout{texts, -1, false}; }

  int64_t textsIn(const RowCounts& counts) const { return texts >= 0 || isFlat ? counts.texts : 1; }
  int64_t positionsIn(const RowCounts& counts) const { return positions >= 0 ? counts.positions : 1; }

  // Where a dimension of the rest stands in [rows, rest…].
  int rowDim(int dim) const;
  std::vector<int64_t> restSizes(at::IntArrayRef sizes) const;
  // Whether a value of these sizes can be kept so.
  bool fits(at::IntArrayRef sizes, const RowCounts& counts) const;
  // Dimensions shifted, as when sizes are put in front.
  RowLayout shifted(int by) const;

  // A whole value as [texts, positions, rest…], contiguous; of what broadcasts, with size 1 in the place of
  // texts or positions.
  at::Tensor toRows(const at::Tensor& whole, const RowCounts& counts) const;
  // Values of several cells as [cells, texts, positions, rest…], with as many positions as there are in it,
  // to [cells, dimensions of the value…].
  at::Tensor fromRows(const at::Tensor& rows) const;
  // And back: [cells, dimensions of the value…] to [cells × texts × positions, rest…], contiguous.
  at::Tensor cellsToRows(const at::Tensor& cells) const;
};

// Sizes one after the other.
std::vector<int64_t> joined(std::vector<int64_t> front, at::IntArrayRef back);

// The layout that a value of these sizes most likely has: [texts, positions, …], [texts, heads, positions,
// …], …
RowLayout guessLayout(at::IntArrayRef sizes, const RowCounts& counts);

}  // namespace graphpatch
