#include "quantization/ternary_blocks.h"

#include "quantization/block_parts.h"

namespace graphpatch::gguf {
namespace {

// `digits` numbers from each of `count` bytes, all first ones, then all second ones: a byte is a fraction of
// 256, and multiplied by 3 what goes beyond 256 is its next digit to the base of 3.
float* ternaryDigits(const uint8_t* bytes, int count, int digits, float d, float* out) {
  for (int power = 1; digits > 0; digits--, power *= 3) {
    for (int i = 0; i < count; i++) {
      const auto fraction = static_cast<uint8_t>(bytes[i] * power);
      *out++ = d * static_cast<float>((fraction * 3 >> 8) - 1);
    }
  }
  return out;
}

}  // namespace

void tq1_0(const uint8_t* block, float* out) {
  const float d = half(block + 52);
  out = ternaryDigits(block, 32, 5, d, out);
  out = ternaryDigits(block + 32, 16, 5, d, out);
  ternaryDigits(block + 48, 4, 4, d, out);
}

void tq2_0(const uint8_t* block, float* out) {
  const float d = half(block + 64);
  for (int i = 0; i < 256; i++) out[i] = d * static_cast<float>(twoBits(block, i) - 1);
}

}  // namespace graphpatch::gguf
