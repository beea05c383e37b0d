#pragma once

#include <map>
#include <memory>
#include <vector>

#include "survey.h"

namespace graphpatch {

// What a cell will take in a wave, estimated.
struct CellCost {
  // Positions that its first patches change.
  Positions start;
  // Floating-point operations of matrix products.
  double work = 0;
  // The most bytes that it has at one time.
  double bytes = 0;
};

// Estimates from the shapes of the base run and from who sees whom, for each cell as if it were run by
// itself. What its later patches add is left out.
class SweepCost {
 public:
  explicit SweepCost(const Survey& survey);

  CellCost of(int32_t cell);
  // Positions that the cell's patches change at a value that has what the base has.
  Positions changedAt(int32_t cell, ValueIndex value);
  // Floating-point operations of a step in the base run.
  double workOf(size_t step) const { return work_[step]; }
  // Floating-point operations of one run of the whole plan.
  double baseWork() const { return baseWork_; }
  // Bytes that the base run's values take.
  double baseBytes() const;

 private:
  using Start = std::vector<std::pair<ValueIndex, std::pair<int64_t, int64_t>>>;

  Start startOf(int32_t cell);
  CellCost follow(const Start& start) const;
  Positions changedBy(const std::vector<const CellPatch*>& patches, ValueIndex value) const;
  double stepWork(const Step& step) const;

  const Survey& survey_;
  std::vector<double> work_;
  double baseWork_ = 0;
  // By value, the step that makes it; 0 for those that are there before the first.
  std::vector<size_t> madeBy_;
  std::map<Start, CellCost> known_;
  // By value and the identities of patches there, if all have one.
  std::map<std::pair<ValueIndex, std::vector<int32_t>>, Positions> changed_;
};

}  // namespace graphpatch
