/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded tensors as the public interface takes them. */
#ifndef RAMET_TEST_RECORDED_H
#define RAMET_TEST_RECORDED_H

#include "ramet/tensor.h"
#include "support/tensorpack.h"

ramet_dtype recorded_dtype(int number);
ramet_tensor recorded_tensor(const tensorpack_record *record, const char *name);
/* The records "in.NAME" of a pack, at most `room`; how many. */
size_t recorded_inputs(const tensorpack *pack, ramet_tensor *inputs, size_t room);

#endif
