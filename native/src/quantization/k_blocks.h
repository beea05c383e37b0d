// GGUF's K quants: 256 numbers in groups, whose scales are quantised, too.
#pragma once

#include <cstdint>

namespace graphpatch::gguf {

void q2_k(const uint8_t* block, float* out);
void q3_k(const uint8_t* block, float* out);
void q4_k(const uint8_t* block, float* out);
void q5_k(const uint8_t* block, float* out);
void q6_k(const uint8_t* block, float* out);

}  // namespace graphpatch::gguf
