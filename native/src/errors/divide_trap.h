// Division of the lowest integer by -1, at which x86 processors trap.
#pragma once

namespace graphpatch {

// libtorch divides integers by the processor's instruction, and a trap ends the process. From here on the
// quotient wraps around instead, as sums and products do and as it does on processors without the trap: the
// lowest integer, with remainder 0. Nothing to do elsewhere than on x86-64 Linux.
void surviveDivideTraps();

}  // namespace graphpatch
