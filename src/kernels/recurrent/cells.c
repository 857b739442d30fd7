/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of an LSTM or GRU cell after its matrix products: gates to state. Outputs may equal the states before.
 */
#include "kernels/vector_math.h"

void RMT_NAME(lstm_cell)(const float *gates, const float *c_before, float *c, float *h, int32_t hidden)
{
    for (int32_t i = 0; i < hidden; i += RMT_VL) {
        int32_t left = hidden - i;
        const float *gate = gates + i;
        vf input = v_sigmoid(v_load_upto(gate, left));
        vf forget = v_sigmoid(v_load_upto(gate + hidden, left));
        vf candidate = v_tanh(v_load_upto(gate + 2 * (ptrdiff_t)hidden, left));
        vf output = v_sigmoid(v_load_upto(gate + 3 * (ptrdiff_t)hidden, left));
        vf state = forget * v_load_upto(c_before + i, left) + input * candidate;
        v_store_upto(c + i, state, left);
        v_store_upto(h + i, output * v_tanh(state), left);
    }
}

void RMT_NAME(gru_cell)(const float *gates_x, const float *gates_h, const float *h_before, float *h, int32_t hidden)
{
    for (int32_t i = 0; i < hidden; i += RMT_VL) {
        int32_t left = hidden - i;
        const float *x = gates_x + i, *s = gates_h + i;
        ptrdiff_t second = hidden, third = 2 * (ptrdiff_t)hidden;
        vf reset = v_sigmoid(v_load_upto(x, left) + v_load_upto(s, left));
        vf update = v_sigmoid(v_load_upto(x + second, left) + v_load_upto(s + second, left));
        vf candidate = v_tanh(reset * v_load_upto(s + third, left) + v_load_upto(x + third, left));
        vf before = v_load_upto(h_before + i, left);
        v_store_upto(h + i, update * (before - candidate) + candidate, left);
    }
}
