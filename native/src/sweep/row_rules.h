#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "../engine/plan.h"
#include "row_layout.h"

namespace graphpatch {

enum class RowMode {
  // One call on the rows of all cells.
  Call,
  // Another shape, or order, of the rest of each row.
  View,
  // Positions see one another: products of queries and keys, of weights and values, and both in one.
  Scores,
  Mix,
  Attention,
  // No rule: whole values, one cell after the other.
  PerCell,
};

enum class RowRole {
  // The same for all rows.
  Constant,
  // A row for each row of the result.
  Rows,
  // As Rows, or the same for all rows: it broadcasts.
  Broadcast,
};

// A tensor that a step is given.
struct RowOperand {
  int argument = 0;
  // Its place in a list argument; -1 for an argument that is the tensor itself.
  int element = -1;
  RowRole role = RowRole::Constant;
  // How the call wants it, after `lead` dimensions of size 1 were put in front.
  RowLayout layout;
  int lead = 0;
  // Whether the rule holds for cells in which it differs from the base run.
  bool mayDiffer = false;
};

// How a step acts on rows.
struct RowRule {
  RowMode mode = RowMode::PerCell;
  // Of its results, as it computes them.
  RowLayout layout;
  std::vector<RowOperand> operands;
  // Arguments that rows need to be others: dimensions.
  std::vector<std::pair<int, c10::IValue>> replaced;
  // View: order of the rest's dimensions, their sizes then, and whether those are reached by expanding.
  std::vector<int64_t> order;
  std::vector<int64_t> restSizes;
  bool isExpand = false;
  // Whether it does little to each row: reading and writing them is most of its work.
  bool isLight = false;
};

// The rule for a step, with the values of a run in `frame`. `layouts` are those of all values, `differs` says
// which values may differ between cells. PerCell where no rule is known or holds.
RowRule rowRule(const Step& step, const std::vector<c10::IValue>& frame,
                const std::vector<RowLayout>& layouts, const std::vector<bool>& differs,
                const RowCounts& counts);

}  // namespace graphpatch
