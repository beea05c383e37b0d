#include "cuda/cuda_bindings.h"

#include <mutex>

#include "cuda/cuda_library.h"
#include "errors/errors.h"

namespace graphpatch {
namespace {

Napi::Value status(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("devices", Napi::Number::New(info.Env(), cudaStatus().devices));
  result.Set("problem", Napi::String::New(info.Env(), cudaStatus().problem));
  return result;
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const auto [free, total] = cudaMemory(info[0].As<Napi::Number>().Int32Value());
    Napi::Array result = Napi::Array::New(info.Env(), 2);
    result.Set(0U, Napi::Number::New(info.Env(), static_cast<double>(free)));
    result.Set(1U, Napi::Number::New(info.Env(), static_cast<double>(total)));
    return result;
  });
}

Napi::Value synchronize(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    synchronizeCuda(info[0].As<Napi::Number>().Int32Value());
    return info.Env().Undefined();
  });
}

Napi::Value emptyCache(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    emptyCudaCache();
    return info.Env().Undefined();
  });
}

}  // namespace

void initCuda(Napi::Env env, Napi::Object exports) {
  static std::once_flag once;
  std::call_once(once, openCuda);
  exports.Set("cudaStatus", Napi::Function::New(env, status));
  exports.Set("cudaMemory", Napi::Function::New(env, memory));
  exports.Set("cudaSynchronize", Napi::Function::New(env, synchronize));
  exports.Set("cudaEmptyCache", Napi::Function::New(env, emptyCache));
}

}  // namespace graphpatch
