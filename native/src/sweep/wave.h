#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "row_calls.h"
#include "shared_starts.h"
#include "step_spans.h"
#include "survey.h"
#include "wave_values.h"

namespace graphpatch {

// A custom patch of a cell, or of the base in a cell, that waits for JavaScript.
struct WavePause {
  int32_t cell = 0;
  // Its place in the cell's list, or in the base run's.
  size_t patch = 0;
  bool isBase = false;
};

// Several cells of a sweep, run together: each joins at the first node that it patches, and at every node
// what the cells have changed is computed for all of them at once, row by row, with the base run's values for
// the rest. Belongs to the engine thread while advance() runs, as a Run does.
class Wave {
 public:
  // `cells` are places in the survey's list. Cells that change the same positions should be neighbours.
  // `groups`: whether threads may take some of the cells each through several steps.
  // `unused`: bytes of freed tensors that it keeps for its next ones.
  Wave(std::shared_ptr<const Survey> survey, std::vector<int32_t> cells, RowProducts products, bool groups,
       size_t unused);

  // To the end (true), or to a custom patch (false).
  bool advance();
  const WavePause& pause() const { return pause_; }
  const c10::IValue& pausedValue() const { return whole_; }
  void resume(c10::IValue value);
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // After the end: cells whose outputs may differ from the base run's, and for each output [these cells,
  // dimensions of the output…], cut to the positions that are read.
  const std::vector<int32_t>& changed() const { return changed_; }
  const std::vector<at::Tensor>& outputs() const { return outputs_; }
  // By cell: why it cannot be run in a wave (and was not); why positions before its patch were computed
  // again; why it was alone at a node.
  using Reasons = std::unordered_map<int32_t, std::string>;
  const Reasons& dropped() const { return dropped_; }
  const Reasons& widened() const { return widened_; }
  const Reasons& separated() const { return separated_; }
  // Whether threads did.
  bool isGrouped() const { return isGrouped_; }
  // Cells of which a part was computed once for several.
  std::vector<int32_t> shared() const;
  void clear();

 private:
  // Within a wave, cells are numbered in its order.
  int32_t placeOf(int32_t cell) const { return cells_[cell]; }
  void drop(int32_t cell, const std::string& why) {
    isDropped_[cell] = true;
    dropped_.emplace(placeOf(cell), why);
  }

  // Patches at values that were just made.
  void arriveAt(ValueIndex value);
  bool patchPending();
  void part(const std::vector<SharedStarts::Parting>& partings);
  bool patchTogether();
  bool nextPatch();
  using PatchesLeft = std::vector<std::pair<const Patch*, WavePause>>;
  std::pair<c10::IValue, PatchesLeft> beginCell(int32_t cell) const;
  std::optional<CellRows> patchedRows(int32_t cell, const c10::IValue& whole) const;
  void finishCell(int32_t cell, std::optional<CellRows> rows);

  // Steps.
  void evaluate(size_t index);
  StepSpans spansOf(size_t index);
  void explain(size_t index, const StepSpans& spans);
  bool runStretch();
  void together(size_t index, std::vector<CellSpan> spans);
  void oneByOne(size_t index, const std::vector<int32_t>& cells);
  void dropReaching(const Step& step);
  void finish();

  std::shared_ptr<const Survey> survey_;
  std::vector<int32_t> cells_;
  RowProducts products_;
  bool groups_;
  bool isGrouped_ = false;
  size_t unused_;
  WaveValues values_;
  // The cells that patch a value, and the places of these patches in their lists.
  std::unordered_map<ValueIndex, std::vector<std::pair<int32_t, std::vector<size_t>>>> patches_;
  std::atomic<bool> cancelled_{false};

  bool isBegun_ = false;
  size_t nextStep_ = 0;
  // Steps before this one are run for all cells at once.
  size_t atOnceUntil_ = 0;
  const Step* current_ = nullptr;

  // Values whose patches are to be applied; of the first, the cells left; of the first cell, the patches
  // left.
  std::vector<ValueIndex> arrived_;
  std::vector<int32_t> cellsLeft_;
  PatchesLeft patchesLeft_;
  c10::IValue whole_;
  WavePause pause_;
  std::vector<CellRows> patched_;

  std::vector<int32_t> changed_;
  std::vector<at::Tensor> outputs_;
  SharedStarts starts_;
  std::vector<bool> isDropped_;
  Reasons dropped_;
  Reasons widened_;
  Reasons separated_;
};

}  // namespace graphpatch
