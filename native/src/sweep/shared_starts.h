#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "survey.h"

namespace graphpatch {

// Cells of a wave that begin with the same patches are the same until one of them is patched where the other
// is not. So of each such family only one cell is run, and the others part from it when their time has come.
class SharedStarts {
 public:
  SharedStarts(const Survey& survey, const std::vector<int32_t>& cells);

  // A cell that parts, and the one that was run in its place.
  using Parting = std::pair<int32_t, int32_t>;
  // Those that part at a value, before patches apply there.
  std::vector<Parting> partingAt(ValueIndex value);
  // Those that never did.
  std::vector<Parting> partingAtEnd();

  bool follows(int32_t cell) const { return leaders_[cell] >= 0; }
  // Cells that share their beginning with another one.
  const std::vector<bool>& shared() const { return isShared_; }

 private:
  std::vector<Parting> part(const std::vector<int32_t>& cells);

  // By cell, the one that it is the same as so far; -1 for one that is run.
  std::vector<int32_t> leaders_;
  std::map<ValueIndex, std::vector<int32_t>> partings_;
  std::vector<int32_t> inseparable_;
  std::vector<bool> isShared_;
};

}  // namespace graphpatch
