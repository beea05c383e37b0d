#include "wave_cost.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "shared_starts.h"
#include "step_spans.h"
#include "stretch.h"

namespace graphpatch {

namespace {

class Forecast {
 public:
  Forecast(const Survey& survey, SweepCost& cost, const std::vector<int32_t>& cells, bool groups)
      : survey_(survey),
        cost_(cost),
        cells_(cells),
        groups_(groups),
        starts_(survey, cells),
        isDropped_(cells.size(), false) {
    for (int32_t cell = 0; cell < static_cast<int32_t>(cells.size()); ++cell) {
      for (const CellPatch& patch : survey.cells().at(cells[cell])) {
        std::vector<int32_t>& patching = patching_[patch.value];
        if (patching.empty() || patching.back() != cell) patching.push_back(cell);
      }
    }
  }

  WaveCost run() {
    const Plan& plan = survey_.plan();
    for (ValueIndex value : plan.patchedAtStart()) arriveAt(value);
    for (size_t i = plan.shapeSteps(); i < plan.steps().size(); ++i) {
      const Step& step = plan.steps()[i];
      if (survey_.isReached(i) && kindOf(survey_, step) == StepKind::Rows) take(i);
      for (ValueIndex value : step.patched) arriveAt(value);
      for (ValueIndex value : step.released) release(value);
    }
    endStretch();
    return total_;
  }

 private:
  // Where cells differ from the base at a value, and what that takes.
  struct Rows {
    std::vector<CellSpan> spans;
    double bytes = 0;
  };

  double positionsIn(const RowLayout& layout) const {
    return static_cast<double>(std::max<int64_t>(1, survey_.all(layout).end));
  }
  double bytesOf(ValueIndex value) const {
    return static_cast<double>(survey_.frame()[value].toTensor().nbytes());
  }
  void see(double bytes) { total_.bytes = std::max(total_.bytes, bytes); }

  // Of the steps since the last patch, if groups of cells take them one after the other, only what they begin
  // and end with is there for all cells at once; and that twice while the groups' ends are put together.
  void endStretch() {
    double left = 0;
    for (ValueIndex value : made_) {
      const auto found = live_.find(value);
      if (found != live_.end()) left += found->second.bytes;
    }
    const auto threads = static_cast<double>(at::get_num_threads());
    const bool isDivided = groups_ && made_.size() > 1 && rows_ >= threads * kLeastGroupRows;
    const double rounds = isDivided ? std::max(1.0, std::ceil(rows_ / (threads * kGroupRows))) : 1;
    see(isDivided ? begin_ + within_ / rounds + 2 * left : begin_ + within_);
    begin_ = held_;
    within_ = 0;
    rows_ = 0;
    made_.clear();
  }

  void put(ValueIndex value, Rows rows) {
    std::sort(rows.spans.begin(), rows.spans.end(),
              [](const CellSpan& a, const CellSpan& b) { return a.cell < b.cell; });
    release(value);
    held_ += rows.bytes;
    live_[value] = std::move(rows);
  }

  void release(ValueIndex value) {
    const auto found = live_.find(value);
    if (found == live_.end()) return;
    held_ -= found->second.bytes;
    live_.erase(found);
  }

  void take(size_t index) {
    const Step& step = survey_.plan().steps()[index];
    const RowRule& rule = survey_.rule(index);
    const auto spansAt = [&](ValueIndex value) -> const std::vector<CellSpan>* {
      const auto found = live_.find(value);
      return found == live_.end() || found->second.spans.empty() ? nullptr : &found->second.spans;
    };
    const auto isWild = [](ValueIndex, const CellSpan&) { return false; };
    const StepSpans spans = spansOf(survey_, index, cells_.size(), isDropped_, spansAt, isWild);
    auto runs = static_cast<double>(spans.alone.size());
    for (const CellSpan& span : spans.together)
      runs += static_cast<double>(span.positions()) / positionsIn(rule.layout);
    if (runs == 0) return;
    double rows = 0;
    for (const CellSpan& span : spans.together)
      rows += static_cast<double>(rule.layout.textsIn(survey_.counts()) * span.positions());
    const bool isApart = !spans.alone.empty();
    if (isApart || rows * kFewerRows < rows_) endStretch();
    rows_ = std::max(rows_, rows);
    total_.work += cost_.workOf(index) * runs;
    const bool isShared = rule.mode == RowMode::View || std::holds_alternative<Alias>(step.node->operation);
    // Of what is only read, a few numbers are left; its softmax is as large as itself.
    double passing = 0;
    for (ValueIndex value : step.results) {
      const bool isRead = survey_.reading(value) != nullptr;
      if (isRead) passing += 2 * bytesOf(value) * runs;
      put(value, rowsOf(index, value, spans, isShared || isRead ? 0 : bytesOf(value) * runs));
    }
    made_.insert(made_.end(), step.results.begin(), step.results.end());
    within_ = std::max(within_, held_ + passing - begin_);
    if (isApart) {
      see(held_ + passing);
      endStretch();
    }
  }

  Rows rowsOf(size_t index, ValueIndex value, const StepSpans& spans, double bytes) const {
    Rows rows{spans.together, bytes};
    const RowLayout& layout = survey_.layout(value);
    const Positions all = survey_.all(layout).within(survey_.needed(value));
    if (!(survey_.rule(index).layout == layout)) {
      for (CellSpan& span : rows.spans) span = {span.cell, all.begin, all.end, 0};
    }
    for (int32_t cell : spans.alone) rows.spans.push_back({cell, all.begin, all.end, 0});
    return rows;
  }

  void arriveAt(ValueIndex value) {
    const auto patching = patching_.find(value);
    if (patching == patching_.end() || !survey_.frame()[value].isTensor()) return;
    endStretch();
    part(value);
    Rows rows = live_[value];
    for (int32_t cell : patching->second) {
      if (starts_.follows(cell)) continue;
      const auto own = std::find_if(rows.spans.begin(), rows.spans.end(),
                                    [&](const CellSpan& span) { return span.cell == cell; });
      Positions changed = cost_.changedAt(cells_[cell], value);
      if (own != rows.spans.end()) {
        if (!replaces(cell, value)) changed.join({own->begin, own->end});
        rows.spans.erase(own);
      }
      changed = changed.within(survey_.needed(value));
      if (!changed.isEmpty()) rows.spans.push_back({cell, changed.begin, changed.end, 0});
    }
    rows.bytes = bytesIn(value, rows.spans);
    // What was there before is still there while patches are applied.
    see(held_ + rows.bytes);
    put(value, std::move(rows));
    begin_ = held_;
  }

  double bytesIn(ValueIndex value, const std::vector<CellSpan>& spans) const {
    double positions = 0;
    for (const CellSpan& span : spans) positions += static_cast<double>(span.positions());
    return bytesOf(value) * positions / positionsIn(survey_.layout(value));
  }

  // Whether nothing is left there of what the cell had.
  bool replaces(int32_t cell, ValueIndex value) const {
    const CellPatches& patches = survey_.cells()[cells_[cell]];
    return std::any_of(patches.begin(), patches.end(), [&](const CellPatch& patch) {
      return patch.value == value && patch.patch.kind == PatchKind::Replace && !patch.patch.slice;
    });
  }

  // Cells that were the same as others so far have rows of their own from here on.
  void part(ValueIndex value) {
    const std::vector<SharedStarts::Parting> partings = starts_.partingAt(value);
    if (partings.empty()) return;
    for (auto& [known, rows] : live_) {
      const double before = bytesIn(known, rows.spans);
      std::vector<CellSpan> spans = rows.spans;
      for (const auto& [cell, leader] : partings) {
        for (const CellSpan& span : rows.spans) {
          if (span.cell == leader) spans.push_back({cell, span.begin, span.end, 0});
        }
      }
      std::sort(spans.begin(), spans.end(),
                [](const CellSpan& a, const CellSpan& b) { return a.cell < b.cell; });
      rows.spans = std::move(spans);
      if (before == 0 || rows.bytes == 0) continue;
      const double now = rows.bytes * bytesIn(known, rows.spans) / before;
      held_ += now - rows.bytes;
      rows.bytes = now;
    }
    see(held_);
  }

  const Survey& survey_;
  SweepCost& cost_;
  const std::vector<int32_t>& cells_;
  bool groups_;
  SharedStarts starts_;
  std::vector<bool> isDropped_;
  std::unordered_map<ValueIndex, std::vector<int32_t>> patching_;
  std::unordered_map<ValueIndex, Rows> live_;
  double held_ = 0;
  // Of the stretch: bytes at its beginning, the most beyond these if all cells were taken at once, its most
  // rows, and what it makes.
  double begin_ = 0;
  double within_ = 0;
  double rows_ = 0;
  std::vector<ValueIndex> made_;
  WaveCost total_;
};

}  // namespace

WaveCost costTogether(const Survey& survey, SweepCost& cost, const std::vector<int32_t>& cells, bool groups) {
  return Forecast(survey, cost, cells, groups).run();
}

}  // namespace graphpatch
