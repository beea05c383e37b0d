#include "quantization/table_blocks.h"

#include <array>
#include <bit>

#include "quantization/block_parts.h"

namespace graphpatch::gguf {
namespace {

// Levels that lie closer where weights are many (kvalues_iq4nl).
constexpr std::array<float, 16> kIq4Levels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                              1,    13,   25,  38,  53,  69,  89,  113};

// Twice the numbers of a floating-point format of four bits, sign, two of exponent, one of mantissa
// (kvalues_mxfp4).
constexpr std::array<float, 16> kMxfp4Levels = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// Half of two to the power of e - 127; the smallest two are below the normal numbers.
float halfPower(uint8_t e) {
  const uint32_t bits = e < 2 ? 0x00200000U << e : static_cast<uint32_t>(e - 1) << 23;
  return std::bit_cast<float>(bits);
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
  nibbles(block + 1, out, [&](int q, int) { return d * kMxfp4Levels[q]; });
}

}  // namespace graphpatch::gguf
