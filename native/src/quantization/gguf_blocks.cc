#include "quantization/gguf_blocks.h"

#include <array>

#include "quantization/blocks_of_32.h"
#include "quantization/grid_blocks.h"
#include "quantization/k_blocks.h"
#include "quantization/low_bit_blocks.h"
#include "quantization/table_blocks.h"
#include "quantization/ternary_blocks.h"

namespace graphpatch {
namespace {

constexpr std::array<GgufBlockType, 25> kTypes = {{
    {"Q4_0", 32, 18, gguf::q4_0},        {"Q4_1", 32, 20, gguf::q4_1},      {"Q5_0", 32, 22, gguf::q5_0},
    {"Q5_1", 32, 24, gguf::q5_1},        {"Q8_0", 32, 34, gguf::q8_0},      {"Q2_K", 256, 84, gguf::q2_k},
    {"Q3_K", 256, 110, gguf::q3_k},      {"Q4_K", 256, 144, gguf::q4_k},    {"Q5_K", 256, 176, gguf::q5_k},
    {"Q6_K", 256, 210, gguf::q6_k},      {"IQ1_S", 256, 50, gguf::iq1_s},   {"IQ1_M", 256, 56, gguf::iq1_m},
    {"IQ2_XXS", 256, 66, gguf::iq2_xxs}, {"IQ2_XS", 256, 74, gguf::iq2_xs}, {"IQ2_S", 256, 82, gguf::iq2_s},
    {"IQ3_XXS", 256, 98, gguf::iq3_xxs}, {"IQ3_S", 256, 110, gguf::iq3_s},  {"IQ4_NL", 32, 18, gguf::iq4_nl},
    {"IQ4_XS", 256, 136, gguf::iq4_xs},  {"TQ1_0", 256, 54, gguf::tq1_0},   {"TQ2_0", 256, 66, gguf::tq2_0},
    {"MXFP4", 32, 17, gguf::mxfp4},      {"NVFP4", 64, 36, gguf::nvfp4},    {"Q1_0", 128, 18, gguf::q1_0},
    {"Q2_0", 64, 18, gguf::q2_0},
}};

}  // namespace

const GgufBlockType* ggufBlockType(std::string_view name) {
  for (const GgufBlockType& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace graphpatch
