#include "async/openmp.h"

#if defined(__linux__)
#include <dlfcn.h>
#endif

namespace graphpatch {

void releaseOpenMpWorkers() {
#if defined(__linux__)
  // omp_pause_resource_all(omp_pause_soft), OpenMP 5.0; from the library that libtorch brings.
  using Pause = int (*)(int);
  static const auto pause = reinterpret_cast<Pause>(dlsym(RTLD_DEFAULT, "omp_pause_resource_all"));
  constexpr int kSoft = 1;
  if (pause != nullptr) pause(kSoft);
#endif
}

}  // namespace graphpatch
