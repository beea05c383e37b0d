#pragma once

#include <vector>

#include "sweep_cost.h"

namespace graphpatch {

// What cells take that are run together.
struct WaveCost {
  // Floating-point operations of matrix products.
  double work = 0;
  // The most bytes that they have at one time.
  double bytes = 0;
};

// Goes a wave's way through the plan without computing anything: from the positions that patches change to
// those that each step has to compute, cells that begin alike as one until they part. `cells` are places in
// the survey's list; `groups` as of a Wave. What a patch changes is what it would change of the base run's
// value.
WaveCost costTogether(const Survey& survey, SweepCost& cost, const std::vector<int32_t>& cells, bool groups);

}  // namespace graphpatch
