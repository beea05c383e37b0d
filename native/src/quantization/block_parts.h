// What the blocks of several GGUF types are made of.
#pragma once

#include <c10/util/Half.h>

#include <cstdint>
#include <cstring>

namespace graphpatch::gguf {

// Bytes as a number; every machine that libtorch runs on is little-endian.
template <class Number>
Number load(const uint8_t* bytes) {
  Number number{};
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

// Two bytes as a half-precision number.
inline float half(const uint8_t* bytes) {
  return c10::detail::fp16_ieee_to_fp32_value(load<uint16_t>(bytes));
}

// Number i of those that lie four bits each, two in a byte, the low bits first.
inline int nibble(const uint8_t* bytes, int i) { return bytes[i / 2] >> (4 * (i % 2)) & 15; }

// Number i of those that lie two bits each, as K quants and ternary ones have them: of 32 bytes the lowest
// bits are 32 numbers, the next ones the 32 after them.
inline int twoBits(const uint8_t* bytes, int i) {
  return bytes[32 * (i / 128) + i % 32] >> (2 * (i / 32 % 4)) & 3;
}

// 16 bytes as 32 numbers: the four low bits of each are numbers 0 to 15, the four high ones 16 to 31;
// `number` makes the number of four bits and their place.
template <class Make>
void nibbles(const uint8_t* bytes, float* out, Make&& number) {
  for (int i = 0; i < 16; i++) {
    out[i] = number(bytes[i] & 15, i);
    out[i + 16] = number(bytes[i] >> 4, i + 16);
  }
}

}  // namespace graphpatch::gguf
