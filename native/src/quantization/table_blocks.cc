#include "quantization/table_blocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "quantization/block_parts.h"

namespace graphpatch::gguf {
namespace {

// Levels that lie closer where weights are many (kvalues_iq4nl).
constexpr std::array<float, 16> kIq4Levels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                              1,    13,   25,  38,  53,  69,  89,  113};

// Twice the numbers of a floating-point format of four bits, sign, two of exponent, one of mantissa
// (kvalues_mxfp4).
constexpr std::array<float, 16> kFp4Levels = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// Half of two to the power of e - 127; the smallest two are below the normal numbers.
float halfPower(uint8_t e) {
  const uint32_t bits = e < 2 ? 0x00200000U << e : static_cast<uint32_t>(e - 1) << 23;
  return std::bit_cast<float>(bits);
}

// Half of a floating-point number of eight bits: four of exponent, three of mantissa, the sign not looked at.
// The pattern of a NaN is zero, as in ggml.
float halfE4m3(uint8_t bits) {
  if (bits == 0x7f) return 0;
  const int exponent = bits >> 3 & 15;
  const int mantissa = (bits & 7) | (exponent == 0 ? 0 : 8);
  return std::ldexp(static_cast<float>(mantissa), std::max(exponent, 1) - 11);
}

}  // namespace

void iq4_nl(const uint8_t* block, float* out) {
  const float d = half(block);
  nibbles(block + 2, out, [&](int q, int) { return d * kIq4Levels[q]; });
}

void iq4_xs(const uint8_t* block, float* out) {
  const float d = half(block);
  const int high = load<uint16_t>(block + 2);
  for (int g = 0; g < 8; g++) {
    const int scale = nibble(block + 4, g) | (high >> (2 * g) & 3) << 4;
    const float scaled = d * static_cast<float>(scale - 32);
    nibbles(block + 8 + 16 * g, out + 32 * g, [&](int q, int) { return scaled * kIq4Levels[q]; });
  }
}

void mxfp4(const uint8_t* block, float* out) {
  const float d = halfPower(block[0]);
  nibbles(block + 1, out, [&](int q, int) { return d * kFp4Levels[q]; });
}

void nvfp4(const uint8_t* block, float* out) {
  for (int g = 0; g < 4; g++) {
    const float d = halfE4m3(block[g]);
    const uint8_t* quants = block + 4 + 8 * g;
    for (int i = 0; i < 8; i++) {
      out[16 * g + i] = d * kFp4Levels[quants[i] & 15];
      out[16 * g + 8 + i] = d * kFp4Levels[quants[i] >> 4];
    }
  }
}

}  // namespace graphpatch::gguf
