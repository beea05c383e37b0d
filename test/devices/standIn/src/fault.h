#pragma once

namespace standin {

// Where the processor reads device memory, says so and from where before the process ends.
void explainFaults();

}  // namespace standin
