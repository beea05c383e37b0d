#include "sweep_bindings.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "../async/engine_thread.h"
#include "../async/openmp.h"
#include "../dispatch/ivalue_js.h"
#include "../engine/handle.h"
#include "../errors/errors.h"
#include "../patch/patch_spec.h"
#include "../tensor/tensor_handle.h"
#include "sweep_cost.h"
#include "wave.h"
#include "wave_cost.h"

namespace graphpatch {

template <>
const napi_type_tag Handle<const Survey>::tag{0x7375727665790001, 0x8a1d5c3e9b7f4205};
template <>
const napi_type_tag Handle<Wave>::tag{0x7761766500000001, 0x8a1d5c3e9b7f4206};
template <>
const napi_type_tag Handle<SweepWeights>::tag{0x7377656967687401, 0x8a1d5c3e9b7f4207};

namespace {

// keepValues(run, patched: number[], packs: boolean): before the run begins
Napi::Value keepValues(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto run = Handle<Run>::unwrap(info[0]);
    run->keepValues(valuesToKeep(*run->plan(), valueIndexes(info[1])), info[2].ToBoolean());
    return info.Env().Undefined();
  });
}

// dropKeptValues(run): after the last wave that begins from it
Napi::Value dropKeptValues(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Handle<Run>::unwrap(info[0])->dropKeptValues();
    return info.Env().Undefined();
  });
}

CellPatches cellFromJs(const Napi::Array& specs) {
  CellPatches patches;
  for (uint32_t i = 0; i < specs.Length(); ++i) {
    const Napi::Object spec = specs.Get(i).As<Napi::Object>();
    const Napi::Value identity = spec.Get("identity");
    patches.push_back({{spec.Get("target").As<Napi::Number>().Int32Value(), patchFromSpec(spec)},
                       identity.IsNumber() ? identity.As<Napi::Number>().Int32Value() : -1});
  }
  return patches;
}

std::optional<Positions> positionsFromJs(const Napi::Value& range) {
  if (!range.IsArray()) return std::nullopt;
  const std::vector<int64_t> ends = integersFromJs(range);
  return Positions{ends.at(0), ends.at(1)};
}

// { form: "values" | "probabilities" | "log-probabilities", tokens: Tensor }, or null
std::optional<Reading> readingFromJs(const Napi::Value& given) {
  if (!given.IsObject()) return std::nullopt;
  const Napi::Object object = given.As<Napi::Object>();
  const std::string form = object.Get("form").As<Napi::String>().Utf8Value();
  Reading reading;
  if (form == "probabilities") reading.form = Reading::Form::Probabilities;
  if (form == "log-probabilities") reading.form = Reading::Form::LogProbabilities;
  reading.tokens = unwrapTensor(object.Get("tokens"));
  return reading;
}

Napi::Float64Array numbersToJs(Napi::Env env, const std::vector<double>& numbers) {
  Napi::Float64Array array = Napi::Float64Array::New(env, numbers.size());
  std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

// Of the matrices that waves multiply by.
double bytesOfWeights(const Survey& survey) {
  const std::vector<Step>& steps = survey.plan().steps();
  std::unordered_map<ValueIndex, double> bytes;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!survey.isReached(i) || !steps[i].packable) continue;
    const at::Tensor& weight = steps[i].arguments[steps[i].packable->weight].constant.toTensor();
    bytes[steps[i].packable->value] = static_cast<double>(weight.nbytes());
  }
  double sum = 0;
  for (const auto& [value, own] : bytes) sum += own;
  return sum;
}

// surveyCells(run, cells: NativePatch[][], options): Promise<{ survey, … }>
Napi::Value surveyCells(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const std::shared_ptr<const Run> run = Handle<Run>::unwrap(info[0]);
    const Napi::Array list = info[1].As<Napi::Array>();
    std::vector<CellPatches> cells;
    for (uint32_t i = 0; i < list.Length(); ++i) cells.push_back(cellFromJs(list.Get(i).As<Napi::Array>()));
    const Napi::Object given = info[2].As<Napi::Object>();
    const SurveyOptions options{{given.Get("texts").As<Napi::Number>().Int64Value(),
                                 given.Get("positions").As<Napi::Number>().Int64Value()},
                                positionsFromJs(given.Get("read")),
                                given.Get("reusesPositions").ToBoolean(),
                                readingFromJs(given.Get("reading"))};
    return runOnEngine(info.Env(), [run, cells = std::move(cells), options]() mutable -> Finish {
      const at::AutoGradMode noGradients(false);
      const auto count = static_cast<int32_t>(cells.size());
      auto survey = std::make_shared<const Survey>(run, std::move(cells), options);
      SweepCost cost(*survey);
      std::vector<double> begin, end, work, bytes;
      for (int32_t cell = 0; cell < count; ++cell) {
        const CellCost own = cost.of(cell);
        begin.push_back(static_cast<double>(own.start.begin));
        end.push_back(static_cast<double>(own.start.end));
        work.push_back(own.work);
        bytes.push_back(own.bytes);
      }
      bool isCut = options.read.has_value();
      for (ValueIndex output : survey->plan().outputs())
        isCut = isCut && survey->layout(output) == RowLayout{0, 1, false};
      bool isRead = false;
      for (ValueIndex output : survey->plan().outputs())
        isRead = isRead || survey->reading(output) != nullptr;
      const double baseWork = cost.baseWork();
      const double baseBytes = cost.baseBytes();
      const std::vector<Step>& steps = survey->plan().steps();
      const bool multiplies =
          std::any_of(steps.begin(), steps.end(), [](const Step& step) { return step.packable.has_value(); });
      const double weightBytes = bytesOfWeights(*survey);
      return [=](Napi::Env env) {
        Napi::Object object = Napi::Object::New(env);
        object["survey"] = Handle<const Survey>::wrap(env, survey);
        object["begin"] = numbersToJs(env, begin);
        object["end"] = numbersToJs(env, end);
        object["work"] = numbersToJs(env, work);
        object["bytes"] = numbersToJs(env, bytes);
        object["baseWork"] = Napi::Number::New(env, baseWork);
        object["baseBytes"] = Napi::Number::New(env, baseBytes);
        object["isCut"] = Napi::Boolean::New(env, isCut);
        object["weightBytes"] = Napi::Number::New(env, weightBytes);
        object["isRead"] = Napi::Boolean::New(env, isRead);
        object["multiplies"] = Napi::Boolean::New(env, multiplies);
        object["hasOneDnn"] = Napi::Boolean::New(env, hasOneDnn());
        return object;
      };
    });
  });
}

// costOfChunks(survey, cells: number[][], groups: boolean): Promise<{ work, bytes }[]>, one for each list of
// cells
Napi::Value costOfChunks(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto survey = Handle<const Survey>::unwrap(info[0]);
    const Napi::Array lists = info[1].As<Napi::Array>();
    std::vector<std::vector<int32_t>> chunks;
    for (uint32_t i = 0; i < lists.Length(); ++i) chunks.push_back(valueIndexes(lists.Get(i)));
    const bool groups = info[2].ToBoolean();
    return runOnEngine(info.Env(), [survey, chunks = std::move(chunks), groups]() -> Finish {
      const at::AutoGradMode noGradients(false);
      SweepCost cost(*survey);
      std::vector<WaveCost> costs;
      for (const std::vector<int32_t>& cells : chunks)
        costs.push_back(costTogether(*survey, cost, cells, groups));
      return [costs](Napi::Env env) {
        Napi::Array list = Napi::Array::New(env, costs.size());
        for (uint32_t i = 0; i < costs.size(); ++i) {
          Napi::Object object = Napi::Object::New(env);
          object["work"] = Napi::Number::New(env, costs[i].work);
          object["bytes"] = Napi::Number::New(env, costs[i].bytes);
          list[i] = object;
        }
        return list;
      };
    });
  });
}

Products productsFromJs(const Napi::Value& name) {
  const std::string text = name.As<Napi::String>().Utf8Value();
  if (text == "packed") return Products::Packed;
  return text == "onednn" ? Products::OneDnn : Products::Operator;
}

// sweepWeights(kept, passing: bytes): what waves of a sweep multiply by
Napi::Value sweepWeights(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return Handle<SweepWeights>::wrap(
        info.Env(), std::make_shared<SweepWeights>(info[0].As<Napi::Number>().Int64Value(),
                                                   info[1].As<Napi::Number>().Int64Value()));
  });
}

// dropSweepWeights(weights)
Napi::Value dropSweepWeights(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Handle<SweepWeights>::unwrap(info[0])->clear();
    return info.Env().Undefined();
  });
}

// startWave(survey, cells: number[], products: "packed" | "onednn" | "operator", weights?, groups: boolean,
// unused: number)
Napi::Value startWave(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto weights = info[3].IsNull() ? nullptr : Handle<SweepWeights>::unwrap(info[3]);
    return Handle<Wave>::wrap(
        info.Env(),
        std::make_shared<Wave>(Handle<const Survey>::unwrap(info[0]), valueIndexes(info[1]),
                               RowProducts(productsFromJs(info[2]), std::move(weights)), info[4].ToBoolean(),
                               static_cast<size_t>(info[5].As<Napi::Number>().Int64Value())));
  });
}

Napi::Array reasonsToJs(Napi::Env env, const Wave::Reasons& reasons) {
  Napi::Array list = Napi::Array::New(env, reasons.size());
  uint32_t i = 0;
  for (const auto& [cell, why] : reasons) {
    Napi::Array pair = Napi::Array::New(env, 2);
    pair[0u] = Napi::Number::New(env, cell);
    pair[1u] = Napi::String::New(env, why);
    list[i++] = pair;
  }
  return list;
}

Napi::Value finishedWave(Napi::Env env, Wave& wave) {
  Napi::Object object = Napi::Object::New(env);
  object["done"] = Napi::Boolean::New(env, true);
  Napi::Array changed = Napi::Array::New(env, wave.changed().size());
  for (uint32_t i = 0; i < wave.changed().size(); ++i) changed[i] = Napi::Number::New(env, wave.changed()[i]);
  object["changed"] = changed;
  Napi::Array outputs = Napi::Array::New(env, wave.outputs().size());
  for (uint32_t i = 0; i < wave.outputs().size(); ++i) outputs[i] = wrapTensor(env, wave.outputs()[i]);
  object["outputs"] = outputs;
  object["dropped"] = reasonsToJs(env, wave.dropped());
  object["widened"] = reasonsToJs(env, wave.widened());
  object["isGrouped"] = Napi::Boolean::New(env, wave.isGrouped());
  Napi::Array shared = Napi::Array::New(env, wave.shared().size());
  for (uint32_t i = 0; i < wave.shared().size(); ++i) shared[i] = Napi::Number::New(env, wave.shared()[i]);
  object["shared"] = shared;
  object["separated"] = reasonsToJs(env, wave.separated());
  wave.clear();
  return object;
}

Napi::Value pausedWave(Napi::Env env, const Wave& wave) {
  Napi::Object object = Napi::Object::New(env);
  object["done"] = Napi::Boolean::New(env, false);
  object["cell"] = Napi::Number::New(env, wave.pause().cell);
  object["patch"] = Napi::Number::New(env, static_cast<double>(wave.pause().patch));
  object["isBase"] = Napi::Boolean::New(env, wave.pause().isBase);
  object["value"] = ivalueToJs(env, wave.pausedValue());
  return object;
}

// advanceWave(wave, result?): Promise<progress>
Napi::Value advanceWave(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const std::shared_ptr<Wave> wave = Handle<Wave>::unwrap(info[0]);
    releaseOpenMpWorkers();
    if (!info[1].IsUndefined()) wave->resume(valueFromJs(info[1], "the result of a custom patch"));
    return runOnEngine(info.Env(), [wave]() -> Finish {
      bool done = false;
      try {
        done = wave->advance();
      } catch (...) {
        wave->clear();
        throw;
      }
      return [wave, done](Napi::Env env) { return done ? finishedWave(env, *wave) : pausedWave(env, *wave); };
    });
  });
}

Napi::Value cancelWave(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Handle<Wave>::unwrap(info[0])->cancel();
    return info.Env().Undefined();
  });
}

}  // namespace

void initSweep(Napi::Env env, Napi::Object exports) {
  exports["keepValues"] = Napi::Function::New(env, keepValues, "keepValues");
  exports["dropKeptValues"] = Napi::Function::New(env, dropKeptValues, "dropKeptValues");
  exports["surveyCells"] = Napi::Function::New(env, surveyCells, "surveyCells");
  exports["oneDnnIsFaster"] = Napi::Boolean::New(env, oneDnnIsFaster());
  exports["costOfChunks"] = Napi::Function::New(env, costOfChunks, "costOfChunks");
  exports["sweepWeights"] = Napi::Function::New(env, sweepWeights, "sweepWeights");
  exports["dropSweepWeights"] = Napi::Function::New(env, dropSweepWeights, "dropSweepWeights");
  exports["startWave"] = Napi::Function::New(env, startWave, "startWave");
  exports["advanceWave"] = Napi::Function::New(env, advanceWave, "advanceWave");
  exports["cancelWave"] = Napi::Function::New(env, cancelWave, "cancelWave");
}

}  // namespace graphpatch
