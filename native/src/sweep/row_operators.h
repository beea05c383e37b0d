#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "survey.h"

namespace graphpatch {

// Parts of a step's call on rows.

// Its arguments as its rule wants them, with the base run's values where rows are to be given.
std::vector<c10::IValue> rowArguments(const Survey& survey, size_t step);
// Puts rows in the place of an operand.
void giveRows(std::vector<c10::IValue>& arguments, const RowOperand& operand, const at::Tensor& rows);
// The step's operator called. @throws its error, by the node's name
std::vector<at::Tensor> calledOnRows(const Step& step, std::vector<c10::IValue> arguments);
// Rows of a step that only gives them another shape or order.
at::Tensor viewedRows(const RowRule& rule, at::Tensor rows);
// Rows that are not as the base's would be read as what they are not. @throws ShapeError
void checkRows(const Survey& survey, size_t step, ValueIndex result, const at::Tensor& rows);

}  // namespace graphpatch
