#include "rules.h"

namespace graphpatch {

namespace {

// A step whose tensors are aligned at their last dimensions with a result of `rank`.
std::optional<RowRule> aligned(const StepReader& step, int rank, RowRole role) {
  bool isAligned = true;
  step.forEachTensor([&](int argument, int element) {
    const int dims = static_cast<int>(step.tensor(argument, element)->dim());
    isAligned = isAligned && (role == RowRole::Rows ? dims == rank : dims <= rank);
  });
  if (!isAligned) return std::nullopt;
  std::optional<RowLayout> layout;
  for (const bool differing : {true, false}) {
    step.forEachTensor([&](int argument, int element) {
      if (layout || step.mayDiffer(argument, element) != differing) return;
      const auto own = step.rowsOf(argument, element);
      if (!own) return;
      const RowLayout moved = own->shifted(rank - static_cast<int>(step.tensor(argument, element)->dim()));
      if (moved.fits(step.result().sizes(), step.counts())) layout = moved;
    });
  }
  if (!layout) return std::nullopt;
  RowRule rule;
  rule.mode = RowMode::Call;
  rule.layout = *layout;
  step.forEachTensor([&](int argument, int element) {
    const int lead = rank - static_cast<int>(step.tensor(argument, element)->dim());
    const auto own = step.rowsOf(argument, element);
    const bool fits = own && step.agree(own->shifted(lead), *layout);
    rule.operands.push_back({argument, element, role, *layout, lead, fits});
  });
  return rule;
}

}  // namespace

std::optional<RowRule> elementwise(const StepReader& step) {
  if (!step.givesTensor()) return std::nullopt;
  return aligned(step, static_cast<int>(step.result().dim()), RowRole::Broadcast);
}

std::optional<RowRule> elementwiseOfFirst(const StepReader& step) {
  auto rule = onRows(step, 0);
  if (rule) rule->operands.resize(1);
  return rule;
}

std::optional<RowRule> concatenated(const StepReader& step, bool isStack) {
  const int rank = static_cast<int>(step.result().dim());
  const auto list = step.dims(1, rank);
  if (!list) return std::nullopt;
  const int dim = static_cast<int>(list->front());
  if (!isStack) {
    auto rule = aligned(step, rank, RowRole::Rows);
    if (!rule || !rule->layout.isRest(dim)) return std::nullopt;
    rule->replaced.emplace_back(1, inRows(*list, rule->layout, false));
    return rule;
  }
  std::optional<RowLayout> layout;
  step.forEachTensor([&](int argument, int element) {
    if (!layout) layout = step.rowsOf(argument, element);
  });
  if (!layout) return std::nullopt;
  RowRule rule;
  rule.mode = RowMode::Call;
  step.forEachTensor([&](int argument, int element) {
    const auto own = step.rowsOf(argument, element);
    rule.operands.push_back({argument, element, RowRole::Rows, *layout, 0, own && *own == *layout});
  });
  rule.layout = *layout;
  if (rule.layout.texts >= dim) ++rule.layout.texts;
  if (rule.layout.positions >= dim) ++rule.layout.positions;
  rule.replaced.emplace_back(1, rule.layout.rowDim(dim));
  return rule;
}

}  // namespace graphpatch
