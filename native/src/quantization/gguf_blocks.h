// GGUF's quantised blocks: how each type packs its numbers (ggml-quants.h, gguf-py's quants.py).
#pragma once

#include <cstdint>
#include <string_view>

namespace graphpatch {

struct GgufBlockType {
  std::string_view name;
  // Numbers in a block.
  int64_t size;
  // Bytes of a block.
  int64_t bytes;
  // Writes the numbers of one block.
  void (*dequantize)(const uint8_t* block, float* out);
};

// The most numbers that a block of any type has.
constexpr int64_t kMaxGgufBlock = 256;

// Null for a name that is none.
const GgufBlockType* ggufBlockType(std::string_view name);

}  // namespace graphpatch
