#include "reading.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace graphpatch {

namespace {

// So many at a time stay in a cache.
constexpr int64_t kRows = 16;

}  // namespace

at::Tensor Reading::of(const at::Tensor& rows, int64_t perText) const {
  const int64_t count = rows.size(0);
  at::Tensor index = tokens.to(rows.device());
  if (index.size(0) == 1) {
    index = index.expand({count, -1});
  } else {
    index = index.repeat_interleave(perText, 0);
    index = index.repeat({count / index.size(0), 1});
  }
  at::Tensor result = at::empty({count, tokens.size(1)}, rows.options().dtype(at::kFloat));
  for (int64_t row = 0; row < count; row += kRows) {
    const int64_t some = std::min(kRows, count - row);
    at::Tensor part = rows.narrow(0, row, some).to(at::kFloat);
    if (form == Form::Probabilities) part = at::softmax(part, -1);
    if (form == Form::LogProbabilities) part = at::log_softmax(part, -1);
    result.narrow(0, row, some).copy_(part.gather(-1, index.narrow(0, row, some)));
  }
  return result;
}

}  // namespace graphpatch
