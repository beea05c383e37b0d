#pragma once

namespace graphpatch {

// Ends the OpenMP workers that the calling thread has gathered; it gathers new ones when it needs them. With
// the workers of one thread only, libgomp counts no more threads than cores and lets them wait for work
// without sleeping, which short operators need. Does nothing where the OpenMP library has no such call.
void releaseOpenMpWorkers();

}  // namespace graphpatch
