#pragma once

#include "packed_weights.h"
#include "shape_memo.h"

namespace graphpatch {

// What the runs of one graph keep for the next ones. Engine thread only.
struct RunCache {
  ShapeMemo shapeMemo;
  PackedWeights packedWeights;
};

}  // namespace graphpatch
