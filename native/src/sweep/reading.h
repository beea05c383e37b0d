#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace graphpatch {

// What is read of the only output's last dimension, where that is a few numbers of many: a metric's tokens.
struct Reading {
  enum class Form { Values, Probabilities, LogProbabilities };

  Form form = Form::Values;
  // [texts, tokens], or [1, tokens] for all texts.
  at::Tensor tokens;

  // Rows [n, vocabulary], of which `perText` in turn belong to each text, as float32 [n, tokens].
  at::Tensor of(const at::Tensor& rows, int64_t perText) const;
};

}  // namespace graphpatch
