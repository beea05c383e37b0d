#include "sweep_cost.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "../engine/arguments.h"
#include "../errors/errors.h"
#include "cell_rows.h"

namespace graphpatch {

namespace {

struct Product {
  std::string_view name;
  // The argument whose last dimension is summed over.
  int summed;
};

constexpr Product kProducts[] = {
    {"aten::linear", 0}, {"aten::addmm", 1}, {"aten::mm", 0}, {"aten::bmm", 0}, {"aten::matmul", 0}};

}  // namespace

SweepCost::SweepCost(const Survey& survey) : survey_(survey) {
  const auto& steps = survey.plan().steps();
  work_.resize(steps.size());
  madeBy_.assign(survey.plan().graph().valueCount(), 0);
  for (size_t i = 0; i < steps.size(); ++i) {
    work_[i] = stepWork(steps[i]);
    baseWork_ += work_[i];
    for (ValueIndex result : steps[i].results) {
      if (result >= 0) madeBy_[result] = i + 1;
    }
  }
}

// Of matrix products: two for each multiplication and addition. Steps whose operands the base run did not
// keep count by their results.
double SweepCost::stepWork(const Step& step) const {
  const auto* call = std::get_if<OperatorCall>(&step.node->operation);
  if (call == nullptr || step.results.empty() || step.results[0] < 0) return 0;
  const std::string_view name = call->handle.schema().name();
  const auto sizes = [&](int argument) -> at::IntArrayRef {
    const Argument& given = step.arguments[argument];
    const c10::IValue& value =
        given.kind == Argument::Kind::Value ? survey_.frame()[given.value] : given.constant;
    return value.isTensor() ? value.toTensor().sizes() : at::IntArrayRef();
  };
  const c10::IValue& result = survey_.frame()[step.results[0]];
  if (!result.isTensor()) return 0;
  const auto elements = static_cast<double>(result.toTensor().numel());
  if (name == "aten::scaled_dot_product_attention") {
    const at::IntArrayRef keys = sizes(1);
    return keys.size() < 2 ? 0 : 4 * elements * static_cast<double>(keys[keys.size() - 2]);
  }
  for (const Product& product : kProducts) {
    if (product.name != name) continue;
    const at::IntArrayRef summed = sizes(product.summed);
    return summed.empty() ? 0 : 2 * elements * static_cast<double>(summed.back());
  }
  return 0;
}

double SweepCost::baseBytes() const {
  std::unordered_set<const c10::StorageImpl*> seen;
  double bytes = 0;
  for (const c10::IValue& value : survey_.frame()) {
    if (!value.isTensor() || !value.toTensor().has_storage()) continue;
    const auto* storage = value.toTensor().storage().unsafeGetStorageImpl();
    if (!survey_.plan().graph().holds(storage) && seen.insert(storage).second)
      bytes += static_cast<double>(storage->nbytes());
  }
  return bytes;
}

SweepCost::Start SweepCost::startOf(int32_t cell) {
  const CellPatches& patches = survey_.cells()[cell];
  // Values that none of the others comes before.
  size_t earliest = SIZE_MAX;
  for (const PlacedPatch& placed : patches) earliest = std::min(earliest, madeBy_[placed.value]);
  Start start;
  for (const PlacedPatch& placed : patches) {
    const ValueIndex value = placed.value;
    if (madeBy_[value] != earliest || !survey_.frame()[value].isTensor() ||
        std::any_of(start.begin(), start.end(), [&](const auto& known) { return known.first == value; }))
      continue;
    const Positions changed = changedAt(cell, value);
    start.push_back({value, {changed.begin, changed.end}});
  }
  return start;
}

Positions SweepCost::changedAt(int32_t cell, ValueIndex value) {
  std::vector<const CellPatch*> own;
  std::vector<int32_t> identities;
  for (const CellPatch& patch : survey_.cells()[cell]) {
    if (patch.value != value) continue;
    own.push_back(&patch);
    identities.push_back(patch.identity);
  }
  if (std::count(identities.begin(), identities.end(), -1) > 0) return changedBy(own, value);
  const auto [known, isNew] = changed_.try_emplace({value, std::move(identities)});
  if (isNew) known->second = changedBy(own, value);
  return known->second;
}

Positions SweepCost::changedBy(const std::vector<const CellPatch*>& patches, ValueIndex value) const {
  const at::Tensor& base = survey_.frame()[value].toTensor();
  const RowLayout& layout = survey_.layout(value);
  const Positions all = survey_.all(layout);
  c10::IValue whole = base;
  for (const CellPatch* patch : patches) {
    if (patch->patch.kind == PatchKind::Custom) return all;
    PatchOutcome outcome;
    outcome.quiet = true;
    whole = applyPatch(patch->patch, whole, outcome);
  }
  if (!whole.isTensor() || whole.toTensor().sizes() != base.sizes() ||
      whole.toTensor().scalar_type() != base.scalar_type())
    return all;
  const auto [begin, end] = changedPositions(layout.toRows(whole.toTensor(), survey_.counts()),
                                             layout.toRows(base, survey_.counts()));
  return survey_.options().reusesPositions || begin >= end ? Positions{begin, end} : all;
}

CellCost SweepCost::of(int32_t cell) {
  const Start start = startOf(cell);
  const auto found = known_.find(start);
  if (found != known_.end()) return found->second;
  return known_.emplace(start, follow(start)).first->second;
}

// Positions of a cell from step to step, as a wave has them.
CellCost SweepCost::follow(const Start& start) const {
  CellCost cost;
  std::vector<Positions> positions(madeBy_.size());
  std::vector<double> bytes(madeBy_.size(), 0);
  double live = 0;
  const auto& steps = survey_.plan().steps();
  size_t first = steps.size();
  const auto put = [&](ValueIndex value, const Positions& own, bool sharesMemory) {
    positions[value] = own;
    const at::Tensor& base = survey_.frame()[value].toTensor();
    const auto all = static_cast<double>(std::max<int64_t>(1, survey_.all(survey_.layout(value)).end));
    if (!sharesMemory)
      bytes[value] = static_cast<double>(base.nbytes()) * static_cast<double>(own.end - own.begin) / all;
    live += bytes[value];
    cost.bytes = std::max(cost.bytes, live);
  };
  for (const auto& [value, own] : start) {
    first = std::min(first, madeBy_[value]);
    cost.start.join({own.first, own.second});
    const Positions changed = Positions{own.first, own.second}.within(survey_.needed(value));
    if (!changed.isEmpty()) put(value, changed, false);
  }
  for (size_t i = first; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const RowRule& rule = survey_.rule(i);
    if (survey_.isReached(i) && !step.results.empty() && step.results[0] >= 0 &&
        survey_.frame()[step.results[0]].isTensor()) {
      std::vector<Positions> own;
      bool any = false;
      for (const RowOperand& operand : rule.operands) {
        const ValueIndex value = operandValue(step, operand);
        own.push_back(value < 0 ? Positions{} : positions[value]);
        any = any || !own.back().isEmpty();
      }
      if (rule.mode == RowMode::PerCell) {
        forEachUse(step.arguments, [&](ValueIndex value) { any = any || !positions[value].isEmpty(); });
      }
      Positions needed;
      for (ValueIndex result : step.results) needed.join(survey_.needed(result));
      const RowLayout& stored = survey_.layout(step.results[0]);
      Positions after = survey_.all(stored);
      if (any && rule.mode != RowMode::PerCell && stored == rule.layout) after = survey_.spread(i, own);
      if (rule.mode != RowMode::PerCell) after = after.within(needed);
      if (any && !needed.isEmpty() && !after.isEmpty()) {
        const auto all = static_cast<double>(std::max<int64_t>(1, survey_.all(stored).end));
        cost.work += work_[i] * static_cast<double>(after.end - after.begin) / all;
        for (ValueIndex result : step.results) {
          if (result >= 0 && positions[result].isEmpty())
            put(result, after,
                rule.mode == RowMode::View || std::holds_alternative<Alias>(step.node->operation));
        }
      }
    }
    for (ValueIndex value : step.released) {
      live -= bytes[value];
      bytes[value] = 0;
    }
  }
  return cost;
}

}  // namespace graphpatch
