#include <algorithm>

#include "rules.h"

namespace graphpatch {

namespace {

RowLayout without(const RowLayout& layout, const std::vector<int64_t>& gone) {
  const auto before = [&](int dim) {
    return static_cast<int>(
        std::count_if(gone.begin(), gone.end(), [&](int64_t other) { return other < dim; }));
  };
  RowLayout kept = layout;
  if (layout.texts >= 0) kept.texts -= before(layout.texts);
  if (layout.positions >= 0) kept.positions -= before(layout.positions);
  return kept;
}

}  // namespace

std::optional<RowRule> along(const StepReader& step, bool isSlice) {
  const auto layout = step.rowsOf(0);
  int at = step.place("dim");
  if (at < 0) at = step.place("dims");
  if (!layout || at < 0) return std::nullopt;
  const auto list = step.dims(at, step.dimOf(0));
  if (!list) return std::nullopt;
  if (!areRest(*list, *layout)) {
    // A slice of everything.
    if (!isSlice || step.result().sizes() != step.tensor(0)->sizes()) return std::nullopt;
    return viewed(step, *layout, *layout, {});
  }
  RowRule rule = step.withOperands(0, *layout);
  rule.replaced.emplace_back(at, inRows(*list, *layout, step.isList(at)));
  return rule;
}

std::optional<RowRule> reduced(const StepReader& step) {
  const auto layout = step.rowsOf(0);
  const int at = step.place("dim");
  const int keep = step.place("keepdim");
  if (!layout || at < 0 || keep < 0) return std::nullopt;
  const auto list = step.dims(at, step.dimOf(0));
  if (!list || !areRest(*list, *layout)) return std::nullopt;
  RowRule rule = step.withOperands(0, *layout);
  rule.replaced.emplace_back(at, inRows(*list, *layout, step.isList(at)));
  if (!step.isTrue(keep)) rule.layout = without(*layout, *list);
  return rule;
}

std::optional<RowRule> dropped(const StepReader& step) {
  const auto layout = step.rowsOf(0);
  const int at = step.place("dim");
  if (!layout || at < 0) return std::nullopt;
  const auto list = step.dims(at, step.dimOf(0));
  if (!list || !areRest(*list, *layout)) return std::nullopt;
  RowRule rule = step.withOperands(0, *layout);
  rule.replaced.emplace_back(at, inRows(*list, *layout, false));
  rule.layout = without(*layout, *list);
  return rule;
}

std::optional<RowRule> normalized(const StepReader& step) {
  const auto layout = step.rowsOf(0);
  const c10::IValue over = step.argument(1);
  if (!layout || !over.isIntList()) return std::nullopt;
  const int rank = step.dimOf(0);
  for (int dim = rank - static_cast<int>(over.toIntVector().size()); dim < rank; ++dim) {
    if (dim < 0 || !layout->isRest(dim)) return std::nullopt;
  }
  return step.withOperands(0, *layout);
}

}  // namespace graphpatch
