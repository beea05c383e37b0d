#pragma once

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base_rows.h"
#include "cell_rows.h"
#include "survey.h"

namespace graphpatch {

// What the cells of a wave have, for every value at which they differ from the base run.
class WaveValues {
 public:
  explicit WaveValues(const Survey& survey) : survey_(survey), base_(std::make_shared<BaseRows>(survey)) {}
  // Of some cells of a wave, which have at first what `all` has.
  explicit WaveValues(const WaveValues* all) : survey_(all->survey_), all_(all), base_(all->base_) {}

  // Where cells differ from the base at `value`; nullptr where none does.
  const CellRows* find(ValueIndex value) const;
  const std::vector<CellSpan>* spans(ValueIndex value) const;
  // Adds the parts, of other cells each, to what is there; cells that were there and are in a part have what
  // the part says.
  void put(ValueIndex value, std::vector<CellRows> parts);
  // Gives cells, the first of each pair, what others have.
  void copy(const std::vector<std::pair<int32_t, int32_t>>& cells);
  // Takes a cell away.
  void remove(ValueIndex value, int32_t cell);
  void release(ValueIndex value);
  void clear();
  // What was put and not released.
  std::unordered_map<ValueIndex, CellRows> take() { return std::move(rows_); }

  // An operand of a step for the rows of `spans`, as its rule wants it.
  at::Tensor operand(const Step& step, const RowOperand& operand, const std::vector<CellSpan>& spans,
                     int64_t texts) const;
  // The base run's value by rows.
  at::Tensor base(ValueIndex value) const { return base_->of(value, survey_.layout(value)); }
  // Positions of a value in several cells: [cells, dimensions of the value…].
  at::Tensor cells(ValueIndex value, const std::vector<int32_t>& cells, const Positions& positions) const;
  // The whole value in one cell, where `base` is the base run's.
  at::Tensor whole(ValueIndex value, int32_t cell, const at::Tensor& base) const;
  // What is different from the base in whole values of cells, [cells, dimensions of the value…], where it is
  // needed.
  CellRows differing(ValueIndex value, const std::vector<int32_t>& cells, const at::Tensor& wholes) const;

 private:
  const Survey& survey_;
  const WaveValues* all_ = nullptr;
  std::shared_ptr<BaseRows> base_;
  std::unordered_map<ValueIndex, CellRows> rows_;
};

}  // namespace graphpatch
