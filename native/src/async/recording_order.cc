#include "async/recording_order.h"

#include <ATen/SequenceNumber.h>

namespace graphpatch {

uint64_t recordedSoFar() { return at::sequence_number::peek(); }

void recordAfter(uint64_t count) {
  // There is no other way to set it.
  while (at::sequence_number::peek() < count) at::sequence_number::get_and_increment();
}

}  // namespace graphpatch
