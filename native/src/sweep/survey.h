#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "../engine/run.h"
#include "reading.h"
#include "row_layout.h"
#include "row_reach.h"
#include "row_rules.h"

namespace graphpatch {

// Positions `begin` … `end` - 1.
struct Positions {
  int64_t begin = 0;
  int64_t end = 0;

  bool isEmpty() const { return begin >= end; }
  // The smallest range that holds both.
  void join(const Positions& other);
  Positions within(const Positions& other) const;
};

// A patch of a cell. Patches with the same `identity` do the same; -1 is like no other.
struct CellPatch : PlacedPatch {
  int32_t identity = -1;
};

// The patches of one cell, in the order in which they apply at each value.
using CellPatches = std::vector<CellPatch>;

struct SurveyOptions {
  RowCounts counts;
  // The positions of the outputs that are read; nothing for all.
  std::optional<Positions> read;
  // Whether positions before a patch may be left as they are in the base run.
  bool reusesPositions = true;
  // What is read of the only output.
  std::optional<Reading> reading;
};

// What cells of a sweep have in common, found out from a run of their base that keeps its values: how each
// value is kept by rows, the rule of each step, which positions anybody needs, and who sees whom. Immutable.
class Survey {
 public:
  Survey(std::shared_ptr<const Run> base, std::vector<CellPatches> cells, const SurveyOptions& options);

  const Plan& plan() const { return *base_->plan(); }
  const std::vector<c10::IValue>& frame() const { return base_->keptValues(); }
  const RowCounts& counts() const { return options_.counts; }
  const SurveyOptions& options() const { return options_; }
  const std::vector<CellPatches>& cells() const { return cells_; }

  // The value in the base run before the base's own patches.
  const c10::IValue& unpatched(ValueIndex value) const;
  // Patches of the base on a value that may change it: their places in the base run's list.
  const std::vector<size_t>& basePatches(ValueIndex value) const;
  const Patch& basePatch(size_t place) const { return base_->patches()[place].patch; }

  bool mayDiffer(ValueIndex value) const { return differs_[value]; }
  // How values are kept, and which of their positions are needed.
  const RowLayout& layout(ValueIndex value) const { return layouts_[value]; }
  const Positions& needed(ValueIndex value) const { return needed_[value]; }
  const RowRule& rule(size_t step) const { return rules_[step]; }
  // What is read of a value, if its rows are made to be read and for nothing else: cells have only that then.
  const Reading* reading(ValueIndex value) const;
  // Steps that no cell reaches have no part in a sweep.
  bool isReached(size_t step) const { return reached_[step]; }
  // Who looks at whom in the step; nullptr where nothing is proven.
  const RowReach* reach(size_t step) const;

  // All positions of a value that is kept so.
  Positions all(const RowLayout& layout) const { return {0, layout.positionsIn(options_.counts)}; }
  // Positions of the step's results that differ where `own` of its operands do, by the rule; operands in the
  // rule's order.
  Positions spread(size_t step, const std::vector<Positions>& own) const;

 private:
  void findDiffering();
  void findRules();
  void findNeeded();
  void needOperands(size_t step);
  bool canBeRead(size_t step) const;
  void findReach(size_t step);
  std::optional<at::Tensor> seenAfter(size_t step) const;
  bool isPlain(ValueIndex value) const;
  size_t onlyUser(ValueIndex value) const;

  std::shared_ptr<const Run> base_;
  std::vector<CellPatches> cells_;
  SurveyOptions options_;
  std::vector<bool> differs_;
  std::vector<bool> patched_;
  std::vector<bool> reached_;
  ValueIndex read_ = -1;
  std::vector<RowLayout> layouts_;
  std::vector<RowRule> rules_;
  std::vector<Positions> needed_;
  std::vector<std::vector<size_t>> users_;
  std::unordered_map<size_t, RowReach> reaches_;
  std::unordered_map<ValueIndex, std::vector<size_t>> basePatches_;
};

// Values that a base run has to keep for cells that patch `patched`: what depends on those, and what it is
// computed with.
std::vector<bool> valuesToKeep(const Plan& plan, const std::vector<ValueIndex>& patched);

// The value that a step is given at a rule's operand; -1 for a constant.
ValueIndex operandValue(const Step& step, const RowOperand& operand);

}  // namespace graphpatch
