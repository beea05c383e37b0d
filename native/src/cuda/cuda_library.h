// CUDA's part of libtorch. The addon is linked to the CPU's alone; on a machine with a GPU, and with the full
// torch wheel's libraries, libtorch_cuda is opened beside it, which registers its kernels.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>
#include <utility>

namespace graphpatch {

struct CudaStatus {
  int devices = 0;
  // Why there are none; empty if there are.
  std::string problem;
};

// Opens libtorch_cuda if there is a driver. To be called before libtorch is used: it looks for CUDA's hooks
// and devices once, and what it does not find then it never finds.
void openCuda();

const CudaStatus& cudaStatus();

// Throws DeviceError, saying why and what to do, unless the device is there.
void checkDevice(const c10::Device& device);

// Bytes of a GPU that are free, and all it has.
std::pair<int64_t, int64_t> cudaMemory(int index);

// Waits until a GPU has done what it was given.
void synchronizeCuda(int index);

// Gives memory of freed tensors, which is kept for later ones, back to the GPUs.
void emptyCudaCache();

}  // namespace graphpatch
