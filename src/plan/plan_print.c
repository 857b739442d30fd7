/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as text: one line a step with the shapes, strides and addresses of
 * its operands, then the memory map. Tests compare it; people read it.
 */
#include "plan/model.h"

static bool print_operand(const rmt_operand *operand, rmt_buffer *text)
{
    char shape[128];
    if (operand->kind == RMT_PLACE_ABSENT)
        return rmt_buffer_printf(text, " -");
    rmt_shape_print(&operand->view.shape, shape, sizeof shape);
    const char *layout = rmt_view_is_dense(&operand->view)           ? "dense"
                         : rmt_view_is_channels_last(&operand->view) ? "channels-last"
                                                                     : "strided";
    switch (operand->kind) {
    case RMT_PLACE_FIXED: return rmt_buffer_printf(text, " %s fixed", shape);
    case RMT_PLACE_INPUT:
        return rmt_buffer_printf(text, " %s %s input%d+%lld", shape, layout, operand->index,
                                 (long long)operand->offset);
    default: return rmt_buffer_printf(text, " %s %s @%lld", shape, layout, (long long)operand->offset);
    }
}

/* The operators of a chain, below its step. */
static bool print_links(const rmt_chain *chain, rmt_buffer *text)
{
    bool good = rmt_buffer_printf(text, "      %lld rows and %lld columns at a time\n", (long long)chain->rows,
                                  (long long)chain->columns);
    for (int32_t k = 0; good && k < chain->count; k++) {
        char in[128], out[128];
        rmt_shape_print(&chain->links[k].in[0].view.shape, in, sizeof in);
        rmt_shape_print(&chain->links[k].out.shape, out, sizeof out);
        good = rmt_buffer_printf(text, "      %s: %s -> %s\n", chain->links[k].op->name, in, out);
    }
    return good;
}

static bool print_step(const rmt_model *model, const rmt_plan *plan, int32_t index, rmt_buffer *text)
{
    const rmt_step *step = &plan->steps[index];
    const char *name = step->node < 0 ? "" : model->graph.nodes[step->node].name;
    bool good = rmt_buffer_printf(text, "%3d %s %s:", index, step->op->name, name);
    for (int32_t i = 0; good && i < step->in_count; i++)
        good = print_operand(&step->in[i], text);
    good = good && rmt_buffer_printf(text, " ->");
    for (int32_t o = 0; good && o < step->out_count; o++)
        good = print_operand(&step->out[o], text);
    if (good && step->scratch_buffer >= 0)
        good = rmt_buffer_printf(text, " scratch %lld bytes @%lld",
                                 (long long)plan->buffers[step->scratch_buffer].bytes, (long long)step->scratch_offset);
    good = good && rmt_buffer_printf(text, "\n");
    return good && (step->op != &rmt_op_chain || print_links(step->params, text));
}

bool rmt_plan_print(const rmt_model *model, const rmt_plan *plan, rmt_buffer *text)
{
    bool good = rmt_buffer_printf(text, "kernels %s, %d steps, arena %zu bytes\n", model->option.kernels->name,
                                  plan->step_count, plan->arena_bytes);
    for (int32_t i = 0; good && i < plan->step_count; i++)
        good = print_step(model, plan, i, text);
    for (int32_t i = 0; good && i < plan->late_count; i++) {
        const rmt_node *node = &model->graph.nodes[plan->late[i]];
        good = rmt_buffer_printf(text, "late %s %s: once its numbers are there\n", node->op, node->name);
    }
    good = good && rmt_buffer_printf(text, "memory: offset, bytes, first and last step\n");
    for (int32_t i = 0; good && i < plan->buffer_count; i++) {
        const rmt_plan_buffer *buffer = &plan->buffers[i];
        if (buffer->last < 0) /* it lay between links */
            continue;
        int32_t last = buffer->last < plan->step_count ? buffer->last : plan->step_count;
        good = rmt_buffer_printf(text, "%12lld %12lld %4d %4d\n", (long long)buffer->offset, (long long)buffer->bytes,
                                 buffer->first, last);
    }
    return good;
}
