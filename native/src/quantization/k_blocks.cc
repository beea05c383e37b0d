#include "quantization/k_blocks.h"

#include "quantization/block_parts.h"

namespace graphpatch::gguf {
namespace {

// The scale of group g of 16 in a Q3_K block, six bits: the four low ones in eight bytes, the two high ones
// in four.
int q3Scale(const uint8_t* packed, int g) {
  const int low = packed[g % 8] >> (4 * (g / 8)) & 15;
  const int high = packed[8 + g % 4] >> (2 * (g / 4)) & 3;
  return (low | high << 4) - 32;
}

struct ScaleAndMinimum {
  float scale;
  float minimum;
};

// Scale and minimum of group g of eight, six bits each, packed into 12 bytes (get_scale_min_k4), times those
// of the block.
ScaleAndMinimum scaleAndMinimum(const uint8_t* block, int g) {
  const uint8_t* packed = block + 4;
  const int scale = g < 4 ? packed[g] & 63 : (packed[g + 4] & 15) | ((packed[g - 4] >> 6) << 4);
  const int minimum = g < 4 ? packed[g + 4] & 63 : (packed[g + 4] >> 4) | ((packed[g] >> 6) << 4);
  return {half(block) * static_cast<float>(scale), half(block + 2) * static_cast<float>(minimum)};
}

}  // namespace

void q2_k(const uint8_t* block, float* out) {
  const uint8_t* quants = block + 16;
  const float d = half(block + 80);
  const float dmin = half(block + 82);
  for (int g = 0; g < 16; g++) {
    const float scale = d * static_cast<float>(block[g] & 15);
    const float minimum = dmin * static_cast<float>(block[g] >> 4);
    for (int i = 16 * g; i < 16 * g + 16; i++) {
      out[i] = scale * static_cast<float>(twoBits(quants, i)) - minimum;
    }
  }
}

void q3_k(const uint8_t* block, float* out) {
  const uint8_t* high = block;
  const uint8_t* low = block + 32;
  const float d = half(block + 108);
  for (int g = 0; g < 16; g++) {
    const float scale = d * static_cast<float>(q3Scale(block + 96, g));
    for (int i = 16 * g; i < 16 * g + 16; i++) {
      // A high bit that is not set takes 4 away.
      const int q = twoBits(low, i) - ((high[i % 32] >> (i / 32) & 1) == 0 ? 4 : 0);
      out[i] = scale * static_cast<float>(q);
    }
  }
}

void q4_k(const uint8_t* block, float* out) {
  const uint8_t* quants = block + 16;
  for (int g = 0; g < 8; g++) {
    const auto [scale, minimum] = scaleAndMinimum(block, g);
    const uint8_t* bytes = quants + 32 * (g / 2);
    const int shift = 4 * (g % 2);
    for (int i = 0; i < 32; i++) {
      out[32 * g + i] = static_cast<float>((bytes[i] >> shift) & 15) * scale - minimum;
    }
  }
}

void q5_k(const uint8_t* block, float* out) {
  const uint8_t* high = block + 16;
  const uint8_t* quants = block + 48;
  for (int g = 0; g < 8; g++) {
    const auto [scale, minimum] = scaleAndMinimum(block, g);
    const uint8_t* bytes = quants + 32 * (g / 2);
    const int shift = 4 * (g % 2);
    for (int i = 0; i < 32; i++) {
      const int q = ((bytes[i] >> shift) & 15) | ((high[i] >> g) & 1) << 4;
      out[32 * g + i] = static_cast<float>(q) * scale - minimum;
    }
  }
}

void q6_k(const uint8_t* block, float* out) {
  const uint8_t* low = block;
  const uint8_t* high = block + 128;
  const uint8_t* scales = block + 192;
  const float d = half(block + 208);
  for (int g = 0; g < 8; g++) {
    // Each half of the block: two groups in the low bits of 64 bytes, two in the high ones.
    const uint8_t* bytes = low + 64 * (g / 4) + 32 * (g % 2);
    const uint8_t* top = high + 32 * (g / 4);
    const int shift = g % 4 < 2 ? 0 : 4;
    for (int i = 0; i < 32; i++) {
      const int q = ((bytes[i] >> shift) & 15) | ((top[i] >> (2 * (g % 4))) & 3) << 4;
      const float scale = d * static_cast<float>(static_cast<int8_t>(scales[2 * g + i / 16]));
      out[32 * g + i] = static_cast<float>(q - 32) * scale;
    }
  }
}

}  // namespace graphpatch::gguf
