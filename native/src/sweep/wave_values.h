#pragma once

#include <unordered_map>
#include <vector>

#include "cell_rows.h"
#include "survey.h"

namespace graphpatch {

// What the cells of a wave have, for every value at which they differ from the base run.
class WaveValues {
 public:
  explicit WaveValues(const Survey& survey) : survey_(survey) {}

  // Where cells differ from the base at `value`; nullptr where none does.
  const CellRows* find(ValueIndex value) const;
  // Adds the parts, of other cells each, to what is there; cells that were there and are in a part have what
  // the part says.
  void put(ValueIndex value, std::vector<CellRows> parts);
  // Takes a cell away.
  void remove(ValueIndex value, int32_t cell);
  void release(ValueIndex value) { rows_.erase(value); }
  void clear() { rows_.clear(); }

  // An operand of a step for the rows of `spans`, as its rule wants it.
  at::Tensor operand(const Step& step, const RowOperand& operand, const std::vector<CellSpan>& spans,
                     int64_t texts) const;
  // Positions of a value in several cells: [cells, dimensions of the value…].
  at::Tensor cells(ValueIndex value, const std::vector<int32_t>& cells, const Positions& positions) const;
  // The whole value in one cell, where `base` is the base run's.
  at::Tensor whole(ValueIndex value, int32_t cell, const at::Tensor& base) const;
  // What is different from the base in whole values of cells, [cells, dimensions of the value…], where it is
  // needed.
  CellRows differing(ValueIndex value, const std::vector<int32_t>& cells, const at::Tensor& wholes) const;

 private:
  const Survey& survey_;
  std::unordered_map<ValueIndex, CellRows> rows_;
};

}  // namespace graphpatch
