// GGUF's types whose four bits are a place in a table of 16 levels.
#pragma once

#include <cstdint>

namespace graphpatch::gguf {

void iq4_nl(const uint8_t* block, float* out);
void iq4_xs(const uint8_t* block, float* out);
void mxfp4(const uint8_t* block, float* out);
void nvfp4(const uint8_t* block, float* out);

}  // namespace graphpatch::gguf
