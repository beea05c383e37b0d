#pragma once

#include <vector>

#include "wave_values.h"

namespace graphpatch {

// The results of a step for the rows of `spans` (of the rule's layout, numbered), by its rule: [rows, rest…]
// each. Not for steps without a rule. `packs`: multiply by packed weights where the plan says so.
std::vector<at::Tensor> callRows(const Survey& survey, const WaveValues& values, size_t step,
                                 const std::vector<CellSpan>& spans, bool packs);

}  // namespace graphpatch
