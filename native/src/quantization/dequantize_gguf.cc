// The operator graphpatch::dequantize_gguf(Tensor blocks, str type, ScalarType dtype) -> Tensor. It is an
// operator like PyTorch's own, so that graphs can hold it.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <bit>

#include "quantization/gguf_blocks.h"

namespace graphpatch {
namespace {

// Numbers done in one piece of parallel work: as PyTorch's own elementwise operators.
constexpr int64_t kGrain = 32768;

const GgufBlockType& typeNamed(c10::string_view name) {
  const GgufBlockType* type = ggufBlockType(std::string_view(name.data(), name.size()));
  TORCH_CHECK(type, "dequantize_gguf: there is no GGUF block type \"", name, "\"");
  return *type;
}

at::Tensor emptyFor(const at::Tensor& blocks, const GgufBlockType& type, at::ScalarType dtype) {
  TORCH_CHECK(blocks.scalar_type() == at::kByte && blocks.dim() >= 1,
              "dequantize_gguf: blocks must be uint8 of at least one dimension, found ", blocks.scalar_type(),
              " of ", blocks.dim());
  TORCH_CHECK(blocks.size(-1) % type.bytes == 0, "dequantize_gguf: rows of ", blocks.size(-1),
              " bytes do not divide into ", type.name, " blocks of ", type.bytes);
  std::vector<int64_t> sizes = blocks.sizes().vec();
  sizes.back() = sizes.back() / type.bytes * type.size;
  return at::empty(sizes, blocks.options().dtype(dtype));
}

// Rounds to the nearest as c10's conversion does, without its branch, so that the compiler does many at once.
c10::BFloat16 rounded(float number, c10::BFloat16 /*as*/) {
  const auto bits = std::bit_cast<uint32_t>(number);
  const uint32_t nearest = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const bool isNan = (bits & 0x7fffffff) > 0x7f800000;
  return {static_cast<uint16_t>(isNan ? 0x7fc0 : nearest), c10::BFloat16::from_bits()};
}

c10::Half rounded(float number, c10::Half /*as*/) { return {number}; }

// Blocks are multiples of 32 numbers; loops of a known length are vectorised.
template <class Number>
void round(const float* numbers, Number* out, int64_t count) {
  for (int64_t start = 0; start < count; start += 32) {
    for (int64_t i = 0; i < 32; i++) out[start + i] = rounded(numbers[start + i], Number());
  }
}

template <class Number>
void fill(const uint8_t* blocks, const GgufBlockType& type, Number* out, int64_t count) {
  const int64_t grain = std::max<int64_t>(1, kGrain / type.size);
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
    std::array<float, kMaxGgufBlock> buffer{};
    for (int64_t i = begin; i < end; i++) {
      if constexpr (std::is_same_v<Number, float>) {
        type.dequantize(blocks + i * type.bytes, out + i * type.size);
      } else {
        type.dequantize(blocks + i * type.bytes, buffer.data());
        round(buffer.data(), out + i * type.size, type.size);
      }
    }
  });
}

// blocks [..., bytes of a row] uint8 -> [..., numbers of a row], as gguf-py's dequantize computes them, in
// float32 and then rounded to dtype.
at::Tensor dequantizeCpu(const at::Tensor& blocks, c10::string_view name, at::ScalarType dtype) {
  const GgufBlockType& type = typeNamed(name);
  at::Tensor out = emptyFor(blocks, type, dtype);
  const at::Tensor packed = blocks.contiguous();
  const uint8_t* data = packed.const_data_ptr<uint8_t>();
  const int64_t count = packed.numel() / type.bytes;
  switch (dtype) {
    case at::kFloat:
      fill(data, type, out.mutable_data_ptr<float>(), count);
      break;
    case at::kHalf:
      fill(data, type, out.mutable_data_ptr<at::Half>(), count);
      break;
    case at::kBFloat16:
      fill(data, type, out.mutable_data_ptr<at::BFloat16>(), count);
      break;
    default:
      TORCH_CHECK(false, "dequantize_gguf: dtype must be float32, float16 or bfloat16, found ", dtype);
  }
  return out;
}

at::Tensor dequantizeMeta(const at::Tensor& blocks, c10::string_view name, at::ScalarType dtype) {
  return emptyFor(blocks, typeNamed(name), dtype);
}

}  // namespace
}  // namespace graphpatch

TORCH_LIBRARY(graphpatch, library) {
  library.def("dequantize_gguf(Tensor blocks, str type, ScalarType dtype) -> Tensor");
}

TORCH_LIBRARY_IMPL(graphpatch, CPU, library) { library.impl("dequantize_gguf", graphpatch::dequantizeCpu); }

TORCH_LIBRARY_IMPL(graphpatch, Meta, library) { library.impl("dequantize_gguf", graphpatch::dequantizeMeta); }
