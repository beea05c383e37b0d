#include "dispatch/resolve.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "dispatch/ivalue_js.h"
#include "errors/errors.h"

namespace graphpatch {
namespace {

constexpr int kRefused = -1;

struct KeywordArgument {
  std::string name;
  napi_value value;
};

// What the caller gave, read out of JavaScript once for all overloads that are tried.
struct Given {
  Napi::Env env;
  std::vector<napi_value> positional;
  std::vector<KeywordArgument> keywords;
};

Given readArguments(const Napi::Array& args, const Napi::Value& kwargs) {
  Given given{args.Env(), {}, {}};
  const uint32_t count = args.Length();
  given.positional.reserve(count);
  for (uint32_t i = 0; i < count; i++) given.positional.push_back(args.Get(i));
  if (!kwargs.IsObject()) return given;
  const Napi::Object object = kwargs.As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    const Napi::Value name = names.Get(i);
    const Napi::Value value = object.Get(name);
    if (!value.IsUndefined()) given.keywords.push_back({name.As<Napi::String>().Utf8Value(), value});
  }
  return given;
}

std::string schemaText(const Overload& overload) {
  std::ostringstream text;
  text << overload.schema;
  return text.str();
}

bool nameMatches(const c10::Argument& argument, const std::string& name) {
  // Python's functions call the first argument `input` where the schema says `self`.
  return argument.name() == name || (argument.name() == "self" && name == "input");
}

bool givesSizesOneByOne(const Overload& overload, const Given& given) {
  if (given.positional.size() != overload.positional) return given.positional.size() > overload.positional;
  c10::IValue size;
  return tryJsToIvalue(Napi::Value(given.env, given.positional.back()), *c10::IntType::get(), 0, size) !=
         Fit::refused;
}

// Tries one overload. Returns how badly it fits, or kRefused with the reason in `why` if that is wanted.
int tryBind(const Overload& overload, const Given& given, Call& call, std::string* why) {
  const auto& arguments = overload.schema.arguments();
  call.overload = &overload;
  call.stack.clear();
  call.stack.resize(arguments.size());
  call.arguments.assign(arguments.size(), nullptr);

  size_t positional = given.positional.size();
  napi_value gathered = nullptr;  // x.view(2, 3) and x.view(-1): the numbers as one list
  if (overload.takesVarargs && givesSizesOneByOne(overload, given)) {
    const size_t first = overload.positional - 1;
    Napi::Array list = Napi::Array::New(given.env, positional - first);
    for (size_t i = first; i < positional; i++)
      list.Set(static_cast<uint32_t>(i - first), given.positional[i]);
    gathered = list;
    positional = overload.positional;
  }
  if (positional > overload.positional) {
    if (why != nullptr) {
      *why = "takes at most " + std::to_string(overload.positional) + " positional arguments, " +
             std::to_string(positional) + " were given";
    }
    return kRefused;
  }
  for (size_t i = 0; i < positional; i++) call.arguments[i] = given.positional[i];
  if (gathered != nullptr) call.arguments[positional - 1] = gathered;

  for (const KeywordArgument& keyword : given.keywords) {
    size_t at = 0;
    while (at < arguments.size() && !nameMatches(arguments[at], keyword.name)) at++;
    if (at == arguments.size() || call.arguments[at] != nullptr) {
      if (why != nullptr) {
        *why = at == arguments.size() ? "has no argument named '" + keyword.name + "'"
                                      : "was given argument '" + keyword.name + "' twice";
      }
      return kRefused;
    }
    call.arguments[at] = keyword.value;
  }

  // hsplit(2) means the overload that takes a number, not the one that takes a list.
  int cost = gathered != nullptr ? static_cast<int>(Fit::broadcast) : 0;
  for (size_t i = 0; i < arguments.size(); i++) {
    const c10::Argument& argument = arguments[i];
    const Napi::Value value(given.env, call.arguments[i]);
    if (call.arguments[i] == nullptr || value.IsUndefined()) {
      call.arguments[i] = nullptr;
      if (!argument.default_value()) {
        if (why != nullptr)
          *why = "needs argument '" + argument.name() + "' (" + argument.real_type()->str() + ")";
        return kRefused;
      }
      call.stack[i] = *argument.default_value();
      continue;
    }
    const Fit fit = tryJsToIvalue(value, *argument.real_type(), argument.N().value_or(0), call.stack[i]);
    if (fit == Fit::refused) {
      if (why != nullptr) {
        *why = "argument '" + argument.name() + "' (position " + std::to_string(i + 1) + ") must be " +
               argument.real_type()->str() + ", not " + describeValue(value);
      }
      return kRefused;
    }
    cost += static_cast<int>(fit);
  }
  return cost;
}

[[noreturn]] void refuse(const std::string& name, const std::vector<const Overload*>& candidates,
                         const Given& given) {
  Call scratch;
  if (candidates.size() == 1) {
    std::string why;
    tryBind(*candidates[0], given, scratch, &why);
    throw GraphpatchError("ArgumentError", name + ": " + why + "\n  " + schemaText(*candidates[0]));
  }
  std::string message = name + ": no overload takes these arguments";
  for (const Overload* candidate : candidates) {
    std::string why;
    tryBind(*candidate, given, scratch, &why);
    message += "\n  " + schemaText(*candidate) + "\n    " + why;
  }
  throw GraphpatchError("ArgumentError", message);
}

}  // namespace

Call resolveCall(const OperatorGroup& group, const Napi::Array& args, const Napi::Value& kwargs) {
  const Given given = readArguments(args, kwargs);
  Call best;
  int bestCost = kRefused;
  std::vector<const Overload*> tried;
  for (const Overload& overload : group.overloads) {
    if (!overload.selectable) continue;
    Call call;
    const int cost = tryBind(overload, given, call, nullptr);
    if (cost == 0) return call;
    if (cost != kRefused && (bestCost == kRefused || cost < bestCost)) {
      best = std::move(call);
      bestCost = cost;
    }
    tried.push_back(&overload);
  }
  if (bestCost != kRefused) return best;
  if (tried.empty()) {
    throw GraphpatchError("ArgumentError", group.name +
                                               " has no overload that can be chosen by its arguments: name "
                                               "one, for instance \"" +
                                               group.name + "." +
                                               group.overloads.front().schema.overload_name() + "\"");
  }
  refuse(group.name, tried, given);
}

namespace {

Call bindGiven(const Overload& overload, const Given& given) {
  Call call;
  if (tryBind(overload, given, call, nullptr) == kRefused) {
    refuse(overload.schema.name() + "." + overload.schema.overload_name(), {&overload}, given);
  }
  return call;
}

}  // namespace

Call bindCall(const Overload& overload, const Napi::Array& args, const Napi::Value& kwargs) {
  return bindGiven(overload, readArguments(args, kwargs));
}

Call bindOrdered(const Overload& overload, const Napi::Array& args) {
  Given given = readArguments(args, args.Env().Undefined());
  const auto& arguments = overload.schema.arguments();
  for (size_t i = overload.positional; i < std::min(arguments.size(), given.positional.size()); i++) {
    if (!Napi::Value(given.env, given.positional[i]).IsUndefined()) {
      given.keywords.push_back({arguments[i].name(), given.positional[i]});
    }
  }
  if (given.positional.size() <= arguments.size()) {
    given.positional.resize(std::min(overload.positional, given.positional.size()));
  }
  return bindGiven(overload, given);
}

}  // namespace graphpatch
