#include "row_chain.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <unordered_set>

#include "row_calls.h"
#include "row_operators.h"

namespace graphpatch {

namespace {

// Of the widest value in a strip of rows: a few such fit the caches that a core has to itself.
constexpr int64_t kStripBytes = 1 << 17;

// Whether the step only looks at memory in another way.
bool isView(const RowRule& rule, const Step& step) {
  if (rule.mode == RowMode::View || std::holds_alternative<Alias>(step.node->operation)) return true;
  const auto& returns = std::get<OperatorCall>(step.node->operation).handle.schema().returns();
  return std::any_of(returns.begin(), returns.end(),
                     [](const c10::Argument& result) { return result.alias_info() != nullptr; });
}

}  // namespace

RowChain::RowChain(const Survey& survey, const SpansOfSteps& spans, size_t first, size_t end)
    : survey_(survey) {
  for (size_t place = first; place < spans.size(); ++place) {
    if (!add(spans[first].second, spans[place].first, spans[place].second)) break;
  }
  finish(end);
}

bool RowChain::add(const StepSpans& first, size_t index, const StepSpans& spans) {
  const Step& step = survey_.plan().steps()[index];
  const RowRule& rule = survey_.rule(index);
  if (!rule.isLight || spans.together != first.together) return false;
  if (!links_.empty() && rule.layout.textsIn(survey_.counts()) !=
                             survey_.rule(links_.front().step).layout.textsIn(survey_.counts()))
    return false;
  const auto isRead = [&](ValueIndex value) { return survey_.reading(value) != nullptr; };
  if (std::any_of(step.results.begin(), step.results.end(), isRead)) return false;
  Link link{index, Kind::Computes, {}, 0};
  bool isOther = true;
  for (const RowOperand& operand : rule.operands) {
    const ValueIndex value = operandValue(step, operand);
    const auto found = value < 0 ? made_.end() : std::find(made_.begin(), made_.end(), value);
    link.slots.push_back(found == made_.end() ? -1 : static_cast<int>(found - made_.begin()));
    if (found == made_.end()) continue;
    isOther = false;
    // Where the rule takes texts whole, rows of a strip are not enough.
    if (survey_.layout(value).hasPositions() != operand.layout.hasPositions()) return false;
  }
  if (isView(rule, step)) link.kind = isOther ? Kind::ViewsOther : Kind::Views;
  link.firstResult = static_cast<int>(made_.size());
  if (link.kind != Kind::ViewsOther) made_.insert(made_.end(), step.results.begin(), step.results.end());
  links_.push_back(std::move(link));
  return true;
}

// Views at the end are as well made of all rows.
void RowChain::finish(size_t end) {
  while (!links_.empty() && links_.back().kind != Kind::Computes) links_.pop_back();
  const auto computing = std::count_if(links_.begin(), links_.end(),
                                       [](const Link& link) { return link.kind == Kind::Computes; });
  if (computing < 2) {
    links_.clear();
    return;
  }
  const Link& last = links_.back();
  made_.resize(last.firstResult + stepOf(last).results.size());
  std::unordered_set<ValueIndex> released;
  for (size_t index = links_.front().step; index <= last.step; ++index) {
    const auto& list = survey_.plan().steps()[index].released;
    released.insert(list.begin(), list.end());
  }
  for (size_t slot = 0; slot < made_.size(); ++slot) {
    const bool isLast = static_cast<int>(slot) >= last.firstResult;
    isKept_.push_back(!released.contains(made_[slot]) || (isLast && last.step + 1 == end));
  }
}

// Of the widest value.
int64_t RowChain::rowBytes() const {
  int64_t most = 1;
  for (const Link& link : links_) {
    for (ValueIndex value : stepOf(link).results) {
      const at::Tensor& base = survey_.frame()[value].toTensor();
      int64_t bytes = static_cast<int64_t>(base.element_size());
      for (int64_t size : survey_.rule(link.step).layout.restSizes(base.sizes())) bytes *= size;
      most = std::max(most, bytes);
    }
  }
  return most;
}

void RowChain::run(const std::vector<CellSpan>& spans, WaveValues& values) const {
  const int64_t texts = survey_.rule(links_.front().step).layout.textsIn(survey_.counts());
  const int64_t rows = countRows(spans, texts);
  const int64_t strip = std::max<int64_t>(1, kStripBytes / rowBytes());
  const RowProducts none(Products::Operator, nullptr);
  for (const Link& link : links_) {
    if (link.kind != Kind::ViewsOther) continue;
    const std::vector<at::Tensor> views = callRows(survey_, values, link.step, spans, none);
    for (size_t i = 0; i < views.size(); ++i)
      values.put(stepOf(link).results[i], {CellRows{views[i], spans}});
  }
  std::vector<Given> given;
  for (const Link& link : links_) given.push_back(give(link, spans, values));
  std::vector<at::Tensor> all(made_.size());
  std::vector<at::Tensor> made(made_.size());
  for (int64_t begin = 0; begin < rows; begin += strip) {
    const int64_t count = std::min(strip, rows - begin);
    for (size_t i = 0; i < links_.size(); ++i) {
      if (links_[i].kind == Kind::ViewsOther) continue;
      const std::vector<at::Tensor> results = call(links_[i], given[i], made, begin, count);
      std::copy(results.begin(), results.end(), made.begin() + links_[i].firstResult);
    }
    for (size_t slot = 0; slot < made_.size(); ++slot) {
      if (!isKept_[slot]) continue;
      if (begin == 0)
        all[slot] = at::empty(joined({rows}, made[slot].sizes().slice(1)), made[slot].options());
      all[slot].narrow(0, begin, count).copy_(made[slot]);
    }
  }
  for (size_t slot = 0; slot < made_.size(); ++slot) {
    if (isKept_[slot]) values.put(made_[slot], {CellRows{all[slot], spans}});
  }
}

RowChain::Given RowChain::give(const Link& link, const std::vector<CellSpan>& spans,
                               const WaveValues& values) const {
  Given given;
  if (link.kind == Kind::ViewsOther) return given;
  const RowRule& rule = survey_.rule(link.step);
  const int64_t texts = rule.layout.textsIn(survey_.counts());
  const int64_t rows = countRows(spans, texts);
  given.arguments = rowArguments(survey_, link.step);
  for (size_t i = 0; i < rule.operands.size(); ++i) {
    if (link.slots[i] >= 0) continue;
    const at::Tensor tensor = values.operand(stepOf(link), rule.operands[i], spans, texts);
    const bool isOfRows =
        rule.operands[i].role != RowRole::Constant && tensor.dim() > 0 && tensor.size(0) == rows;
    if (isOfRows) {
      given.rows.emplace_back(i, tensor);
    } else {
      giveRows(given.arguments, rule.operands[i], tensor);
    }
  }
  return given;
}

std::vector<at::Tensor> RowChain::call(const Link& link, const Given& given,
                                       const std::vector<at::Tensor>& made, int64_t begin,
                                       int64_t count) const {
  const Step& step = stepOf(link);
  const RowRule& rule = survey_.rule(link.step);
  std::vector<c10::IValue> arguments = given.arguments;
  for (const auto& [i, rows] : given.rows)
    giveRows(arguments, rule.operands[i], rows.narrow(0, begin, count));
  for (size_t i = 0; i < rule.operands.size(); ++i) {
    if (link.slots[i] >= 0) giveRows(arguments, rule.operands[i], asOperand(link, i, made[link.slots[i]]));
  }
  std::vector<at::Tensor> results;
  if (std::holds_alternative<Alias>(step.node->operation)) {
    results = {arguments[rule.operands[0].argument].toTensor()};
  } else if (rule.mode == RowMode::View) {
    results = {viewedRows(rule, arguments[rule.operands[0].argument].toTensor())};
  } else {
    results = calledOnRows(step, std::move(arguments));
  }
  if (begin == 0) {
    for (size_t i = 0; i < results.size(); ++i) checkRows(survey_, link.step, step.results[i], results[i]);
  }
  return results;
}

// Rows that the chain made, as a rule wants them.
at::Tensor RowChain::asOperand(const Link& link, size_t operand, const at::Tensor& rows) const {
  const RowOperand& given = survey_.rule(link.step).operands[operand];
  const at::Tensor& base = survey_.frame()[operandValue(stepOf(link), given)].toTensor();
  const std::vector<int64_t> rest =
      given.layout.restSizes(joined(std::vector<int64_t>(given.lead, 1), base.sizes()));
  return rows.sizes().slice(1) == at::IntArrayRef(rest) ? rows : rows.reshape(joined({rows.size(0)}, rest));
}

}  // namespace graphpatch
