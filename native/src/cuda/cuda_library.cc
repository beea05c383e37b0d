#include "cuda/cuda_library.h"

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/TensorOptions.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <filesystem>

#include "errors/errors.h"

#ifdef __linux__
#include <dlfcn.h>
#endif

namespace graphpatch {
namespace {

CudaStatus& status() {
  static CudaStatus status{0, "libtorch_cuda has not been looked for"};
  return status;
}

#ifdef __linux__

// The folder of the libtorch that this process has.
std::filesystem::path torchFolder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&at::globalContext), &info) == 0) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

std::string problemOfOpening() {
  // Another library of this process has brought CUDA already.
  if (at::CUDAHooksRegistry()->Has("CUDAHooks")) return "";
  // By far the quickest way to know that there is no GPU; where there is one, CUDA opens it itself as well.
  if (dlopen("libcuda.so.1", RTLD_LAZY) == nullptr) return "this machine has no NVIDIA driver (libcuda.so.1)";
  const std::filesystem::path library = torchFolder() / "libtorch_cuda.so";
  std::error_code ignored;
  if (!std::filesystem::exists(library, ignored)) {
    return "libtorch was built without CUDA: there is no " + library.string();
  }
  if (dlopen(library.c_str(), RTLD_LAZY | RTLD_GLOBAL) == nullptr) {
    return std::string("CUDA's libraries are not all there (") + dlerror() +
           "); `npm start -- --cuda` installs them";
  }
  return "";
}

#else

std::string problemOfOpening() { return "CUDA is supported on Linux only"; }

#endif

// Whether tensors can be made there at all.
bool hasKernels(const c10::Device& device) {
  if (device.is_cpu() || device.is_meta()) return true;
  const auto empty = c10::Dispatcher::singleton().findSchema({"aten::empty", "memory_format"});
  return empty && empty->hasKernelForDispatchKey(c10::computeDispatchKey(std::nullopt, std::nullopt,
                                                                         std::optional<c10::Device>(device)));
}

// Throws DeviceError if there is no such GPU.
void initDevice(int index) {
  checkDevice(c10::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index)));
  at::globalContext().lazyInitDevice(at::kCUDA);
}

}  // namespace

void openCuda() {
  status() = {0, problemOfOpening()};
  if (!status().problem.empty()) return;
  status().devices = at::detail::getCUDAHooks().getNumGPUs();
  if (status().devices == 0) {
    status().problem =
        "the NVIDIA driver shows no GPU that CUDA can use (too old a driver, or CUDA_VISIBLE_DEVICES)";
  }
}

const CudaStatus& cudaStatus() { return status(); }

void checkDevice(const c10::Device& device) {
  if (!device.is_cuda()) {
    if (!hasKernels(device)) {
      throw GraphpatchError("DeviceError", "There is no device \"" + device.str() +
                                               "\" in this libtorch; those that it computes on are \"cpu\", "
                                               "\"cuda\" (NVIDIA GPUs) and \"meta\" (shapes only)");
    }
    return;
  }
  const CudaStatus& cuda = status();
  if (cuda.devices == 0) {
    throw GraphpatchError("DeviceError", "There is no device \"" + device.str() + "\": " + cuda.problem);
  }
  if (device.index() >= cuda.devices) {
    throw GraphpatchError("DeviceError",
                          "There is no device \"" + device.str() + "\"; this machine has cuda:0" +
                              (cuda.devices > 1 ? " to cuda:" + std::to_string(cuda.devices - 1) : ""));
  }
}

std::pair<int64_t, int64_t> cudaMemory(int index) {
  initDevice(index);
  const auto [free, total] =
      at::getDeviceAllocator(at::kCUDA)->getMemoryInfo(static_cast<c10::DeviceIndex>(index));
  return {static_cast<int64_t>(free), static_cast<int64_t>(total)};
}

void synchronizeCuda(int index) {
  initDevice(index);
  c10::impl::VirtualGuardImpl(at::kCUDA).synchronizeDevice(static_cast<c10::DeviceIndex>(index));
}

void emptyCudaCache() {
  if (status().devices == 0) return;
  c10::DeviceAllocator& allocator = *at::getDeviceAllocator(at::kCUDA);
  if (allocator.initialized()) allocator.emptyCache();
}

}  // namespace graphpatch
