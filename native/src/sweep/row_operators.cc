#include "row_operators.h"

#include <utility>

#include "../engine/arguments.h"
#include "../engine/step_error.h"
#include "../errors/errors.h"

namespace graphpatch {

std::vector<c10::IValue> rowArguments(const Survey& survey, size_t index) {
  std::vector<c10::IValue> arguments;
  for (const Argument& argument : survey.plan().steps()[index].arguments)
    arguments.push_back(operatorArgument(argument, survey.frame()));
  for (const auto& [place, value] : survey.rule(index).replaced) arguments[place] = value;
  return arguments;
}

void giveRows(std::vector<c10::IValue>& arguments, const RowOperand& operand, const at::Tensor& rows) {
  if (operand.element < 0) {
    arguments[operand.argument] = rows;
  } else {
    arguments[operand.argument].toList().set(operand.element, rows);
  }
}

std::vector<at::Tensor> calledOnRows(const Step& step, std::vector<c10::IValue> arguments) {
  const auto& call = std::get<OperatorCall>(step.node->operation);
  std::vector<c10::IValue> stack = arguments;
  try {
    call.call(stack);
  } catch (const c10::Error& error) {
    throwStepError(*step.node, call.handle, arguments, error);
  }
  std::vector<at::Tensor> results;
  for (const c10::IValue& result : resultsOf(stack, step.results.size()))
    results.push_back(result.toTensor());
  return results;
}

at::Tensor viewedRows(const RowRule& rule, at::Tensor rows) {
  if (!rule.order.empty()) rows = rows.permute(joined({0}, rule.order));
  if (!rule.isExpand) return rows.reshape(joined({rows.size(0)}, rule.restSizes));
  std::vector<int64_t> padded{rows.size(0)};
  padded.resize(rule.restSizes.size() + 2 - rows.dim(), 1);
  return rows.reshape(joined(padded, rows.sizes().slice(1))).expand(joined({rows.size(0)}, rule.restSizes));
}

void checkRows(const Survey& survey, size_t index, ValueIndex result, const at::Tensor& rows) {
  const at::Tensor& base = survey.frame()[result].toTensor();
  if (rows.sizes().slice(1) == at::IntArrayRef(survey.rule(index).layout.restSizes(base.sizes())) &&
      rows.scalar_type() == base.scalar_type())
    return;
  throw GraphpatchError(
      "ShapeError", survey.plan().steps()[index].node->name + " gives other sizes or another dtype for rows");
}

}  // namespace graphpatch
