#pragma once

#include <napi.h>

#include <memory>

#include "graph.h"

namespace graphpatch {

// Builds a Graph from its description in JavaScript (`GraphSpec` in lib/graph/spec.ts). Operators are looked
// up and constant arguments converted here, once, so that a run only moves values.
std::shared_ptr<const Graph> graphFromSpec(const Napi::Object& spec);

}  // namespace graphpatch
