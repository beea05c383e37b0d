#include "engine_bindings.h"

#include <memory>
#include <utility>

#include "../async/engine_thread.h"
#include "../dispatch/ivalue_js.h"
#include "../errors/errors.h"
#include "../graph/graph_spec.h"
#include "../patch/patch_spec.h"
#include "../tensor/tensor_handle.h"
#include "run.h"

namespace graphpatch {

namespace {

// A shared C++ object as an opaque JavaScript value. The tag keeps one kind from being taken for another.
template <class T>
struct Handle {
  static const napi_type_tag tag;

  static Napi::Value wrap(Napi::Env env, std::shared_ptr<T> object) {
    auto external = Napi::External<std::shared_ptr<T>>::New(
        env, std::make_unique<std::shared_ptr<T>>(std::move(object)).release(),
        [](Napi::Env, std::shared_ptr<T>* held) { std::unique_ptr<std::shared_ptr<T>>{held}; });
    external.TypeTag(&tag);
    return external;
  }

  static std::shared_ptr<T> unwrap(const Napi::Value& value) {
    if (!value.IsExternal() || !value.As<Napi::External<std::shared_ptr<T>>>().CheckTypeTag(&tag)) {
      throw GraphpatchError("ArgumentError", "not a handle of the engine");
    }
    return *value.As<Napi::External<std::shared_ptr<T>>>().Data();
  }
};

template <>
const napi_type_tag Handle<const Graph>::tag{0x6772617068000001, 0x8a1d5c3e9b7f4201};
template <>
const napi_type_tag Handle<const Plan>::tag{0x706c616e00000001, 0x8a1d5c3e9b7f4202};
template <>
const napi_type_tag Handle<Run>::tag{0x72756e0000000001, 0x8a1d5c3e9b7f4203};

std::vector<ValueIndex> valueIndexes(const Napi::Value& list) {
  const Napi::Array array = list.As<Napi::Array>();
  std::vector<ValueIndex> indexes;
  for (uint32_t i = 0; i < array.Length(); ++i)
    indexes.push_back(array.Get(i).As<Napi::Number>().Int32Value());
  return indexes;
}

Napi::Value tensorOrNull(Napi::Env env, const at::Tensor& tensor) {
  return tensor.defined() ? wrapTensor(env, tensor) : env.Null();
}

Napi::Value outcomeToJs(Napi::Env env, const PatchOutcome& outcome) {
  Napi::Object object = Napi::Object::New(env);
  object["fired"] = Napi::Boolean::New(env, outcome.fired);
  object["maxChange"] = tensorOrNull(env, outcome.maxChange);
  object["activation"] = ivalueToJs(env, outcome.activation);
  object["live"] = tensorOrNull(env, outcome.live);
  return object;
}

Napi::Value finishedRun(Napi::Env env, Run& run) {
  Napi::Object object = Napi::Object::New(env);
  object["done"] = Napi::Boolean::New(env, true);
  Napi::Array outputs = Napi::Array::New(env, run.results().size());
  for (uint32_t i = 0; i < run.results().size(); ++i) outputs[i] = ivalueToJs(env, run.results()[i]);
  object["outputs"] = outputs;
  Napi::Array patches = Napi::Array::New(env, run.outcomes().size());
  for (uint32_t i = 0; i < run.outcomes().size(); ++i) patches[i] = outcomeToJs(env, run.outcomes()[i]);
  object["patches"] = patches;
  run.clear();
  return object;
}

Napi::Value pausedRun(Napi::Env env, const Run& run) {
  Napi::Object object = Napi::Object::New(env);
  object["done"] = Napi::Boolean::New(env, false);
  object["patch"] = Napi::Number::New(env, static_cast<double>(run.pausedPatch()));
  object["value"] = ivalueToJs(env, run.pausedValue());
  return object;
}

Napi::Value createGraph(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return Handle<const Graph>::wrap(info.Env(), graphFromSpec(info[0].As<Napi::Object>()));
  });
}

Napi::Value createPlan(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object request = info[1].As<Napi::Object>();
    auto plan = std::make_shared<const Plan>(
        Handle<const Graph>::unwrap(info[0]),
        PlanRequest{valueIndexes(request.Get("outputs")), valueIndexes(request.Get("patched")),
                    valueIndexes(request.Get("replaced"))});
    return Handle<const Plan>::wrap(info.Env(), std::move(plan));
  });
}

Napi::Value planSteps(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto plan = Handle<const Plan>::unwrap(info[0]);
    Napi::Array names = Napi::Array::New(info.Env(), plan->steps().size());
    for (uint32_t i = 0; i < plan->steps().size(); ++i) {
      names[i] = Napi::String::New(info.Env(), plan->steps()[i].node->name);
    }
    return names;
  });
}

Napi::Value startRun(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Array inputArray = info[1].As<Napi::Array>();
    std::vector<c10::IValue> inputs;
    for (uint32_t i = 0; i < inputArray.Length(); ++i)
      inputs.push_back(valueFromJs(inputArray.Get(i), "an input"));
    const Napi::Array patchArray = info[2].As<Napi::Array>();
    std::vector<PlacedPatch> patches;
    for (uint32_t i = 0; i < patchArray.Length(); ++i) {
      const Napi::Object spec = patchArray.Get(i).As<Napi::Object>();
      patches.push_back({spec.Get("target").As<Napi::Number>().Int32Value(), patchFromSpec(spec)});
    }
    return Handle<Run>::wrap(info.Env(),
                             std::make_shared<Run>(Handle<const Plan>::unwrap(info[0]), std::move(inputs),
                                                   std::move(patches), info[3].ToBoolean()));
  });
}

Napi::Value advanceRun(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const std::shared_ptr<Run> run = Handle<Run>::unwrap(info[0]);
    if (!info[1].IsUndefined()) run->resume(valueFromJs(info[1], "the result of a custom patch"));
    return runOnEngine(info.Env(), [run]() -> Finish {
      const bool done = run->advance();
      return [run, done](Napi::Env env) { return done ? finishedRun(env, *run) : pausedRun(env, *run); };
    });
  });
}

Napi::Value cancelRun(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Handle<Run>::unwrap(info[0])->cancel();
    return info.Env().Undefined();
  });
}

}  // namespace

void initEngine(Napi::Env env, Napi::Object exports) {
  exports["createGraph"] = Napi::Function::New(env, createGraph, "createGraph");
  exports["createPlan"] = Napi::Function::New(env, createPlan, "createPlan");
  exports["planSteps"] = Napi::Function::New(env, planSteps, "planSteps");
  exports["startRun"] = Napi::Function::New(env, startRun, "startRun");
  exports["advanceRun"] = Napi::Function::New(env, advanceRun, "advanceRun");
  exports["cancelRun"] = Napi::Function::New(env, cancelRun, "cancelRun");
}

}  // namespace graphpatch
