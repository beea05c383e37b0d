#pragma once

#include <napi.h>

#include <memory>
#include <utility>
#include <vector>

#include "../errors/errors.h"
#include "../graph/graph.h"
#include "run.h"

namespace graphpatch {

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
const napi_type_tag Handle<Run>::tag;

// A list of indexes.
inline std::vector<ValueIndex> valueIndexes(const Napi::Value& list) {
  const Napi::Array array = list.As<Napi::Array>();
  std::vector<ValueIndex> indexes;
  for (uint32_t i = 0; i < array.Length(); ++i)
    indexes.push_back(array.Get(i).As<Napi::Number>().Int32Value());
  return indexes;
}

}  // namespace graphpatch
