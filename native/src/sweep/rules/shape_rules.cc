#include <array>
#include <functional>
#include <numeric>

#include "rules.h"

namespace graphpatch {

namespace {

int64_t product(at::IntArrayRef sizes, int begin, int end) {
  return std::accumulate(sizes.begin() + begin, sizes.begin() + end, int64_t{1}, std::multiplies<>());
}

}  // namespace

RowRule viewed(const StepReader& step, const RowLayout& from, const RowLayout& to,
               std::vector<int64_t> order) {
  RowRule rule = step.withOperands(0, from);
  rule.mode = RowMode::View;
  rule.layout = to;
  rule.order = std::move(order);
  rule.restSizes = to.restSizes(step.result().sizes());
  return rule;
}

std::optional<RowRule> permuted(const StepReader& step, std::string_view name) {
  const auto layout = step.rowsOf(0);
  if (!layout) return std::nullopt;
  const int rank = step.dimOf(0);
  std::vector<int64_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (name == "permute") {
    const auto given = step.dims(1, rank);
    if (!given) return std::nullopt;
    order = *given;
  } else if (rank >= 2) {
    const auto a =
        name == "t" ? std::vector<int64_t>{0} : step.dims(1, rank).value_or(std::vector<int64_t>{});
    const auto b =
        name == "t" ? std::vector<int64_t>{1} : step.dims(2, rank).value_or(std::vector<int64_t>{});
    if (a.size() != 1 || b.size() != 1) return std::nullopt;
    std::swap(order[a[0]], order[b[0]]);
  }
  RowLayout to{-1, -1, layout->isFlat};
  std::vector<int64_t> rest;
  for (int dim = 0; dim < rank; ++dim) {
    const int from = static_cast<int>(order[dim]);
    if (from == layout->texts) to.texts = dim;
    if (from == layout->positions) to.positions = dim;
    if (layout->isRest(from)) rest.push_back(layout->rowDim(from));
  }
  return viewed(step, *layout, to, rest);
}

std::optional<RowRule> unsqueezed(const StepReader& step) {
  const auto layout = step.rowsOf(0);
  const auto list = step.dims(1, step.dimOf(0) + 1);
  if (!layout || !list) return std::nullopt;
  RowLayout to = *layout;
  if (to.texts >= list->front()) ++to.texts;
  if (to.positions >= list->front()) ++to.positions;
  return viewed(step, *layout, to, {});
}

std::optional<RowRule> expanded(const StepReader& step) {
  const auto layout = step.rowsOf(0);
  if (!layout) return std::nullopt;
  const RowLayout to = layout->shifted(static_cast<int>(step.result().dim()) - step.dimOf(0));
  if (!to.fits(step.result().sizes(), step.counts())) return std::nullopt;
  RowRule rule = viewed(step, *layout, to, {});
  rule.isExpand = true;
  return rule;
}

// Where texts and positions are after a change of
// shape, if they stay dimensions of their own.
std::optional<RowRule> reshaped(const StepReader& step) {
  const auto layout = step.rowsOf(0);
  if (!layout) return std::nullopt;
  const at::IntArrayRef from = step.tensor(0)->sizes();
  const at::IntArrayRef to = step.result().sizes();
  const int rank = static_cast<int>(to.size());
  const auto candidates = [&]() {
    std::vector<RowLayout> list;
    for (int p = 0; p < rank; ++p) {
      for (int t = 0; t < p; ++t) list.push_back({t, p, false});
    }
    for (int p = 0; p < rank; ++p) list.push_back({-1, p, true});
    if (step.counts().texts == 1) {
      for (int p = 0; p < rank; ++p) list.push_back({-1, p, false});
    }
    return list;
  };
  // How much of the rest comes before the texts,
  // between texts and positions, and after both.
  const auto parts = [&](const RowLayout& l, at::IntArrayRef sizes) -> std::array<int64_t, 3> {
    const int end = static_cast<int>(sizes.size());
    const int64_t after = product(sizes, l.positions + 1, end);
    if (l.texts < 0) return {product(sizes, 0, l.positions), 1, after};
    return {product(sizes, 0, l.texts), product(sizes, l.texts + 1, l.positions), after};
  };
  if (!layout->hasPositions()) {
    for (int t = 0; t < rank; ++t) {
      if (to[t] == step.counts().texts && product(to, 0, t) == product(from, 0, layout->texts))
        return viewed(step, *layout, {t, -1, false}, {});
    }
    return std::nullopt;
  }
  if (layout->texts > layout->positions) return std::nullopt;
  const auto wanted = parts(*layout, from);
  for (const RowLayout& candidate : candidates()) {
    if (!candidate.fits(to, step.counts())) continue;
    const auto found = parts(candidate, to);
    const bool same = found == wanted;
    // Without texts, or with a single one, what is
    // before and between is one stretch.
    const bool isOneStretch =
        step.counts().texts == 1 && found[0] * found[1] == wanted[0] * wanted[1] && found[2] == wanted[2];
    if (same || isOneStretch) return viewed(step, *layout, candidate, {});
  }
  return std::nullopt;
}

}  // namespace graphpatch
