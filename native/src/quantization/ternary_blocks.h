// GGUF's types of numbers that are -1, 0 or 1 times a scale.
#pragma once

#include <cstdint>

namespace graphpatch::gguf {

void tq1_0(const uint8_t* block, float* out);
void tq2_0(const uint8_t* block, float* out);

}  // namespace graphpatch::gguf
