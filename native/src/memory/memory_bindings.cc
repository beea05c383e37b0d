#include "memory/memory_bindings.h"

#include "addon_data.h"
#include "errors/errors.h"
#include "memory/block_cache.h"
#include "tensor/tensor_handle.h"

namespace graphpatch {
namespace {

Napi::Value memory(const Napi::CallbackInfo& info) {
  const HandleRegistry& handles = AddonData::of(info.Env()).handles;
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("tensors", Napi::Number::New(info.Env(), static_cast<double>(handles.tensors())));
  result.Set("bytes", Napi::Number::New(info.Env(), static_cast<double>(handles.bytes())));
  return result;
}

// Work that leaves nothing behind that later work could use calls this at its end.
void freeUnusedBlocks(const Napi::CallbackInfo&) { const BlockCacheLimit none(0); }

void dispose(const Napi::CallbackInfo& info) {
  guarded(info, [&] { handleOf(info[0]).release(); });
}

Napi::Value isDisposed(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::Boolean::New(info.Env(), !handleOf(info[0]).tensor().defined()); });
}

}  // namespace

void initMemory(Napi::Env env, Napi::Object exports) {
  installBlockCache();
  exports.Set("memory", Napi::Function::New(env, memory));
  exports.Set("freeUnusedBlocks", Napi::Function::New(env, freeUnusedBlocks));
  exports.Set("dispose", Napi::Function::New(env, dispose));
  exports.Set("isDisposed", Napi::Function::New(env, isDisposed));
}

}  // namespace graphpatch
