#include "row_calls.h"

#include <ATen/ATen.h>

#include "row_operators.h"
#include "seen_rows.h"

namespace graphpatch {

namespace {

class RowCall {
 public:
  RowCall(const Survey& survey, const WaveValues& values, size_t index, const std::vector<CellSpan>& spans,
          const RowProducts& products)
      : survey_(survey),
        values_(values),
        index_(index),
        step_(survey.plan().steps()[index]),
        rule_(survey.rule(index)),
        spans_(spans),
        texts_(rule_.layout.textsIn(survey.counts())),
        products_(products) {}

  std::vector<at::Tensor> run() {
    std::vector<at::Tensor> results = compute();
    for (size_t i = 0; i < results.size(); ++i) {
      checkRows(survey_, index_, step_.results[i], results[i]);
      if (const Reading* reading = survey_.reading(step_.results[i])) results[i] = read(results[i], *reading);
    }
    return results;
  }

 private:
  std::vector<at::Tensor> compute() {
    if (std::holds_alternative<Alias>(step_.node->operation)) return {operand(0)};
    switch (rule_.mode) {
      case RowMode::Call:
        return call();
      case RowMode::View:
        return {viewedRows(rule_, operand(0))};
      default:
        return {see()};
    }
  }

  // Cells may have different numbers of positions.
  at::Tensor read(const at::Tensor& rows, const Reading& reading) const {
    std::vector<at::Tensor> parts;
    for (size_t begin = 0, end = 0; begin < spans_.size(); begin = end) {
      const int64_t positions = spans_[begin].positions();
      int64_t count = 0;
      for (; end < spans_.size() && spans_[end].positions() == positions; ++end) count += texts_ * positions;
      parts.push_back(reading.of(rows.narrow(0, spans_[begin].row, count), positions));
    }
    return parts.size() == 1 ? parts.front() : at::cat(parts);
  }

  at::Tensor operand(size_t i) const { return values_.operand(step_, rule_.operands[i], spans_, texts_); }

  std::vector<at::Tensor> call() const {
    std::vector<c10::IValue> arguments = rowArguments(survey_, index_);
    for (const RowOperand& given : rule_.operands)
      giveRows(arguments, given, values_.operand(step_, given, spans_, texts_));
    if (step_.packable) {
      const PackableLinear& linear = *step_.packable;
      const c10::IValue bias = linear.bias < 0 ? c10::IValue() : arguments[linear.bias];
      const auto product = products_.multiply(survey_, step_, arguments[linear.input].toTensor(), bias);
      if (product) return {*product};
    }
    return calledOnRows(step_, std::move(arguments));
  }

  // [cells, dimensions…] of the operand for a stretch of cells that have the same positions.
  at::Tensor queries(const at::Tensor& rows, const CellSpan& first, int64_t cells) const {
    const int64_t count = cells * texts_ * first.positions();
    const at::Tensor own = rows.narrow(0, first.row, count);
    return rule_.operands[0].layout.fromRows(
        own.reshape(joined({cells, texts_, first.positions()}, own.sizes().slice(1))));
  }

  at::Tensor see() const {
    const at::Tensor rows = operand(0);
    at::Tensor result = seeByRows(rows);
    if (result.defined()) return result;
    const int64_t total = countRows(spans_, texts_);
    for (size_t begin = 0, end = 0; begin < spans_.size(); begin = end) {
      const CellSpan& first = spans_[begin];
      std::vector<int32_t> cells;
      while (end < spans_.size() && spans_[end].begin == first.begin && spans_[end].end == first.end)
        cells.push_back(spans_[end++].cell);
      const at::Tensor seen = seenBy(queries(rows, first, static_cast<int64_t>(cells.size())), cells, first);
      const at::Tensor own = rule_.layout.cellsToRows(seen);
      if (own.size(0) == total) return own;
      if (!result.defined()) result = at::empty(joined({total}, own.sizes().slice(1)), own.options());
      result.narrow(0, first.row, own.size(0)).copy_(own);
    }
    return result;
  }

  // Small products one by one; undefined where that cannot be done.
  at::Tensor seeByRows(const at::Tensor& rows) const {
    if (rule_.mode == RowMode::Attention) return {};
    const ValueIndex value = operandValue(step_, rule_.operands[1]);
    const RowLayout& layout = survey_.layout(value);
    if (!(layout == rule_.operands[1].layout)) return {};
    const SeenRows seen{values_.find(value), values_.base(value)};
    return rule_.mode == RowMode::Mix ? mixRows(rows, spans_, texts_, seen)
                                      : scoreRows(rows, spans_, texts_, seen);
  }

  at::Tensor seenBy(const at::Tensor& queries, const std::vector<int32_t>& cells,
                    const CellSpan& span) const {
    const Positions all = survey_.all(rule_.layout);
    const auto whole = [&](size_t i) {
      const ValueIndex value = operandValue(step_, rule_.operands[i]);
      if (values_.find(value) == nullptr) return survey_.frame()[value].toTensor().unsqueeze(0);
      return values_.cells(value, cells, all);
    };
    if (rule_.mode != RowMode::Attention) return at::matmul(queries, whole(1));
    return attention(queries, whole(1), whole(2), span);
  }

  at::Tensor attention(const at::Tensor& queries, at::Tensor keys, at::Tensor values,
                       const CellSpan& span) const {
    const int64_t count = queries.size(0);
    const bool hasTexts = rule_.layout.texts >= 0;
    keys = keys.expand(joined({count}, keys.sizes().slice(1)));
    values = values.expand(joined({count}, values.sizes().slice(1)));
    const auto flat = [&](const at::Tensor& tensor) { return hasTexts ? tensor.flatten(0, 1) : tensor; };
    std::vector<c10::IValue> stack = rowArguments(survey_, index_);
    at::Tensor mask;
    if (stack[3].isTensor()) {
      mask = stack[3].toTensor();
      while (mask.dim() < rule_.layout.positions + 2) mask = mask.unsqueeze(0);
      if (mask.size(-2) != 1) mask = mask.narrow(-2, span.begin, span.positions());
      // [texts or 1, …] for each cell.
      mask = mask.unsqueeze(0).expand(joined({hasTexts && mask.size(0) > 1 ? count : 1}, mask.sizes()));
      mask = hasTexts ? mask.flatten(0, 1) : mask;
    } else if (stack[5].toBool() && span.positions() < survey_.counts().positions) {
      const int64_t positions = survey_.counts().positions;
      mask = at::ones({span.positions(), positions}, queries.options().dtype(at::kBool)).tril(span.begin);
    }
    stack[0] = flat(queries);
    stack[1] = flat(keys);
    stack[2] = flat(values);
    stack[3] = mask.defined() ? c10::IValue(mask) : c10::IValue();
    stack[5] = stack[5].toBool() && !mask.defined();
    const at::Tensor result = calledOnRows(step_, std::move(stack)).front();
    return hasTexts ? result.unflatten(0, {count, texts_}) : result;
  }

  const Survey& survey_;
  const WaveValues& values_;
  size_t index_;
  const Step& step_;
  const RowRule& rule_;
  const std::vector<CellSpan>& spans_;
  int64_t texts_;
  const RowProducts& products_;
};

}  // namespace

std::vector<at::Tensor> callRows(const Survey& survey, const WaveValues& values, size_t step,
                                 const std::vector<CellSpan>& spans, const RowProducts& products) {
  return RowCall(survey, values, step, spans, products).run();
}

}  // namespace graphpatch
