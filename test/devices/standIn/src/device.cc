// What libtorch asks a device for: which is the current one, streams and events, generators of random
// numbers.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <array>

#include "addresses.h"
#include "generators.h"
#include "memory.h"
#include "streams.h"

namespace standin {
namespace {

constexpr auto kType = c10::DeviceType::CUDA;

c10::DeviceIndex exchange(c10::DeviceIndex device) {
  const c10::DeviceIndex before = currentDevice();
  if (device >= 0) currentDevice() = device;
  return before;
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device device) const override { return {kType, exchange(device.index())}; }
  c10::Device getDevice() const override { return {kType, currentDevice()}; }
  void setDevice(c10::Device device) const override { exchange(device.index()); }
  void uncheckedSetDevice(c10::Device device) const noexcept override { exchange(device.index()); }
  c10::Stream getStream(c10::Device device) const override { return onlyStream(device); }
  c10::Stream getDefaultStream(c10::Device device) const override { return onlyStream(device); }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override { return onlyStream(device); }
  c10::Stream getNewStream(c10::Device device, int) const override { return onlyStream(device); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return onlyStream(stream.device()); }
  c10::DeviceIndex deviceCount() const noexcept override { return kDevices; }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override { synchronize(); }
  void synchronizeDevice(c10::DeviceIndex) const override { synchronize(); }
  // Kernels are done when their call returns, so there is nothing to wait for at an event.
  void record(void** event, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {
    *event = nullptr;
  }
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void synchronizeEvent(void*) const override {}

 private:
  static c10::Stream onlyStream(c10::Device device) { return c10::Stream(c10::Stream::DEFAULT, device); }
};

}  // namespace

const at::Generator& generatorOf(c10::DeviceIndex device) {
  // A GPU draws other numbers from a seed than the processor, and each GPU its own.
  struct Generator final : at::CPUGeneratorImpl {
    explicit Generator(c10::DeviceIndex device) : own(0x5eed * (uint64_t{1} + device)) {}
    void set_current_seed(uint64_t seed) override { at::CPUGeneratorImpl::set_current_seed(seed + own); }
    const uint64_t own;
  };
  static const std::array<at::Generator, kDevices> generators{at::make_generator<Generator>(0),
                                                              at::make_generator<Generator>(1)};
  return generators.at(device < 0 ? currentDevice() : device);
}

C10_REGISTER_GUARD_IMPL(CUDA, Guard);

}  // namespace standin

namespace at {  // where the registry looks for it

struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  int getNumGPUs() const override { return standin::kDevices; }
  DeviceIndex deviceCount() const override { return standin::kDevices; }
  DeviceIndex current_device() const override { return standin::currentDevice(); }
  DeviceIndex getCurrentDevice() const override { return standin::currentDevice(); }
  void setCurrentDevice(DeviceIndex device) const override { standin::currentDevice() = device; }
  Allocator* getCUDADeviceAllocator() const override { return &standin::allocator(); }
  Allocator* getPinnedMemoryAllocator() const override { return c10::GetAllocator(kCPU); }
  const Generator& getDefaultGenerator(DeviceIndex device) const override {
    return standin::generatorOf(device);
  }
  Device getDeviceFromPtr(void* address) const override {
    return {kCUDA, static_cast<DeviceIndex>(standin::deviceAt(address))};
  }
  void deviceSynchronize(DeviceIndex) const override { standin::synchronize(); }
};

C10_REGISTER_CLASS(CUDAHooksRegistry, CUDAHooks, CUDAHooks)

}  // namespace at
