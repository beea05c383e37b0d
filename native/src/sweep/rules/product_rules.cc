#include <string_view>

#include "rules.h"

namespace graphpatch {

namespace {

RowOperand seen(int argument, const RowLayout& layout) {
  return {argument, -1, RowRole::Rows, layout, 0, true};
}

// Queries by keys, or weights by values.
std::optional<RowRule> seeing(const StepReader& step, const RowLayout& a, const RowLayout& b, int rank) {
  if (a.isFlat || b.isFlat || a.positions != rank - 2 || a.texts != b.texts) return std::nullopt;
  RowRule rule;
  rule.layout = a;
  rule.operands = {seen(0, a), seen(1, b)};
  if (b.positions == rank - 1) {
    rule.mode = RowMode::Scores;
  } else if (b.positions == rank - 2 && step.tensor(0)->size(-1) == step.counts().positions) {
    rule.mode = RowMode::Mix;
  } else {
    return std::nullopt;
  }
  return rule;
}

// Products of matrices that each text has its own of.
std::optional<RowRule> textProduct(const StepReader& step, int rank) {
  RowRule rule;
  rule.mode = RowMode::Call;
  rule.layout = {0, -1, false};
  bool any = false;
  for (int i = 0; i < 2; ++i) {
    const RowLayout layout = step.layoutOf(i);
    const bool isText =
        layout == RowLayout{0, -1, false} && layout.fits(step.tensor(i)->sizes(), step.counts());
    if (!isText &&
        (layout.hasRows() || (rank == 3 && std::string_view(step.schema().name()) == "aten::bmm") ||
         step.tensor(i)->size(0) != 1))
      return std::nullopt;
    any = any || isText;
    rule.operands.push_back({i, -1, isText ? RowRole::Rows : RowRole::Constant, rule.layout, 0, isText});
  }
  return any ? std::optional(rule) : std::nullopt;
}

}  // namespace

std::optional<RowRule> onRows(const StepReader& step, int argument) {
  const auto layout = step.rowsOf(argument);
  return layout ? std::optional(step.withOperands(argument, *layout)) : std::nullopt;
}

// The last dimension is multiplied by a matrix that all rows share.
std::optional<RowRule> multiplied(const StepReader& step, int argument) {
  const auto layout = step.rowsOf(argument);
  const int rank = step.dimOf(argument);
  if (!layout || rank < 2 || !layout->isRest(rank - 1)) return std::nullopt;
  return step.withOperands(argument, *layout);
}

std::optional<RowRule> matrixProduct(const StepReader& step) {
  const at::Tensor* a = step.tensor(0);
  const at::Tensor* b = step.tensor(1);
  if (a == nullptr || b == nullptr) return std::nullopt;
  const int rank = static_cast<int>(step.result().dim());
  if (a->dim() == rank && b->dim() == rank && rank >= 3) {
    const auto first = step.rowsOf(0);
    const auto second = step.rowsOf(1);
    if (first && second && first->hasPositions() && second->hasPositions()) {
      if (auto rule = seeing(step, *first, *second, rank)) return rule;
    }
    if (auto rule = textProduct(step, rank)) return rule;
  }
  if (b->dim() == 2) return multiplied(step, 0);
  return std::nullopt;
}

std::optional<RowRule> attention(const StepReader& step) {
  const int rank = step.dimOf(0);
  const c10::IValue dropout = step.argument(4);
  if (dropout.toDouble() != 0) return std::nullopt;
  std::vector<RowLayout> own;
  for (int i = 0; i < 3; ++i) {
    const auto layout = step.rowsOf(i);
    if (!layout || step.dimOf(i) != rank) return std::nullopt;
    own.push_back(*layout);
  }
  if (!(own[0] == own[1] && own[1] == own[2])) return std::nullopt;
  if (own[0] == RowLayout{0, -1, false} &&
      (step.tensor(3) == nullptr || step.tensor(3)->dim() < rank || step.tensor(3)->size(0) == 1)) {
    RowRule rule = step.withOperands(0, own[0]);
    for (RowOperand& operand : rule.operands) {
      if (operand.argument < 3) operand = {operand.argument, -1, RowRole::Rows, own[0], 0, true};
    }
    return rule;
  }
  if (own[0].isFlat || own[0].positions != rank - 2 || rank < 3) return std::nullopt;
  RowRule rule;
  rule.mode = RowMode::Attention;
  rule.layout = own[0];
  for (int i = 0; i < 3; ++i) rule.operands.push_back(seen(i, own[i]));
  if (step.tensor(3) != nullptr) rule.operands.push_back({3, -1, RowRole::Constant, {}, 0, false});
  return rule;
}

}  // namespace graphpatch
