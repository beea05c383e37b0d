// The order in which operators are recorded for backward(), across threads.
//
// Autograd goes back through operators in the reverse of the order in which they were recorded, which each
// thread counts by itself. Where one thread goes on with what another one recorded, it counts on from there:
// otherwise gradients are added in another order than in a model that runs on one thread.
#pragma once

#include <cstdint>

namespace graphpatch {

// How far this thread has counted.
uint64_t recordedSoFar();

// Lets this thread count on from there, unless it is further already.
void recordAfter(uint64_t count);

}  // namespace graphpatch
