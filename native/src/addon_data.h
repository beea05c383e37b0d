// What one Node environment (the main thread or a worker) owns: JavaScript references must never be shared
// between environments, so nothing of this is a C++ global. Freed by Node when the environment ends.
#pragma once

#include <napi.h>

#include <memory>

#include "async/completion_queue.h"
#include "memory/handle_registry.h"

namespace graphpatch {

struct AddonData {
  Napi::FunctionReference handleClass;  // TensorHandle, made by C++
  Napi::FunctionReference tensorClass;  // Tensor, the TypeScript class that extends it; empty until set
  Napi::ObjectReference errorClasses;   // name -> TypeScript error class; empty until set
  HandleRegistry handles;
  std::shared_ptr<CompletionQueue> completions;
  bool leavable = false;  // whether operators that it calls can be left, see async/leavable_call.h

  static AddonData& of(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }
};

}  // namespace graphpatch
