#include <napi.h>

#include "fault.h"
#include "memory.h"
#include "streams.h"

namespace {

c10::DeviceIndex deviceIn(const Napi::CallbackInfo& info) {
  return static_cast<c10::DeviceIndex>(info[0].As<Napi::Number>().Int32Value());
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  const standin::Usage usage = standin::usage(deviceIn(info));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("bytes", static_cast<double>(usage.bytes));
  result.Set("blocks", static_cast<double>(usage.blocks));
  result.Set("mostBytes", static_cast<double>(usage.mostBytes));
  return result;
}

void limitMemory(const Napi::CallbackInfo& info) {
  standin::setLimit(deviceIn(info), static_cast<size_t>(info[1].As<Napi::Number>().Int64Value()));
}

// Reads memory of a device without a kernel, for the test that this ends the process.
Napi::Value touch(const Napi::CallbackInfo& info) {
  const c10::DataPtr block = standin::allocator().allocate(1);
  return Napi::Number::New(info.Env(), *static_cast<volatile char*>(block.get()));
}

void forgetMost(const Napi::CallbackInfo& info) { standin::forgetMost(deviceIn(info)); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
  standin::explainFaults();
  exports.Set("memory", Napi::Function::New(env, memory));
  exports.Set("limitMemory", Napi::Function::New(env, limitMemory));
  exports.Set("forgetMost", Napi::Function::New(env, forgetMost));
  exports.Set("touch", Napi::Function::New(env, touch));
  return exports;
}

}  // namespace

NODE_API_MODULE(standInGpu, init)
