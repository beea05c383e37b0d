#include "wave.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "../errors/errors.h"
#include "../memory/block_cache.h"
#include "stretch.h"
#include "threads.h"

namespace graphpatch {

Wave::Wave(std::shared_ptr<const Survey> survey, std::vector<int32_t> cells, RowProducts products,
           bool groups, size_t unused)
    : survey_(std::move(survey)),
      cells_(std::move(cells)),
      products_(std::move(products)),
      groups_(groups),
      unused_(unused),
      values_(*survey_),
      starts_(*survey_, cells_),
      isDropped_(cells_.size(), false) {
  for (int32_t cell = 0; cell < static_cast<int32_t>(cells_.size()); ++cell) {
    const CellPatches& list = survey_->cells().at(placeOf(cell));
    for (size_t i = 0; i < list.size(); ++i) {
      auto& patching = patches_[list[i].value];
      if (patching.empty() || patching.back().first != cell) patching.push_back({cell, {}});
      patching.back().second.push_back(i);
    }
  }
}

bool Wave::advance() {
  const BlockCacheLimit limit(unused_);
  const at::AutoGradMode noGradients(false);
  const at::AutoDispatchBelowADInplaceOrView below;
  const Plan& plan = survey_->plan();
  if (!isBegun_) {
    isBegun_ = true;
    nextStep_ = plan.shapeSteps();
    for (ValueIndex value : plan.patchedAtStart()) arriveAt(value);
  }
  while (true) {
    if (patchPending()) return false;
    if (current_ != nullptr) {
      for (ValueIndex value : current_->released) values_.release(value);
    }
    if (nextStep_ == plan.steps().size()) break;
    if (!runStretch()) {
      checkCancelled(cancelled_, plan.steps()[nextStep_]);
      if (survey_->isReached(nextStep_)) evaluate(nextStep_);
      ++nextStep_;
    }
    current_ = &plan.steps()[nextStep_ - 1];
    for (ValueIndex value : current_->patched) arriveAt(value);
  }
  finish();
  return true;
}

// Runs the steps up to the next value that cells patch, a few cells at a time on each thread. Not where that
// would gain nothing.
bool Wave::runStretch() {
  if (!groups_ || nextStep_ < atOnceUntil_) return false;
  const auto isPatched = [&](ValueIndex value) {
    return patches_.contains(value) || !survey_->basePatches(value).empty();
  };
  Stretch stretch(*survey_, values_, nextStep_, cells_.size(), isDropped_, isPatched);
  const bool isRun = stretch.pays() && stretch.run(values_, products_, cancelled_);
  if (!isRun) {
    atOnceUntil_ = stretch.end();
    return false;
  }
  for (const auto& [index, spans] : stretch.spans()) explain(index, spans);
  nextStep_ = stretch.end();
  isGrouped_ = true;
  return true;
}

void Wave::arriveAt(ValueIndex value) {
  if (survey_->frame()[value].isNone()) return;  // of a branch that the base does not take
  if (patches_.contains(value) || !survey_->basePatches(value).empty()) arrived_.push_back(value);
}

// Applies what is pending; true when a custom patch needs JavaScript.
bool Wave::patchPending() {
  while (!arrived_.empty()) {
    const ValueIndex value = arrived_.front();
    if (whole_.isNone() && cellsLeft_.empty() && patched_.empty()) {
      // Those that patch it, and those that the base's own patches have to be applied to again.
      part(starts_.partingAt(value));
      const auto own = patches_.find(value);
      if (own != patches_.end()) {
        for (const auto& [cell, list] : own->second) {
          if (!starts_.follows(cell)) cellsLeft_.push_back(cell);
        }
      }
      const CellRows* rows = values_.find(value);
      if (rows != nullptr && !survey_->basePatches(value).empty()) {
        for (const CellSpan& span : rows->spans) cellsLeft_.push_back(span.cell);
      }
      std::sort(cellsLeft_.begin(), cellsLeft_.end());
      cellsLeft_.erase(std::unique(cellsLeft_.begin(), cellsLeft_.end()), cellsLeft_.end());
      std::erase_if(cellsLeft_, [&](int32_t cell) { return isDropped_[cell]; });
    }
    if (whole_.isNone() && patchTogether()) cellsLeft_.clear();
    while (!cellsLeft_.empty()) {
      const int32_t cell = cellsLeft_.front();
      if (whole_.isNone()) std::tie(whole_, patchesLeft_) = beginCell(cell);
      if (nextPatch()) return true;
      finishCell(cell, patchedRows(cell, std::exchange(whole_, c10::IValue())));
      cellsLeft_.erase(cellsLeft_.begin());
    }
    values_.put(value, std::exchange(patched_, {}));
    arrived_.erase(arrived_.begin());
  }
  return false;
}

// Cells that were the same as others so far go on by themselves.
void Wave::part(const std::vector<SharedStarts::Parting>& partings) {
  values_.copy(partings);
  for (const auto& [cell, leader] : partings) {
    const auto inherit = [&](Reasons& reasons) {
      const auto found = reasons.find(placeOf(leader));
      if (found != reasons.end()) reasons.emplace(placeOf(cell), std::string(found->second));
    };
    inherit(widened_);
    inherit(separated_);
    if (isDropped_[leader]) drop(cell, std::string(dropped_.at(placeOf(leader))));
  }
}

std::vector<int32_t> Wave::shared() const {
  std::vector<int32_t> cells;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (starts_.shared()[i]) cells.push_back(cells_[i]);
  }
  return cells;
}

// What the cell has at the value that arrived, and the patches that apply to it.
std::pair<c10::IValue, Wave::PatchesLeft> Wave::beginCell(int32_t cell) const {
  const ValueIndex value = arrived_.front();
  const CellRows* rows = values_.find(value);
  c10::IValue whole = survey_->frame()[value];
  PatchesLeft patches;
  if (rows != nullptr && rows->find(cell) != nullptr) {
    whole = values_.whole(value, cell, survey_->unpatched(value).toTensor());
    for (size_t i : survey_->basePatches(value))
      patches.push_back({&survey_->basePatch(i), {placeOf(cell), i, true}});
  }
  const auto own = patches_.find(value);
  if (own == patches_.end()) return {whole, patches};
  for (const auto& [other, list] : own->second) {
    if (other != cell) continue;
    for (size_t i : list)
      patches.push_back({&survey_->cells()[placeOf(cell)][i].patch, {placeOf(cell), i, false}});
  }
  return {whole, patches};
}

// Patches all cells that are left, several at a time; not where a patch is JavaScript's.
bool Wave::patchTogether() {
  std::vector<std::optional<CellRows>> rows(cellsLeft_.size());
  std::atomic<bool> isJavaScripts{false};
  onThreads(static_cast<int64_t>(cellsLeft_.size()), [&](int64_t i) {
    auto [whole, patches] = beginCell(cellsLeft_[i]);
    for (const auto& [patch, place] : patches) {
      if (patch->kind == PatchKind::Custom) isJavaScripts = true;
    }
    if (isJavaScripts) return;
    PatchOutcome outcome;
    outcome.quiet = true;
    for (const auto& [patch, place] : patches) whole = applyPatch(*patch, whole, outcome);
    rows[i] = patchedRows(cellsLeft_[i], whole);
  });
  if (isJavaScripts) return false;
  for (size_t i = 0; i < cellsLeft_.size(); ++i) finishCell(cellsLeft_[i], std::move(rows[i]));
  return true;
}

// Applies the cell's patches; true at one that is JavaScript's.
bool Wave::nextPatch() {
  while (!patchesLeft_.empty()) {
    const auto& [patch, place] = patchesLeft_.front();
    if (patch->kind == PatchKind::Custom) {
      pause_ = place;
      return true;
    }
    PatchOutcome outcome;
    outcome.quiet = true;
    whole_ = applyPatch(*patch, whole_, outcome);
    patchesLeft_.erase(patchesLeft_.begin());
  }
  return false;
}

void Wave::resume(c10::IValue value) {
  PatchOutcome outcome;
  whole_ = takeCustomResult(whole_, value, outcome);
  patchesLeft_.erase(patchesLeft_.begin());
}

// Where the patched value differs from the base run's; nothing when it has another shape or dtype.
std::optional<CellRows> Wave::patchedRows(int32_t cell, const c10::IValue& whole) const {
  const ValueIndex value = arrived_.front();
  const at::Tensor& base = survey_->frame()[value].toTensor();
  if (!whole.isTensor() || whole.toTensor().sizes() != base.sizes() ||
      whole.toTensor().scalar_type() != base.scalar_type())
    return std::nullopt;
  return values_.differing(value, {cell}, whole.toTensor().unsqueeze(0));
}

void Wave::finishCell(int32_t cell, std::optional<CellRows> rows) {
  // What was there is replaced, also by nothing.
  values_.remove(arrived_.front(), cell);
  if (rows) {
    patched_.push_back(std::move(*rows));
  } else {
    drop(cell, "a patch changes the shape or dtype of its node");
  }
}

void Wave::finish() {
  const Survey& survey = *survey_;
  const std::vector<ValueIndex>& outputs = survey.plan().outputs();
  part(starts_.partingAtEnd());
  std::vector<int32_t> cells;
  for (ValueIndex output : outputs) {
    const CellRows* rows = values_.find(output);
    if (rows == nullptr) continue;
    for (const CellSpan& span : rows->spans) cells.push_back(span.cell);
  }
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  std::erase_if(cells, [&](int32_t cell) { return isDropped_[cell]; });
  for (int32_t cell : cells) changed_.push_back(placeOf(cell));
  if (!cells.empty()) {
    for (ValueIndex output : outputs)
      outputs_.push_back(values_.cells(output, cells, survey.needed(output)).contiguous());
  }
  values_.clear();
}

void Wave::clear() {
  values_.clear();
  outputs_.clear();
  whole_ = c10::IValue();
}

}  // namespace graphpatch
