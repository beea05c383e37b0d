#include "row_products.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "../engine/packed_call.h"

namespace graphpatch {

namespace {

// Laying out a weight takes about as long as multiplying so many rows by it gains.
constexpr int64_t kWorthLayingOut = 1024;

// Numbers of rows that are told apart between one power of two and the next. oneDNN compiles a product anew
// for each number, which takes it as long as multiplying many rows, and keeps what it compiled.
constexpr uint64_t kCounts = 16;

// With rows of zeros after them, so that there are few numbers of rows.
at::Tensor filledUp(const at::Tensor& rows) {
  const auto count = static_cast<uint64_t>(rows.size(0));
  const uint64_t step = std::max<uint64_t>(1, std::bit_floor(count) / kCounts);
  const auto whole = static_cast<int64_t>((count + step - 1) / step * step);
  if (whole == rows.size(0)) return rows;
  std::vector<int64_t> sizes = rows.sizes().vec();
  sizes[0] = whole;
  at::Tensor filled = at::empty(sizes, rows.options());
  filled.narrow(0, 0, rows.size(0)).copy_(rows);
  filled.narrow(0, rows.size(0), whole - rows.size(0)).zero_();
  return filled;
}

const at::Tensor& weightOf(const Step& step) {
  return step.arguments[step.packable->weight].constant.toTensor();
}

}  // namespace

void SweepWeights::prepare(const Step& step, int64_t rows) {
  const at::Tensor& weight = weightOf(step);
  if (kept_.find(*step.packable, weight) != nullptr) return;
  const auto bytes = static_cast<int64_t>(weight.nbytes());
  if (bytes <= left_) {
    left_ -= bytes;
    kept_.of(*step.packable, weight);
  } else if (rows >= kWorthLayingOut && passing_.bytes() + bytes <= passingBytes_) {
    passing_.of(*step.packable, weight);
  }
}

void SweepWeights::clear() {
  kept_.clear();
  passing_.clear();
}

const at::Tensor* SweepWeights::of(const Step& step) const {
  const at::Tensor* kept = kept_.find(*step.packable, weightOf(step));
  return kept != nullptr ? kept : passing_.find(*step.packable, weightOf(step));
}

void RowProducts::prepare(const Survey& survey, size_t index, int64_t rows) {
  const Step& step = survey.plan().steps()[index];
  if (!step.packable || kind_ == Products::Operator || !hasOneDnn()) return;
  if (kind_ == Products::Packed) survey.plan().cache().packedWeights.of(*step.packable, weightOf(step));
  if (kind_ == Products::OneDnn && weights_) weights_->prepare(step, rows);
}

void RowProducts::finishSteps() {
  if (weights_) weights_->finishSteps();
}

std::optional<at::Tensor> RowProducts::multiply(const Survey& survey, const Step& step,
                                                const at::Tensor& rows, const c10::IValue& bias) const {
  if (!step.packable || kind_ == Products::Operator) return std::nullopt;
  const at::Tensor filled = filledUp(rows);
  std::optional<at::Tensor> product;
  if (kind_ == Products::Packed) {
    product = multiplyPacked(step, survey.plan().cache().packedWeights, filled, bias);
  } else {
    const at::Tensor* weight = weights_ ? weights_->of(step) : nullptr;
    product = multiplyByOneDnn(step, filled, bias, weight);
  }
  if (!product) return std::nullopt;
  return product->narrow(0, 0, rows.size(0));
}

}  // namespace graphpatch
