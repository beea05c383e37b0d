// A GPU works while the program goes on. Here kernels are done at once; what is not waited for is a copy to
// the processor's memory that was asked not to block: it arrives when somebody waits for the device.
#pragma once

#include <functional>

namespace standin {

// Does `work` when the device is next waited for.
void later(std::function<void()> work);

// Waits for all devices.
void synchronize();

}  // namespace standin
