// How a wave gets through one step: which positions of which cells it has to compute, together where the
// step's rule holds and one by one elsewhere.
#include <ATen/ATen.h>

#include <string>
#include <unordered_map>

#include "../engine/arguments.h"
#include "row_operators.h"
#include "wave.h"

namespace graphpatch {

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
  const StepKind kind = kindOf(*survey_, step);
  if (kind == StepKind::Idle) return;
  if (kind == StepKind::Foreign) return dropReaching(step);
  StepSpans spans = spansOf(index);
  if (!spans.together.empty()) together(index, std::move(spans.together));
  if (!spans.alone.empty()) oneByOne(index, spans.alone);
}

// What the step has to compute, and why for some cells it is more than for others.
StepSpans Wave::spansOf(size_t index) {
  // Mostly no cell is, which one look at all of them tells.
  std::unordered_map<ValueIndex, bool> mayBeWild;
  const auto isWild = [&](ValueIndex value, const CellSpan& span) {
    const at::Tensor& rows = values_.find(value)->rows;
    const auto [known, isNew] = mayBeWild.try_emplace(value, false);
    if (isNew) known->second = !isReasonable(rows);
    const int64_t texts = survey_->layout(value).textsIn(survey_->counts());
    return known->second && !isReasonable(rows.narrow(0, span.row, texts * span.positions()));
  };
  StepSpans spans = graphpatch::spansOf(
      *survey_, index, cells_.size(), isDropped_, [&](ValueIndex value) { return values_.spans(value); },
      isWild);
  explain(index, spans);
  return spans;
}

void Wave::explain(size_t index, const StepSpans& spans) {
  const std::string& node = survey_->plan().steps()[index].node->name;
  const RowRule& rule = survey_->rule(index);
  for (int32_t cell : spans.alone) {
    separated_.emplace(placeOf(cell), rule.mode == RowMode::PerCell
                                          ? node + " has no rule for rows"
                                          : node + " is given another constant in each cell");
  }
  for (int32_t cell : spans.widened) {
    if (!sees(rule.mode)) {
      widened_.emplace(placeOf(cell), node + " has no rule by positions");
    } else if (survey_->reach(index) == nullptr) {
      widened_.emplace(placeOf(cell), "nothing hides later positions at " + node);
    } else {
      widened_.emplace(placeOf(cell), "earlier positions see later ones at " + node);
    }
  }
}

void Wave::together(size_t index, std::vector<CellSpan> spans) {
  const Step& step = survey_->plan().steps()[index];
  const RowLayout& layout = survey_->rule(index).layout;
  const int64_t texts = layout.textsIn(survey_->counts());
  products_.prepare(*survey_, index, numberRows(spans, texts));
  const std::vector<at::Tensor> results = callRows(*survey_, values_, index, spans, products_);
  products_.finishSteps();
  for (size_t i = 0; i < step.results.size(); ++i) {
    const ValueIndex value = step.results[i];
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
    std::vector<at::Tensor> results;
    if (std::holds_alternative<Alias>(step.node->operation)) {
      results.push_back(argumentValue(step.arguments[0], frame).toTensor());
    } else {
      std::vector<c10::IValue> arguments;
      for (const Argument& argument : step.arguments) arguments.push_back(operatorArgument(argument, frame));
      results = calledOnRows(step, std::move(arguments));
    }
    for (size_t i = 0; i < step.results.size(); ++i) {
      const at::Tensor& whole = results.at(i);
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
