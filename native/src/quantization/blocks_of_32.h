// GGUF's first quantised types: 32 numbers with one scale.
#pragma once

#include <cstdint>

namespace graphpatch::gguf {

void q4_0(const uint8_t* block, float* out);
void q4_1(const uint8_t* block, float* out);
void q5_0(const uint8_t* block, float* out);
void q5_1(const uint8_t* block, float* out);
void q8_0(const uint8_t* block, float* out);

}  // namespace graphpatch::gguf
