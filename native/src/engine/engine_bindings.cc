#include "engine_bindings.h"

#include <memory>
#include <utility>

#include "../async/engine_thread.h"
#include "../async/openmp.h"
#include "../dispatch/ivalue_js.h"
#include "../errors/errors.h"
#include "../graph/graph_spec.h"
#include "../patch/patch_spec.h"
#include "../tensor/dtypes.h"
#include "../tensor/tensor_handle.h"
#include "handle.h"
#include "run.h"
#include "run_outcomes.h"

namespace graphpatch {

namespace {

// A graph and what its runs keep.
struct LoadedGraph {
  std::shared_ptr<const Graph> graph;
  std::shared_ptr<RunCache> cache;
};

}  // namespace

template <>
const napi_type_tag Handle<RunOutcomes>::tag{0x6f7574636f6d6501, 0x8a1d5c3e9b7f4204};
template <>
const napi_type_tag Handle<const LoadedGraph>::tag{0x6772617068000001, 0x8a1d5c3e9b7f4201};
template <>
const napi_type_tag Handle<const Plan>::tag{0x706c616e00000001, 0x8a1d5c3e9b7f4202};
template <>
const napi_type_tag Handle<Run>::tag{0x72756e0000000001, 0x8a1d5c3e9b7f4203};

namespace {

Napi::Value finishedRun(Napi::Env env, Run& run) {
  Napi::Object object = Napi::Object::New(env);
  object["done"] = Napi::Boolean::New(env, true);
  Napi::Array outputs = Napi::Array::New(env, run.results().size());
  for (uint32_t i = 0; i < run.results().size(); ++i) outputs[i] = ivalueToJs(env, run.results()[i]);
  object["outputs"] = outputs;
  if (!run.outcomes().empty()) {
    const auto outcomes = std::make_shared<RunOutcomes>(env, run.takeOutcomes());
    object["fired"] = outcomes->fired();
    object["outcomes"] = Handle<RunOutcomes>::wrap(env, outcomes);
  }
  run.clear();
  return object;
}

Napi::Value pausedRun(Napi::Env env, const Run& run) {
  Napi::Object object = Napi::Object::New(env);
  object["done"] = Napi::Boolean::New(env, false);
  if (const JavascriptCall* call = run.pausedCall()) {
    object["call"] = Napi::String::New(env, call->name);
    const std::vector<c10::IValue> values = run.pausedArguments();
    Napi::Array args = Napi::Array::New(env, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) args[i] = ivalueToJs(env, values[i]);
    object["args"] = args;
    return object;
  }
  object["patch"] = Napi::Number::New(env, static_cast<double>(run.pausedPatch()));
  object["value"] = ivalueToJs(env, run.pausedValue());
  return object;
}

Napi::Value createGraph(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return Handle<const LoadedGraph>::wrap(
        info.Env(), std::make_shared<const LoadedGraph>(LoadedGraph{graphFromSpec(info[0].As<Napi::Object>()),
                                                                    std::make_shared<RunCache>()}));
  });
}

Napi::Value createPlan(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object request = info[1].As<Napi::Object>();
    const auto loaded = Handle<const LoadedGraph>::unwrap(info[0]);
    auto plan = std::make_shared<const Plan>(
        loaded->graph, loaded->cache,
        PlanRequest{valueIndexes(request.Get("outputs")), valueIndexes(request.Get("patched")),
                    valueIndexes(request.Get("observed")), valueIndexes(request.Get("replaced")),
                    valueIndexes(request.Get("changed")), request.Get("packed").ToBoolean()});
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

// packWeights(plan): Promise<{ count, bytes }> of all packed weights of the graph
Napi::Value packWeights(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto plan = Handle<const Plan>::unwrap(info[0]);
    return runOnEngine(info.Env(), [plan]() -> Finish {
      PackedWeights& packed = plan->cache().packedWeights;
      for (const Step& step : plan->steps()) {
        if (step.packable)
          packed.of(*step.packable, step.arguments[step.packable->weight].constant.toTensor());
      }
      const auto count = static_cast<double>(packed.count());
      const auto bytes = static_cast<double>(packed.bytes());
      return [count, bytes](Napi::Env env) {
        Napi::Object report = Napi::Object::New(env);
        report["count"] = Napi::Number::New(env, count);
        report["bytes"] = Napi::Number::New(env, bytes);
        return report;
      };
    });
  });
}

// unpackWeights(graph): Promise<void>
Napi::Value unpackWeights(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto loaded = Handle<const LoadedGraph>::unwrap(info[0]);
    return runOnEngine(info.Env(), [loaded]() -> Finish {
      loaded->cache->packedWeights.clear();
      return [](Napi::Env env) { return env.Undefined(); };
    });
  });
}

// The node's shape and dtype where they are known before the run, so that what cannot fit is refused now.
void checkKnown(const Patch& patch, const Napi::Value& known) {
  if (!known.IsObject()) return;
  const Napi::Object object = known.As<Napi::Object>();
  const Napi::Value shape = object.Get("shape");
  if (!shape.IsArray()) return checkPatch(patch, std::nullopt, at::kLong);
  checkPatch(patch, integersFromJs(shape), dtypeOf(object.Get("dtype").As<Napi::String>().Utf8Value()));
}

Napi::Value startRun(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Array inputArray = info[1].As<Napi::Array>();
    std::vector<c10::IValue> inputs;
    for (uint32_t i = 0; i < inputArray.Length(); ++i)
      inputs.push_back(valueFromJs(inputArray.Get(i), "an input"));
    const Napi::Array patchArray = info[2].As<Napi::Array>();
    std::vector<PlacedPatch> patches;
    patches.reserve(patchArray.Length());
    for (uint32_t i = 0; i < patchArray.Length(); ++i) {
      const Napi::Value given = patchArray.Get(i);
      if (given.IsNumber()) {
        patches.push_back({given.As<Napi::Number>().Int32Value(), Patch{.kind = PatchKind::Probe}});
        continue;
      }
      const Napi::Object spec = given.As<Napi::Object>();
      patches.push_back({spec.Get("target").As<Napi::Number>().Int32Value(), patchFromSpec(spec)});
      checkKnown(patches.back().patch, spec.Get("known"));
    }
    return Handle<Run>::wrap(info.Env(),
                             std::make_shared<Run>(Handle<const Plan>::unwrap(info[0]), std::move(inputs),
                                                   std::move(patches), info[3].ToBoolean()));
  });
}

Napi::Value advanceRun(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const std::shared_ptr<Run> run = Handle<Run>::unwrap(info[0]);
    releaseOpenMpWorkers();
    if (info[1].IsArray() && run->pausedCall() != nullptr) {
      const Napi::Array results = info[1].As<Napi::Array>();
      std::vector<c10::IValue> values;
      for (uint32_t i = 0; i < results.Length(); ++i)
        values.push_back(valueFromJs(results.Get(i), "the result of an operator"));
      run->resumeCall(std::move(values));
    } else if (!info[1].IsUndefined()) {
      run->resume(valueFromJs(info[1], "the result of a custom patch"));
    }
    return runOnEngine(info.Env(), [run]() -> Finish {
      const bool done = run->advance();
      return [run, done](Napi::Env env) { return done ? finishedRun(env, *run) : pausedRun(env, *run); };
    });
  });
}

RunOutcomes& outcomesOf(const Napi::CallbackInfo& info) { return *Handle<RunOutcomes>::unwrap(info[0]); }

size_t indexOf(const Napi::CallbackInfo& info) { return info[1].As<Napi::Number>().Uint32Value(); }

Napi::Value takeActivation(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return outcomesOf(info).takeActivation(indexOf(info)); });
}

Napi::Value dropOutcome(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    outcomesOf(info).drop(indexOf(info));
    return info.Env().Undefined();
  });
}

Napi::Value patchMaxChange(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return outcomesOf(info).maxChange(indexOf(info)); });
}

Napi::Value patchLive(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return outcomesOf(info).live(indexOf(info)); });
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
  exports["packWeights"] = Napi::Function::New(env, packWeights, "packWeights");
  exports["unpackWeights"] = Napi::Function::New(env, unpackWeights, "unpackWeights");
  exports["startRun"] = Napi::Function::New(env, startRun, "startRun");
  exports["advanceRun"] = Napi::Function::New(env, advanceRun, "advanceRun");
  exports["takeActivation"] = Napi::Function::New(env, takeActivation, "takeActivation");
  exports["dropOutcome"] = Napi::Function::New(env, dropOutcome, "dropOutcome");
  exports["patchMaxChange"] = Napi::Function::New(env, patchMaxChange, "patchMaxChange");
  exports["patchLive"] = Napi::Function::New(env, patchLive, "patchLive");
  exports["cancelRun"] = Napi::Function::New(env, cancelRun, "cancelRun");
}

}  // namespace graphpatch
