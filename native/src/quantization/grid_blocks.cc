#include "quantization/grid_blocks.h"

#include <bit>

#include "quantization/block_parts.h"
#include "quantization/grids.h"

namespace graphpatch::gguf {
namespace {

// The signs of eight numbers, a bit each, of which only seven are kept: an even number of them is negative.
uint32_t evenSigns(uint32_t seven) { return seven | (std::popcount(seven) & 1U) << 7; }

// Numbers of one group with their signs, from bit 0 on.
template <class Group>
float* signedGroup(const Group& group, float scale, uint32_t signs, float* out) {
  for (const int8_t level : group) {
    const float number = scale * static_cast<float>(level);
    *out++ = (signs & 1) != 0 ? -number : number;
    signs >>= 1;
  }
  return out;
}

// Eight numbers with their signs, from two groups of four.
float* signedGroups(const Group4& first, const Group4& second, float scale, uint32_t signs, float* out) {
  return signedGroup(second, scale, signs >> 4, signedGroup(first, scale, signs, out));
}

// Levels of -1, 0 and 1, all moved by the same eighth.
float* shiftedGroup(const Group8& group, float scale, bool isDown, float* out) {
  const float shift = isDown ? -0.125F : 0.125F;
  for (const int8_t level : group) *out++ = scale * (static_cast<float>(level) + shift);
  return out;
}

// A scale of four bits, between its steps.
float betweenSteps(float d, uint32_t bits, float times) {
  return d * (0.5F + static_cast<float>(bits)) * times;
}

// A scale that is an odd number of steps.
float oddSteps(float d, int bits) { return d * static_cast<float>(2 * bits + 1); }

}  // namespace

void iq2_xxs(const uint8_t* block, float* out) {
  const float d = half(block);
  for (const uint8_t* four = block + 2; four < block + 66; four += 8) {
    const auto rest = load<uint32_t>(four + 4);
    const float scale = betweenSteps(d, rest >> 28, 0.25F);
    for (int k = 0; k < 4; k++) {
      out = signedGroup(kIq2XxsGrid[four[k]], scale, evenSigns(rest >> (7 * k) & 127), out);
    }
  }
}

void iq2_xs(const uint8_t* block, float* out) {
  const float d = half(block);
  for (int k = 0; k < 32; k++) {
    const uint32_t packed = load<uint16_t>(block + 2 + 2 * k);
    const float scale = betweenSteps(d, nibble(block + 66, k / 2), 0.25F);
    out = signedGroup(kIq2XsGrid[packed & 511], scale, evenSigns(packed >> 9), out);
  }
}

void iq2_s(const uint8_t* block, float* out) {
  const float d = half(block);
  const uint8_t* places = block + 2;
  const uint8_t* signs = block + 34;
  const uint8_t* high = block + 66;
  for (int k = 0; k < 32; k++) {
    const int place = places[k] | (high[k / 4] >> (2 * (k % 4)) & 3) << 8;
    const float scale = betweenSteps(d, nibble(block + 74, k / 2), 0.25F);
    out = signedGroup(kIq2SGrid[place], scale, signs[k], out);
  }
}

void iq3_xxs(const uint8_t* block, float* out) {
  const float d = half(block);
  const uint8_t* places = block + 2;
  for (int k = 0; k < 32; k++) {
    const auto rest = load<uint32_t>(block + 66 + 4 * (k / 4));
    const float scale = betweenSteps(d, rest >> 28, 0.5F);
    const uint32_t signs = evenSigns(rest >> (7 * (k % 4)) & 127);
    out = signedGroups(kIq3XxsGrid[places[2 * k]], kIq3XxsGrid[places[2 * k + 1]], scale, signs, out);
  }
}

void iq3_s(const uint8_t* block, float* out) {
  const float d = half(block);
  const uint8_t* places = block + 2;
  const uint8_t* high = block + 66;
  const uint8_t* signs = block + 74;
  const auto group = [&](int m) -> const Group4& {
    return kIq3SGrid[places[m] | (high[m / 8] >> (m % 8) & 1) << 8];
  };
  for (int k = 0; k < 32; k++) {
    const float scale = oddSteps(d, nibble(block + 106, k / 4));
    out = signedGroups(group(2 * k), group(2 * k + 1), scale, signs[k], out);
  }
}

void iq1_s(const uint8_t* block, float* out) {
  const float d = half(block);
  const uint8_t* places = block + 2;
  for (int k = 0; k < 32; k++) {
    const int rest = load<uint16_t>(block + 34 + 2 * (k / 4));
    const int place = places[k] | (rest >> (3 * (k % 4)) & 7) << 8;
    out = shiftedGroup(kIq1Grid[place], oddSteps(d, rest >> 12 & 7), rest >= 0x8000, out);
  }
}

void iq1_m(const uint8_t* block, float* out) {
  const uint8_t* places = block;
  const uint8_t* high = block + 32;
  const uint8_t* scales = block + 48;
  const auto packed = [&](int i) -> int { return load<uint16_t>(scales + 2 * i); };
  // The block's scale is in the highest four bits of four words, whose others are scales of groups of 16.
  uint16_t bits = 0;
  for (int i = 0; i < 4; i++) bits |= (packed(i) >> 12) << (4 * i);
  const float d = c10::detail::fp16_ieee_to_fp32_value(bits);
  for (int k = 0; k < 32; k++) {
    const int g = k / 2;
    const float scale = oddSteps(d, packed(g / 4) >> (3 * (g % 4)) & 7);
    const int rest = nibble(high, k);
    out = shiftedGroup(kIq1Grid[places[k] | (rest & 7) << 8], scale, (rest & 8) != 0, out);
  }
}

}  // namespace graphpatch::gguf
