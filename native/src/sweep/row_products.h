#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "survey.h"

namespace graphpatch {

// How rows are multiplied by weights.
enum class Products {
  // By the graph's own operators.
  Operator,
  // By oneDNN, which is faster at many rows.
  OneDnn,
  // And with the weights that optimize() packed.
  Packed,
};

// Weights that a sweep lays out for oneDNN by itself, so that this need not be done in each product. They are
// kept from wave to wave as far as `kept` bytes reach; of others up to `passing` bytes are laid out each time
// that many rows ask for them.
class SweepWeights {
 public:
  SweepWeights(int64_t kept, int64_t passing) : left_(kept), passingBytes_(passing) {}

  // For the steps that follow, with so many rows altogether.
  void prepare(const Step& step, int64_t rows);
  // After them: lets go of what is not kept.
  void finishSteps() { passing_.clear(); }
  // After the last wave.
  void clear();
  // nullptr for a weight that was not prepared.
  const at::Tensor* of(const Step& step) const;

 private:
  int64_t left_;
  int64_t passingBytes_;
  PackedWeights kept_;
  PackedWeights passing_;
};

// The products of one wave. All but multiply() is for the engine thread.
class RowProducts {
 public:
  // `weights` may be null: then they are taken as they lie.
  RowProducts(Products kind, std::shared_ptr<SweepWeights> weights)
      : kind_(kind), weights_(std::move(weights)) {}

  void prepare(const Survey& survey, size_t step, int64_t rows);
  void finishSteps();
  // Rows by the weight of a step, the result as its operator gives it; nothing where the operator itself has
  // to. Any thread may ask, if the step was prepared.
  std::optional<at::Tensor> multiply(const Survey& survey, const Step& step, const at::Tensor& rows,
                                     const c10::IValue& bias) const;

 private:
  Products kind_;
  std::shared_ptr<SweepWeights> weights_;
};

}  // namespace graphpatch
