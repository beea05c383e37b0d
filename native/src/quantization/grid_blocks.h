// GGUF's IQ types of one to three bits: numbers are kept four or eight at a time, as a place in a table of
// groups.
#pragma once

#include <cstdint>

namespace graphpatch::gguf {

void iq1_s(const uint8_t* block, float* out);
void iq1_m(const uint8_t* block, float* out);
void iq2_xxs(const uint8_t* block, float* out);
void iq2_xs(const uint8_t* block, float* out);
void iq2_s(const uint8_t* block, float* out);
void iq3_xxs(const uint8_t* block, float* out);
void iq3_s(const uint8_t* block, float* out);

}  // namespace graphpatch::gguf
