#include "row_layout.h"

#include <ATen/ATen.h>

namespace graphpatch {

std::vector<int64_t> joined(std::vector<int64_t> front, at::IntArrayRef back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

int RowLayout::rowDim(int dim) const {
  int place = 1;
  for (int before = 0; before < dim; ++before) place += isRest(before) ? 1 : 0;
  return place;
}

std::vector<int64_t> RowLayout::restSizes(at::IntArrayRef sizes) const {
  std::vector<int64_t> rest;
  for (int dim = 0; dim < static_cast<int>(sizes.size()); ++dim) {
    if (isRest(dim)) rest.push_back(sizes[dim]);
  }
  return rest;
}

bool RowLayout::fits(at::IntArrayRef sizes, const RowCounts& counts) const {
  const int rank = static_cast<int>(sizes.size());
  if (texts >= rank || positions >= rank) return false;
  if (isFlat) return sizes[positions] == counts.texts * counts.positions;
  if (texts >= 0 && sizes[texts] != counts.texts) return false;
  return positions < 0 || sizes[positions] == counts.positions;
}

RowLayout RowLayout::shifted(int by) const {
  return {texts < 0 ? -1 : texts + by, positions < 0 ? -1 : positions + by, isFlat};
}

at::Tensor RowLayout::toRows(const at::Tensor& whole, const RowCounts& counts) const {
  at::Tensor moved = whole;
  // Front to back: texts first, then positions.
  if (positions >= 0) moved = moved.movedim(positions, 0);
  if (texts >= 0 && !isFlat) moved = moved.movedim(texts < positions ? texts + 1 : texts, 0);
  std::vector<int64_t> sizes{1, 1};
  if (isFlat && whole.size(positions) > 1) sizes = {counts.texts, counts.positions};
  if (!isFlat && texts >= 0) sizes[0] = whole.size(texts);
  if (!isFlat && positions >= 0) sizes[1] = whole.size(positions);
  for (int64_t size : restSizes(whole.sizes())) sizes.push_back(size);
  return moved.reshape(sizes).contiguous();
}

at::Tensor RowLayout::fromRows(const at::Tensor& rows) const {
  // Dimensions of `rows`: cells, texts, positions, rest.
  const int restCount = static_cast<int>(rows.dim()) - 3;
  if (isFlat) return rows.flatten(1, 2).movedim(1, positions + 1);
  const int rank = restCount + (texts >= 0 ? 1 : 0) + (positions >= 0 ? 1 : 0);
  std::vector<int64_t> order{0};
  int rest = 3;
  for (int dim = 0; dim < rank; ++dim) {
    if (dim == texts) {
      order.push_back(1);
    } else if (dim == positions) {
      order.push_back(2);
    } else {
      order.push_back(rest++);
    }
  }
  at::Tensor kept = rows;
  if (positions < 0) {
    kept = kept.squeeze(2);
    for (int64_t& dim : order) dim -= dim > 2 ? 1 : 0;
  }
  if (texts < 0) {
    kept = kept.squeeze(1);
    for (int64_t& dim : order) dim -= dim > 1 ? 1 : 0;
  }
  return kept.permute(order);
}

at::Tensor RowLayout::cellsToRows(const at::Tensor& cells) const {
  at::Tensor moved = cells;
  if (positions >= 0) moved = moved.movedim(positions + 1, 1);
  if (texts >= 0 && !isFlat) moved = moved.movedim((texts < positions ? texts + 1 : texts) + 1, 1);
  const int rowDims = 1 + (positions >= 0 ? 1 : 0) + (texts >= 0 && !isFlat ? 1 : 0);
  return moved.flatten(0, rowDims - 1).contiguous();
}

RowLayout guessLayout(at::IntArrayRef sizes, const RowCounts& counts) {
  for (const RowLayout& layout : {RowLayout{0, 1, false}, RowLayout{0, 2, false}, RowLayout{0, 3, false},
                                  RowLayout{-1, 0, true}, RowLayout{0, -1, false}}) {
    if ((!layout.hasPositions() || counts.positions > 1) && layout.fits(sizes, counts)) return layout;
  }
  return {};
}

}  // namespace graphpatch
