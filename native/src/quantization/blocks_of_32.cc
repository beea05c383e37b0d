#include "quantization/blocks_of_32.h"

#include "quantization/block_parts.h"

namespace graphpatch::gguf {
namespace {

// The fifth bits of 32 numbers, each at its place.
struct FifthBits {
  explicit FifthBits(const uint8_t* bytes) { std::memcpy(&bits, bytes, sizeof bits); }
  int operator[](int i) const { return static_cast<int>(bits >> i & 1) << 4; }
  uint32_t bits = 0;
};

}  // namespace

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

}  // namespace graphpatch::gguf
