#include "step_spans.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>

#include "../engine/arguments.h"

namespace graphpatch {

namespace {

// Vectors with larger elements may have products that no mask hides, and 0 times infinity is no number.
constexpr float kReasonable = 1e9;

// What cells have at the operands of a step.
struct Operands {
  size_t count;
  std::vector<Positions> own;
  std::vector<bool> isLive;
  std::vector<bool> isAlone;
  std::vector<bool> isWild;
};

}  // namespace

StepKind kindOf(const Survey& survey, const Step& step) {
  const auto& operation = step.node->operation;
  if (std::holds_alternative<NumberCall>(operation) || std::holds_alternative<Guard>(operation))
    return StepKind::Idle;
  if (!std::holds_alternative<OperatorCall>(operation) && !std::holds_alternative<Alias>(operation))
    return StepKind::Foreign;
  for (ValueIndex result : step.results) {
    if (result < 0 || survey.frame()[result].isNone()) return StepKind::Idle;
    if (!survey.frame()[result].isTensor()) return StepKind::Foreign;
  }
  return StepKind::Rows;
}

bool sees(RowMode mode) {
  return mode == RowMode::Scores || mode == RowMode::Mix || mode == RowMode::Attention;
}

bool decidesReach(const RowRule& rule, size_t operand) {
  return sees(rule.mode) && (operand > 0 || rule.mode == RowMode::Attention);
}

bool isReasonable(const at::Tensor& rows) {
  if (rows.numel() == 0) return true;
  if (!rows.is_cpu() || rows.scalar_type() != at::kFloat || !rows.is_contiguous())
    return rows.abs().max().item<double>() < kReasonable;
  // Without their sign, numbers are in the order of their bits, and what is none comes after them.
  const auto* bits = static_cast<const uint32_t*>(rows.const_data_ptr());
  uint32_t largest = 0;
  for (int64_t i = 0; i < rows.numel(); ++i) largest = std::max(largest, bits[i] & 0x7fffffffU);
  return largest < std::bit_cast<uint32_t>(kReasonable);
}

StepSpans spansOf(const Survey& survey, size_t index, size_t cells, const std::vector<bool>& isDropped,
                  const SpansAt& spansAt, const IsWild& isWild) {
  StepSpans result;
  const Step& step = survey.plan().steps()[index];
  const RowRule& rule = survey.rule(index);
  Positions needed;
  for (ValueIndex value : step.results) needed.join(survey.needed(value));
  if (needed.isEmpty()) return result;
  const size_t count = rule.operands.size();
  Operands at{count, std::vector<Positions>(cells * count), std::vector<bool>(cells), {}, {}};
  at.isAlone.assign(cells, rule.mode == RowMode::PerCell);
  at.isWild.assign(cells, false);
  const auto visit = [&](ValueIndex value, const RowOperand* operand, size_t place) {
    const std::vector<CellSpan>* spans = spansAt(value);
    if (spans == nullptr) return;
    for (const CellSpan& span : *spans) {
      if (isDropped[span.cell]) continue;
      at.isLive[span.cell] = true;
      if (operand != nullptr && decidesReach(rule, place) && isWild(value, span)) at.isWild[span.cell] = true;
      if (operand == nullptr || !operand->mayDiffer) {
        at.isAlone[span.cell] = true;
      } else {
        at.own[span.cell * count + place].join({span.begin, span.end});
      }
    }
  };
  if (rule.mode == RowMode::PerCell) {
    forEachUse(step.arguments, [&](ValueIndex value) { visit(value, nullptr, 0); });
  } else {
    for (size_t i = 0; i < count; ++i) visit(operandValue(step, rule.operands[i]), &rule.operands[i], i);
  }
  std::vector<Positions> own(count);
  for (int32_t cell = 0; cell < static_cast<int32_t>(cells); ++cell) {
    if (!at.isLive[cell]) continue;
    if (at.isAlone[cell]) {
      result.alone.push_back(cell);
      continue;
    }
    std::copy_n(at.own.begin() + static_cast<int64_t>(cell * count), count, own.begin());
    Positions before;
    for (const Positions& part : own) before.join(part);
    Positions after = at.isWild[cell] ? survey.all(rule.layout) : survey.spread(index, own);
    if (rule.layout.hasPositions() ? after.begin < before.begin : before.begin > 0)
      result.widened.push_back(cell);
    if (rule.layout.hasPositions()) after = after.within(needed);
    if (!after.isEmpty()) result.together.push_back({cell, after.begin, after.end, 0});
  }
  return result;
}

}  // namespace graphpatch
