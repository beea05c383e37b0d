#include "quantization/low_bit_blocks.h"

#include "quantization/block_parts.h"

namespace graphpatch::gguf {

void q1_0(const uint8_t* block, float* out) {
  const float d = half(block);
  const uint8_t* signs = block + 2;
  for (int i = 0; i < 128; i++) out[i] = (signs[i / 8] >> (i % 8) & 1) != 0 ? d : -d;
}

void q2_0(const uint8_t* block, float* out) {
  const float d = half(block);
  const uint8_t* quants = block + 2;
  for (int i = 0; i < 64; i++) {
    const int q = quants[i / 4] >> (2 * (i % 4)) & 3;
    out[i] = static_cast<float>(q - 1) * d;
  }
}

}  // namespace graphpatch::gguf
