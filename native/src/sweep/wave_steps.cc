// How a wave gets through one step: which positions of which cells it has to compute, together where the
// step's rule holds and one by one elsewhere.
#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "../engine/arguments.h"
#include "../engine/step_error.h"
#include "../errors/errors.h"
#include "wave.h"

namespace graphpatch {

namespace {

// Vectors with larger elements may have products that no mask hides, and 0 times infinity is no number.
constexpr double kReasonable = 1e9;

bool isReasonable(const at::Tensor& rows) {
  return rows.numel() == 0 || rows.abs().max().item<double>() < kReasonable;
}

bool sees(RowMode mode) {
  return mode == RowMode::Scores || mode == RowMode::Mix || mode == RowMode::Attention;
}

// Rows that are not as the base's would be read as what they are not.
void checkRows(const at::Tensor& rows, const at::Tensor& base, const RowLayout& layout, const Node& node) {
  if (rows.sizes().slice(1) == at::IntArrayRef(layout.restSizes(base.sizes())) &&
      rows.scalar_type() == base.scalar_type())
    return;
  throw GraphpatchError("ShapeError", node.name + " gives other sizes or another dtype for rows");
}

}  // namespace

void Wave::dropReaching(const Step& step) {
  const auto dropAll = [&](ValueIndex value) {
    const CellRows* rows = values_.find(value);
    if (rows == nullptr) return;
    for (const CellSpan& span : rows->spans)
      drop(span.cell, step.node->name + " is run for one cell at a time");
  };
  forEachUse(step.arguments, dropAll);
  if (step.when) dropAll(step.when->value);
}

void Wave::evaluate(size_t index) {
  const Step& step = survey_->plan().steps()[index];
  if (step.when && values_.find(step.when->value) != nullptr) return dropReaching(step);
  const bool isOperator = std::holds_alternative<OperatorCall>(step.node->operation);
  const bool isAlias = std::holds_alternative<Alias>(step.node->operation);
  const bool isNumber = std::holds_alternative<NumberCall>(step.node->operation);
  if (isNumber || std::holds_alternative<Guard>(step.node->operation)) return;  // sizes are the base run's
  if (!isOperator && !isAlias) return dropReaching(step);
  for (ValueIndex result : step.results) {
    if (result < 0 || survey_->frame()[result].isNone()) return;
    if (!survey_->frame()[result].isTensor()) return dropReaching(step);
  }
  std::vector<int32_t> alone;
  std::vector<CellSpan> spans = spansOf(index, alone);
  if (!spans.empty()) together(index, std::move(spans));
  if (!alone.empty()) oneByOne(index, alone);
}

// The positions that the step has to compute; `alone` gets the cells for which its rule does not hold.
std::vector<CellSpan> Wave::spansOf(size_t index, std::vector<int32_t>& alone) {
  const Step& step = survey_->plan().steps()[index];
  const RowRule& rule = survey_->rule(index);
  Positions needed;
  for (ValueIndex result : step.results) needed.join(survey_->needed(result));
  if (needed.isEmpty()) return {};
  std::map<int32_t, std::vector<Positions>> live;
  std::vector<bool> isAlone(cells_.size(), rule.mode == RowMode::PerCell);
  std::vector<bool> isWild(cells_.size(), false);
  const auto visit = [&](ValueIndex value, const RowOperand* operand, size_t place) {
    const CellRows* rows = values_.find(value);
    if (rows == nullptr) return;
    // A fused operator may leave out what its mask hides, and then not make the same of what is no number.
    const bool mayBeWild =
        sees(rule.mode) && (place > 0 || rule.mode == RowMode::Attention) && !isReasonable(rows->rows);
    const int64_t texts = survey_->layout(value).textsIn(survey_->counts());
    for (const CellSpan& span : rows->spans) {
      if (isDropped(span.cell)) continue;
      if (mayBeWild && !isReasonable(rows->rows.narrow(0, span.row, texts * span.positions())))
        isWild[span.cell] = true;
      auto& own = live[span.cell];
      own.resize(rule.operands.size());
      if (operand == nullptr || !operand->mayDiffer) {
        isAlone[span.cell] = true;
      } else {
        own[place].join({span.begin, span.end});
      }
    }
  };
  if (rule.mode == RowMode::PerCell) {
    forEachUse(step.arguments, [&](ValueIndex value) { visit(value, nullptr, 0); });
  } else {
    for (size_t i = 0; i < rule.operands.size(); ++i)
      visit(operandValue(step, rule.operands[i]), &rule.operands[i], i);
  }
  std::vector<CellSpan> spans;
  for (const auto& [cell, own] : live) {
    if (isAlone[cell]) {
      alone.push_back(cell);
      if (rule.mode == RowMode::PerCell) {
        separated_.emplace(placeOf(cell), step.node->name + " has no rule for rows");
      } else {
        separated_.emplace(placeOf(cell), step.node->name + " is given another constant in each cell");
      }
      continue;
    }
    Positions before;
    for (const Positions& part : own) before.join(part);
    Positions after = isWild[cell] ? survey_->all(rule.layout) : survey_->spread(index, own);
    const bool isWider = rule.layout.hasPositions() ? after.begin < before.begin : before.begin > 0;
    if (isWider && sees(rule.mode)) {
      widened_.emplace(placeOf(cell), survey_->reach(index) == nullptr
                                          ? "nothing hides later positions at " + step.node->name
                                          : "earlier positions see later ones at " + step.node->name);
    } else if (isWider) {
      widened_.emplace(placeOf(cell), step.node->name + " has no rule by positions");
    }
    if (rule.layout.hasPositions()) after = after.within(needed);
    if (!after.isEmpty()) spans.push_back({cell, after.begin, after.end, 0});
  }
  return spans;
}

void Wave::together(size_t index, std::vector<CellSpan> spans) {
  const Step& step = survey_->plan().steps()[index];
  const RowLayout& layout = survey_->rule(index).layout;
  const int64_t texts = layout.textsIn(survey_->counts());
  numberRows(spans, texts);
  const std::vector<at::Tensor> results = callRows(*survey_, values_, index, spans, products_);
  for (size_t i = 0; i < step.results.size(); ++i) {
    const ValueIndex value = step.results[i];
    checkRows(results[i], survey_->frame()[value].toTensor(), layout, *step.node);
    if (layout == survey_->layout(value)) {
      values_.put(value, {CellRows{results[i], spans}});
      continue;
    }
    // Texts as a whole, of which only some positions may have changed.
    std::vector<int32_t> cells;
    for (const CellSpan& span : spans) cells.push_back(span.cell);
    std::vector<int64_t> sizes{static_cast<int64_t>(cells.size()), texts, 1};
    for (int64_t dim = 1; dim < results[i].dim(); ++dim) sizes.push_back(results[i].size(dim));
    values_.put(value, {values_.differing(value, cells, layout.fromRows(results[i].reshape(sizes)))});
  }
}

void Wave::oneByOne(size_t index, const std::vector<int32_t>& cells) {
  const Step& step = survey_->plan().steps()[index];
  std::vector<std::vector<CellRows>> parts(step.results.size());
  std::vector<c10::IValue> frame = survey_->frame();
  for (int32_t cell : cells) {
    forEachUse(step.arguments, [&](ValueIndex value) {
      const c10::IValue& base = survey_->frame()[value];
      if (base.isTensor()) frame[value] = values_.whole(value, cell, base.toTensor());
    });
    std::vector<c10::IValue> results;
    if (std::holds_alternative<Alias>(step.node->operation)) {
      results.push_back(argumentValue(step.arguments[0], frame));
    } else {
      std::vector<c10::IValue> stack;
      for (const Argument& argument : step.arguments) stack.push_back(operatorArgument(argument, frame));
      const auto& handle = std::get<OperatorCall>(step.node->operation).handle;
      const std::vector<c10::IValue> arguments = stack;
      try {
        handle.callBoxed(stack);
      } catch (const c10::Error& error) {
        throwStepError(*step.node, handle, arguments, error);
      }
      results = resultsOf(stack, step.results.size());
    }
    for (size_t i = 0; i < step.results.size(); ++i) {
      const at::Tensor& whole = results.at(i).toTensor();
      if (whole.sizes() != survey_->frame()[step.results[i]].toTensor().sizes()) {
        drop(cell, step.node->name + " gives another shape");
        break;
      }
      parts[i].push_back(values_.differing(step.results[i], {cell}, whole.unsqueeze(0)));
    }
  }
  for (size_t i = 0; i < parts.size(); ++i) values_.put(step.results[i], std::move(parts[i]));
}

}  // namespace graphpatch
