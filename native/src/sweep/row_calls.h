#pragma once

#include <vector>

#include "wave_values.h"

namespace graphpatch {

// How rows are multiplied by weights.
enum class Products {
  // By the graph's own operators.
  Operator,
  // By oneDNN, which is faster at many rows.
  OneDnn,
  // And with the weights that optimize() packed.
  Packed,
};

// The results of a step for the rows of `spans` (of the rule's layout, numbered), by its rule: [rows, rest…]
// each. Not for steps without a rule.
std::vector<at::Tensor> callRows(const Survey& survey, const WaveValues& values, size_t step,
                                 const std::vector<CellSpan>& spans, Products products);

}  // namespace graphpatch
