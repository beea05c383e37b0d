#include "stretch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <unordered_map>

#include "../errors/errors.h"
#include "threads.h"

namespace graphpatch {

namespace {

int64_t rowsIn(const std::vector<CellSpan>& spans, int64_t texts) {
  int64_t rows = 0;
  for (const CellSpan& span : spans) rows += texts * span.positions();
  return rows;
}

// Those of a group, numbered.
std::vector<CellSpan> spansIn(const std::vector<CellSpan>& all, int32_t begin, int32_t end, int64_t texts) {
  const auto before = [](const CellSpan& span, int32_t cell) { return span.cell < cell; };
  std::vector<CellSpan> spans(std::lower_bound(all.begin(), all.end(), begin, before),
                              std::lower_bound(all.begin(), all.end(), end, before));
  numberRows(spans, texts);
  return spans;
}

}  // namespace

void checkCancelled(const std::atomic<bool>& cancelled, const Step& next) {
  if (cancelled.load(std::memory_order_relaxed))
    throw GraphpatchError("CancelledError", "the sweep was cancelled before node " + next.node->name);
}

Stretch::Stretch(const Survey& survey, const WaveValues& values, size_t first, size_t cells,
                 const std::vector<bool>& isDropped, const std::function<bool(ValueIndex)>& isPatched)
    : survey_(survey), first_(first), end_(first) {
  const auto& steps = survey.plan().steps();
  std::unordered_map<ValueIndex, std::vector<CellSpan>> made;
  const auto spansAt = [&](ValueIndex value) {
    const auto found = made.find(value);
    return found == made.end() ? values.spans(value) : &found->second;
  };
  const auto isWild = [](ValueIndex, const CellSpan&) { return false; };
  std::vector<int64_t> rows(cells, 0);
  int64_t most = 0;
  bool isPatch = false;
  for (; end_ < steps.size() && !isPatch; ++end_) {
    const Step& step = steps[end_];
    isPatch = std::any_of(step.patched.begin(), step.patched.end(), isPatched);
    if (!survey.isReached(end_)) continue;
    const StepKind kind = kindOf(survey, step);
    if (step.when || kind == StepKind::Foreign) break;
    if (kind == StepKind::Idle) continue;
    const RowRule& rule = survey.rule(end_);
    StepSpans spans = spansOf(survey, end_, cells, isDropped, spansAt, isWild);
    if (!spans.alone.empty()) break;
    if (spans.together.empty()) continue;
    const bool isKept = std::all_of(step.results.begin(), step.results.end(), [&](ValueIndex value) {
      return rule.layout == survey.layout(value) && survey.frame()[value].toTensor().is_cpu();
    });
    if (!isKept) break;
    const int64_t texts = rule.layout.textsIn(survey.counts());
    const int64_t count = rowsIn(spans.together, texts);
    if (count * kFewerRows < most) break;
    most = std::max(most, count);
    for (const CellSpan& span : spans.together)
      rows[span.cell] = std::max(rows[span.cell], texts * span.positions());
    for (ValueIndex value : step.results) made[value] = spans.together;
    for (ValueIndex value : step.released) made.erase(value);
    spans_.emplace_back(end_, std::move(spans));
  }
  if (spans_.size() > 1) divide(rows);
  if (pays()) findChains();
}

void Stretch::findChains() {
  for (size_t place = 0; place < spans_.size();) {
    const RowChain chain(survey_, spans_, place, end_);
    if (chain.length() > 0) chains_.emplace(place, chain);
    place += std::max<size_t>(1, chain.length());
  }
}

// Into groups of about the same number of rows, a multiple of the threads.
void Stretch::divide(const std::vector<int64_t>& rows) {
  int64_t total = 0;
  for (int64_t count : rows) total += count;
  const int64_t threads = at::get_num_threads();
  if (total < threads * kLeastGroupRows) return;
  const int64_t rounds = std::max<int64_t>(1, (total + threads * kGroupRows - 1) / (threads * kGroupRows));
  const double each = static_cast<double>(total) / static_cast<double>(rounds * threads);
  int32_t begin = 0;
  int64_t before = 0;
  for (int32_t cell = 0; cell < static_cast<int32_t>(rows.size()); ++cell) {
    before += rows[cell];
    const bool isFull = static_cast<double>(before) + 0.5 * static_cast<double>(rows[cell]) >=
                        each * static_cast<double>(groups_.size() + 1);
    if (!isFull && cell + 1 < static_cast<int32_t>(rows.size())) continue;
    groups_.emplace_back(begin, cell + 1);
    begin = cell + 1;
  }
  // Threads without work would be worse than operators that use them all.
  if (static_cast<int64_t>(groups_.size()) < threads) groups_.clear();
}

bool Stretch::run(WaveValues& values, RowProducts& products, const std::atomic<bool>& cancelled) const {
  for (const auto& [step, spans] : spans_) {
    const int64_t texts = survey_.rule(step).layout.textsIn(survey_.counts());
    products.prepare(survey_, step, rowsIn(spans.together, texts));
  }
  std::vector<WaveValues> own(groups_.size(), WaveValues(&values));
  std::atomic<bool> isWild{false};
  onThreads(static_cast<int64_t>(groups_.size()), [&](int64_t group) {
    if (!isWild && !runGroup(groups_[group], own[group], products, cancelled)) isWild = true;
  });
  products.finishSteps();
  if (isWild) return false;
  std::unordered_map<ValueIndex, std::vector<CellRows>> parts;
  for (WaveValues& group : own) {
    for (auto& [value, rows] : group.take()) parts[value].push_back(std::move(rows));
  }
  const auto& steps = survey_.plan().steps();
  // After the last one it is the wave that releases, once patches are applied.
  for (size_t step = first_; step + 1 < end_; ++step) {
    for (ValueIndex value : steps[step].released) values.release(value);
  }
  for (auto& [value, list] : parts) values.put(value, std::move(list));
  return true;
}

bool Stretch::runGroup(const Group& group, WaveValues& values, const RowProducts& products,
                       const std::atomic<bool>& cancelled) const {
  const auto& steps = survey_.plan().steps();
  size_t computed = 0;
  size_t ofChain = 0;
  for (size_t index = first_; index < end_; ++index) {
    const Step& step = steps[index];
    if (computed < spans_.size() && spans_[computed].first == index) {
      const size_t place = computed++;
      checkCancelled(cancelled, step);
      const int64_t texts = survey_.rule(index).layout.textsIn(survey_.counts());
      const std::vector<CellSpan> spans =
          place < ofChain ? std::vector<CellSpan>()
                          : spansIn(spans_[place].second.together, group.first, group.second, texts);
      const auto chain = chains_.find(place);
      if (!spans.empty() && chain != chains_.end()) {
        chain->second.run(spans, values);
        ofChain = place + chain->second.length();
      } else if (!spans.empty()) {
        if (mayBeWild(values, index, group)) return false;
        const std::vector<at::Tensor> results = callRows(survey_, values, index, spans, products);
        for (size_t i = 0; i < step.results.size(); ++i)
          values.put(step.results[i], {CellRows{results[i], spans}});
      }
    }
    for (ValueIndex value : step.released) {
      // Patches may be about to apply there.
      const bool isResult =
          index + 1 == end_ && std::count(step.results.begin(), step.results.end(), value) > 0;
      if (!isResult) values.release(value);
    }
  }
  return true;
}

// Looks at what the group has at operands that decide on what a mask hides.
bool Stretch::mayBeWild(const WaveValues& values, size_t index, const Group& group) const {
  const RowRule& rule = survey_.rule(index);
  for (size_t i = 0; i < rule.operands.size(); ++i) {
    if (!decidesReach(rule, i)) continue;
    const ValueIndex value = operandValue(survey_.plan().steps()[index], rule.operands[i]);
    const CellRows* rows = value < 0 ? nullptr : values.find(value);
    if (rows == nullptr) continue;
    const int64_t texts = survey_.layout(value).textsIn(survey_.counts());
    for (const CellSpan& span : rows->spans) {
      if (span.cell >= group.first && span.cell < group.second &&
          !isReasonable(rows->rows.narrow(0, span.row, texts * span.positions())))
        return true;
    }
  }
  return false;
}

}  // namespace graphpatch
