#include "wave_values.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace graphpatch {

namespace {

std::vector<int32_t> cellsIn(const std::vector<CellSpan>& spans) {
  std::vector<int32_t> cells;
  for (const CellSpan& span : spans) cells.push_back(span.cell);
  return cells;
}

}  // namespace

const CellRows* WaveValues::find(ValueIndex value) const {
  const auto found = value < 0 ? rows_.end() : rows_.find(value);
  if (found == rows_.end()) return all_ == nullptr ? nullptr : all_->find(value);
  return found->second.spans.empty() ? nullptr : &found->second;
}

const std::vector<CellSpan>* WaveValues::spans(ValueIndex value) const {
  const CellRows* rows = find(value);
  return rows == nullptr ? nullptr : &rows->spans;
}

void WaveValues::copy(const std::vector<std::pair<int32_t, int32_t>>& cells) {
  if (cells.empty()) return;
  for (auto& [value, all] : rows_) {
    const int64_t texts = survey_.layout(value).textsIn(survey_.counts());
    std::vector<CellRows> parts;
    for (const auto& [cell, other] : cells) {
      const CellSpan* span = all.find(other);
      if (span == nullptr) continue;
      parts.push_back({all.rows.narrow(0, span->row, texts * span->positions()),
                       {CellSpan{cell, span->begin, span->end, 0}}});
    }
    put(value, std::move(parts));
  }
}

void WaveValues::release(ValueIndex value) {
  rows_.erase(value);
  // Other groups of cells may not be there yet.
  if (all_ == nullptr) base_->release(value);
}

void WaveValues::clear() {
  rows_.clear();
  base_->clear();
}

void WaveValues::remove(ValueIndex value, int32_t cell) {
  const auto found = rows_.find(value);
  if (found == rows_.end()) return;
  std::erase_if(found->second.spans, [&](const CellSpan& span) { return span.cell == cell; });
}

void WaveValues::put(ValueIndex value, std::vector<CellRows> parts) {
  std::erase_if(parts, [](const CellRows& part) { return part.spans.empty(); });
  if (parts.empty()) return;
  CellRows& all = rows_[value];
  for (const CellRows& part : parts) {
    std::erase_if(all.spans, [&](const CellSpan& span) { return part.find(span.cell) != nullptr; });
  }
  if (all.spans.empty() && parts.size() == 1) {
    all = std::move(parts.front());
    return;
  }
  std::vector<at::Tensor> rows;
  int64_t offset = 0;
  const auto add = [&](const at::Tensor& more) {
    rows.push_back(more);
    offset += more.size(0);
  };
  if (!all.spans.empty()) add(all.rows);
  for (const CellRows& part : parts) {
    for (CellSpan span : part.spans) {
      span.row += offset;
      all.spans.push_back(span);
    }
    add(part.rows);
  }
  all.rows = rows.size() == 1 ? rows.front() : at::cat(rows);
  std::sort(all.spans.begin(), all.spans.end(),
            [](const CellSpan& a, const CellSpan& b) { return a.cell < b.cell; });
}

at::Tensor WaveValues::operand(const Step& step, const RowOperand& operand,
                               const std::vector<CellSpan>& spans, int64_t texts) const {
  const ValueIndex value = operandValue(step, operand);
  const Argument& argument = step.arguments[operand.argument];
  at::Tensor base;
  if (value >= 0) {
    base = survey_.frame()[value].toTensor();
  } else if (operand.element < 0) {
    base = argument.constant.toTensor();
  } else {
    base = std::get<c10::IValue>(argument.list[operand.element]).toTensor();
  }
  // Cells in which it differs and the rule does not hold are not among these.
  const CellRows* own = operand.mayDiffer ? find(value) : nullptr;
  if (operand.role == RowRole::Constant) return base;
  const bool isBroadcast = operand.role == RowRole::Broadcast;
  // A number decides no dtype.
  if (own == nullptr && isBroadcast && base.dim() == 0) return base;
  const std::vector<int64_t> rest =
      operand.layout.restSizes(joined(std::vector<int64_t>(operand.lead, 1), base.sizes()));
  if (own == nullptr) {
    const at::Tensor rows = value >= 0 ? base_->of(value, operand.layout, operand.lead)
                                       : rowsOf(base, operand.layout, operand.lead, survey_.counts());
    if (isBroadcast && rows.size(0) == 1 && rows.size(1) == 1) return rows.reshape(joined({1}, rest));
    return gatherRows(spans, texts, nullptr, rows);
  }
  const RowLayout& kept = survey_.layout(value);
  if (kept.hasPositions() == operand.layout.hasPositions()) {
    const at::Tensor rows = gatherRows(spans, texts, own, base_->of(value, kept));
    return rows.reshape(joined({rows.size(0)}, rest));
  }
  // The rule takes texts whole.
  const at::Tensor wholes = cells(value, cellsIn(spans), survey_.all(kept));
  return operand.layout.shifted(-operand.lead).cellsToRows(wholes).reshape(joined({-1}, rest));
}

at::Tensor WaveValues::cells(ValueIndex value, const std::vector<int32_t>& cells,
                             const Positions& positions) const {
  const RowLayout& layout = survey_.layout(value);
  const int64_t texts = layout.textsIn(survey_.counts());
  std::vector<CellSpan> spans;
  for (int32_t cell : cells) spans.push_back({cell, positions.begin, positions.end, 0});
  numberRows(spans, texts);
  const at::Tensor rows = gatherRows(spans, texts, find(value), base_->of(value, layout));
  return layout.fromRows(rows.reshape(joined(
      {static_cast<int64_t>(cells.size()), texts, positions.end - positions.begin}, rows.sizes().slice(1))));
}

at::Tensor WaveValues::whole(ValueIndex value, int32_t cell, const at::Tensor& base) const {
  const CellRows* own = find(value);
  if (own == nullptr || own->find(cell) == nullptr) return base;
  const RowLayout& layout = survey_.layout(value);
  const int64_t texts = layout.textsIn(survey_.counts());
  const Positions all = survey_.all(layout);
  std::vector<CellSpan> spans{{cell, all.begin, all.end, 0}};
  const at::Tensor rows = gatherRows(spans, texts, own, layout.toRows(base, survey_.counts()));
  return layout.fromRows(rows.reshape(joined({1, texts, all.end}, rows.sizes().slice(1))))
      .squeeze(0)
      .contiguous();
}

CellRows WaveValues::differing(ValueIndex value, const std::vector<int32_t>& cells,
                               const at::Tensor& wholes) const {
  const RowLayout& layout = survey_.layout(value);
  const at::Tensor base = base_->of(value, layout);
  const auto count = static_cast<int64_t>(cells.size());
  const at::Tensor rows = layout.cellsToRows(wholes).reshape(joined({count}, base.sizes()));
  CellRows result;
  std::vector<at::Tensor> kept;
  for (int64_t i = 0; i < count; ++i) {
    const at::Tensor own = rows.select(0, i);
    const auto [begin, end] = changedPositions(own, base);
    Positions changed{begin, end};
    if (!changed.isEmpty() && !survey_.options().reusesPositions) changed = survey_.all(layout);
    changed = changed.within(survey_.needed(value));
    if (changed.isEmpty()) continue;
    result.spans.push_back({cells[i], changed.begin, changed.end, 0});
    kept.push_back(own.narrow(1, changed.begin, changed.end - changed.begin).flatten(0, 1));
  }
  numberRows(result.spans, base.size(0));
  if (!kept.empty()) result.rows = at::cat(kept);
  return result;
}

}  // namespace graphpatch
