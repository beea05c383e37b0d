#pragma once

#include <ATen/core/Tensor.h>

#include <mutex>
#include <unordered_map>
#include <vector>

#include "survey.h"

namespace graphpatch {

// Values of the base run by rows, [texts or 1, positions or 1, rest…], contiguous, or what is read of them:
// made once for all steps and cells of a wave that look at them. Any thread may ask.
class BaseRows {
 public:
  explicit BaseRows(const Survey& survey) : survey_(survey) {}

  // `lead`: dimensions of size 1 that `layout` has in front of the value's own.
  at::Tensor of(ValueIndex value, const RowLayout& layout, int lead = 0);
  void release(ValueIndex value);
  void clear();

 private:
  struct Kept {
    RowLayout layout;
    int lead;
    at::Tensor rows;
  };

  const Survey& survey_;
  std::mutex mutex_;
  std::unordered_map<ValueIndex, std::vector<Kept>> kept_;
};

// A value by rows, as above.
at::Tensor rowsOf(const at::Tensor& whole, const RowLayout& layout, int lead, const RowCounts& counts);

}  // namespace graphpatch
