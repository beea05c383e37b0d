#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "cell_rows.h"
#include "survey.h"

namespace graphpatch {

// How a wave goes through a step.
enum class StepKind {
  // Not at all: sizes are the base run's, and so is what the base run does not have.
  Idle,
  // By its rule, or with whole values.
  Rows,
  // Its cells leave the wave.
  Foreign,
};

StepKind kindOf(const Survey& survey, const Step& step);

// What a step has to compute in a wave.
struct StepSpans {
  // Cells for which its rule holds, in order, and the positions of each; not numbered.
  std::vector<CellSpan> together;
  // Cells for which it does not.
  std::vector<int32_t> alone;
  // Of the first, those in which positions before their own are computed again.
  std::vector<int32_t> widened;
};

// Steps that compute anything, in order, and what.
using SpansOfSteps = std::vector<std::pair<size_t, StepSpans>>;

// Where the cells of a wave differ from the base run at a value; nullptr where none does.
using SpansAt = std::function<const std::vector<CellSpan>*(ValueIndex)>;
// Whether the rows of a cell at a value are too large for a mask to hide.
using IsWild = std::function<bool(ValueIndex, const CellSpan&)>;

// Of a wave of `cells` cells; those in `isDropped` have no part in it.
StepSpans spansOf(const Survey& survey, size_t step, size_t cells, const std::vector<bool>& isDropped,
                  const SpansAt& spansAt, const IsWild& isWild);

// Whether positions see one another in the step.
bool sees(RowMode mode);
// Whether what is in an operand decides on what its mask hides: a fused operator may leave out what that is,
// and then not make the same of what is no number.
bool decidesReach(const RowRule& rule, size_t operand);
// Whether all elements are small enough for masks to hide their products.
bool isReasonable(const at::Tensor& rows);

}  // namespace graphpatch
