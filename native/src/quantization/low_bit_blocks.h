// GGUF's types of one and two bits a number, in their order, with one scale a block.
#pragma once

#include <cstdint>

namespace graphpatch::gguf {

void q1_0(const uint8_t* block, float* out);
void q2_0(const uint8_t* block, float* out);

}  // namespace graphpatch::gguf
