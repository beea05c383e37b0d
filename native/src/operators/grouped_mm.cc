// The operator transformers::grouped_mm_fallback(Tensor input, Tensor weight, Tensor offs) -> Tensor, which
// the transformers package defines in Python and writes into archives of mixtures of experts
// (transformers/integrations/moe.py).
#include <ATen/ops/cat.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <vector>

namespace graphpatch {
namespace {

void checkOperands(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& offs) {
  TORCH_CHECK(input.dim() == 2 && weight.dim() == 3 && input.size(1) == weight.size(1),
              "grouped_mm_fallback: input must be [rows, in] and weight [experts, in, out], found ",
              input.sizes(), " and ", weight.sizes());
  TORCH_CHECK(
      offs.dim() == 1 && offs.size(0) == weight.size(0) && at::isIntegralType(offs.scalar_type(), false),
      "grouped_mm_fallback: offs must be [experts] integers, found ", offs.scalar_type(), " ", offs.sizes());
}

// input [rows, in], sorted by expert; weight [experts, in, out]; offs [experts], where the rows of each
// expert end -> [rows, out]; rows after the last end are zero. Made of operators that have gradients, so that
// it has them, too.
at::Tensor groupedMm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& offs) {
  checkOperands(input, weight, offs);
  const at::Tensor ends = offs.detach().to(at::kCPU, at::kLong).contiguous();
  std::vector<at::Tensor> parts;
  int64_t start = 0;
  for (int64_t expert = 0; expert < ends.size(0); expert++) {
    const int64_t end = ends.const_data_ptr<int64_t>()[expert];
    TORCH_CHECK(start <= end && end <= input.size(0), "grouped_mm_fallback: expert ", expert, " has rows ",
                start, " to ", end, " of ", input.size(0));
    if (start == end) continue;
    parts.push_back(at::mm(input.slice(0, start, end), weight.select(0, expert)));
    start = end;
  }
  if (parts.empty() || start < input.size(0)) {
    parts.push_back(at::zeros({input.size(0) - start, weight.size(2)}, input.options()));
  }
  return parts.size() == 1 ? parts.front() : at::cat(parts);
}

}  // namespace
}  // namespace graphpatch

TORCH_LIBRARY(transformers, library) {
  library.def("grouped_mm_fallback(Tensor input, Tensor weight, Tensor offs) -> Tensor");
  library.impl("grouped_mm_fallback", graphpatch::groupedMm);
}
