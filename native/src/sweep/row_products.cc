#include "row_products.h"

#include <ATen/ATen.h>

#include "../engine/packed_call.h"

namespace graphpatch {

namespace {

// Laying out a weight takes about as long as multiplying so many rows by it gains.
constexpr int64_t kWorthLayingOut = 1024;

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
  if (kind_ == Products::Packed) return multiplyPacked(step, survey.plan().cache().packedWeights, rows, bias);
  const at::Tensor* weight = weights_ ? weights_->of(step) : nullptr;
  return multiplyByOneDnn(step, rows, bias, weight);
}

}  // namespace graphpatch
