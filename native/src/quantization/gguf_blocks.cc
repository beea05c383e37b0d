#include "quantization/gguf_blocks.h"

#include <c10/util/Half.h>

#include <array>
#include <cstring>

namespace graphpatch {
namespace {

// Two bytes as a half-precision number; every machine that libtorch runs on is little-endian.
float half(const uint8_t* bytes) {
  uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  return c10::detail::fp16_ieee_to_fp32_value(bits);
}

// 16 bytes as 32 numbers: the four low bits of each are numbers 0 to 15, the four high ones 16 to 31;
// `number` makes the number of four bits and their place.
template <class Number>
void nibbles(const uint8_t* bytes, float* out, Number&& number) {
  for (int i = 0; i < 16; i++) {
    out[i] = number(bytes[i] & 15, i);
    out[i + 16] = number(bytes[i] >> 4, i + 16);
  }
}

// The fifth bits of 32 numbers, each at its place.
struct FifthBits {
  explicit FifthBits(const uint8_t* bytes) { std::memcpy(&bits, bytes, sizeof bits); }
  int operator[](int i) const { return static_cast<int>(bits >> i & 1) << 4; }
  uint32_t bits = 0;
};

void q4_0(const uint8_t* block, float* out) {
  const float d = half(block);
  nibbles(block + 2, out, [&](int q, int) { return static_cast<float>(q - 8) * d; });
}

void q4_1(const uint8_t* block, float* out) {
  const float d = half(block);
  const float m = half(block + 2);
  nibbles(block + 4, out, [&](int q, int) { return static_cast<float>(q) * d + m; });
}

void q5_0(const uint8_t* block, float* out) {
  const float d = half(block);
  const FifthBits fifth(block + 2);
  nibbles(block + 6, out, [&](int q, int i) { return static_cast<float>((q | fifth[i]) - 16) * d; });
}

void q5_1(const uint8_t* block, float* out) {
  const float d = half(block);
  const float m = half(block + 2);
  const FifthBits fifth(block + 4);
  nibbles(block + 8, out, [&](int q, int i) { return static_cast<float>(q | fifth[i]) * d + m; });
}

void q8_0(const uint8_t* block, float* out) {
  const float d = half(block);
  for (int i = 0; i < 32; i++) out[i] = static_cast<float>(static_cast<int8_t>(block[2 + i])) * d;
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

constexpr std::array<GgufBlockType, 8> kTypes = {{
    {"Q4_0", 32, 18, q4_0},
    {"Q4_1", 32, 20, q4_1},
    {"Q5_0", 32, 22, q5_0},
    {"Q5_1", 32, 24, q5_1},
    {"Q8_0", 32, 34, q8_0},
    {"Q4_K", 256, 144, q4_k},
    {"Q5_K", 256, 176, q5_k},
    {"Q6_K", 256, 210, q6_k},
}};

}  // namespace

const GgufBlockType* ggufBlockType(std::string_view name) {
  for (const GgufBlockType& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace graphpatch
