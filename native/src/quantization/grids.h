// The tables of GGUF's IQ types.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace graphpatch::gguf {

using Group4 = std::array<int8_t, 4>;
using Group8 = std::array<int8_t, 8>;
template <class Group, size_t Count>
using Grid = std::array<Group, Count>;

extern const Grid<Group8, 2048> kIq1Grid;
extern const Grid<Group8, 256> kIq2XxsGrid;
extern const Grid<Group8, 512> kIq2XsGrid;
extern const Grid<Group8, 1024> kIq2SGrid;
extern const Grid<Group4, 256> kIq3XxsGrid;
extern const Grid<Group4, 512> kIq3SGrid;

}  // namespace graphpatch::gguf
