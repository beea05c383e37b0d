#pragma once

#include <ATen/core/Generator.h>
#include <c10/core/Device.h>

namespace standin {

// Of the current device for -1.
const at::Generator& generatorOf(c10::DeviceIndex device);

}  // namespace standin
