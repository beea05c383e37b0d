#pragma once

#include <vector>

#include "row_products.h"
#include "wave_values.h"

namespace graphpatch {

// The results of a step for the rows of `spans` (of the rule's layout, numbered), by its rule: [rows, rest…]
// each, or what is read of them. Not for steps without a rule.
std::vector<at::Tensor> callRows(const Survey& survey, const WaveValues& values, size_t step,
                                 const std::vector<CellSpan>& spans, const RowProducts& products);

}  // namespace graphpatch
