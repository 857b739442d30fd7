/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN of ONNX. */
#ifndef RMT_FORMATS_ONNX_RECURRENT_H
#define RMT_FORMATS_ONNX_RECURRENT_H

#include "formats/onnx_op.h"

void rmt_onnx_build_recurrent(rmt_onnx_op *op);

#endif
