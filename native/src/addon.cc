#include <napi.h>

#include "addon_data.h"
#include "async/async_bindings.h"
#include "autograd/autograd_bindings.h"
#include "cuda/cuda_bindings.h"
#include "dispatch/dispatch_bindings.h"
#include "engine/engine_bindings.h"
#include "errors/divide_trap.h"
#include "errors/error_bindings.h"
#include "files/file_bindings.h"
#include "memory/memory_bindings.h"
#include "sweep/sweep_bindings.h"
#include "tensor/tensor_bindings.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  using namespace graphpatch;
  env.SetInstanceData(new AddonData());  // Node owns it from here on
  initErrors(env, exports);
  surviveDivideTraps();
  initCuda(env, exports);  // before anything of libtorch is used
  initTensor(env, exports);
  initDispatch(env, exports);
  initAutograd(env, exports);
  initAsync(env, exports);
  initMemory(env, exports);
  initEngine(env, exports);
  initSweep(env, exports);
  initFiles(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(graphpatch, init)
