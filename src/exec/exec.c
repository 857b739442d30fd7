/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan: for each step, addresses from offsets, then the operator;
 * then its late nodes.
 */
#include "exec/exec.h"

#include <stdlib.h>

#include "os/os.h"

enum { SHRINK_RUNS = 100, SHRINK_LEAST = 1 << 20 };

ramet_status rmt_exec_init(rmt_exec *exec, int32_t threads, ramet_error *error)
{
    *exec = (rmt_exec){0};
    return threads > 1 ? rmt_team_create(threads, &exec->team, error) : RAMET_STATUS_OK;
}

void rmt_exec_clear(rmt_exec *exec)
{
    if (exec->arena != NULL)
        rmt_os_pages_free(exec->arena, exec->arena_bytes);
    free(exec->operands);
    rmt_late_clear(&exec->late);
    rmt_team_destroy(exec->team);
    *exec = (rmt_exec){0};
}

/* The old arena goes first: its contents are worth nothing, and both need never be there together. */
static ramet_status grow_arena(rmt_exec *exec, size_t bytes, ramet_error *error)
{
    if (bytes <= exec->arena_bytes)
        return RAMET_STATUS_OK;
    if (exec->arena != NULL)
        rmt_os_pages_free(exec->arena, exec->arena_bytes);
    exec->arena_bytes = 0;
    size_t whole = rmt_round_up(bytes, rmt_os_page_bytes());
    exec->arena = rmt_os_pages_alloc(whole);
    if (exec->arena == NULL)
        return rmt_fail_memory(error, whole);
    exec->arena_bytes = whole;
    return RAMET_STATUS_OK;
}

/* What one large image took goes back when many smaller ones have followed. */
static void shrink_arena(rmt_exec *exec, size_t bytes)
{
    bool small = exec->arena_bytes > SHRINK_LEAST && bytes < exec->arena_bytes / 2;
    exec->recent_bytes = !small ? 0 : bytes > exec->recent_bytes ? bytes : exec->recent_bytes;
    exec->small_runs = small ? exec->small_runs + 1 : 0;
    if (exec->small_runs < SHRINK_RUNS)
        return;
    size_t keep = rmt_round_up(exec->recent_bytes + 1, rmt_os_page_bytes());
    rmt_os_pages_free(exec->arena + keep, exec->arena_bytes - keep);
    exec->arena_bytes = keep;
    exec->recent_bytes = 0;
    exec->small_runs = 0;
}

static ramet_status grow_operands(rmt_exec *exec, int32_t count, ramet_error *error)
{
    if (count <= exec->operand_capacity)
        return RAMET_STATUS_OK;
    rmt_view *operands = realloc(exec->operands, (size_t)count * sizeof *operands);
    if (operands == NULL)
        return rmt_fail_memory(error, (size_t)count * sizeof *operands);
    exec->operands = operands;
    exec->operand_capacity = count;
    return RAMET_STATUS_OK;
}

static rmt_view resolve(const rmt_exec *exec, const rmt_operand *operand, const rmt_view *inputs)
{
    rmt_view view = operand->view;
    if (operand->kind == RMT_PLACE_ARENA)
        view.data = exec->arena + operand->offset;
    if (operand->kind == RMT_PLACE_INPUT)
        view.data = (unsigned char *)inputs[operand->index].data + operand->offset;
    return view;
}

static void run_step(const rmt_exec *exec, const rmt_model *model, const rmt_step *step, const rmt_view *inputs)
{
    rmt_view *in = exec->operands, *out = exec->operands + step->in_count;
    for (int32_t i = 0; i < step->in_count; i++)
        in[i] = resolve(exec, &step->in[i], inputs);
    for (int32_t o = 0; o < step->out_count; o++)
        out[o] = resolve(exec, &step->out[o], inputs);
    step->op->run(&(rmt_op_run){.params = step->params,
                                .panels = step->panels,
                                .panel_type = step->panel_type,
                                .packed = step->packed,
                                .in_count = step->in_count,
                                .out_count = step->out_count,
                                .in = in,
                                .out = out,
                                .scratch = step->scratch_buffer < 0 ? NULL : exec->arena + step->scratch_offset,
                                .kernels = rmt_model_kernels(model),
                                .team = exec->team});
}

/* What late nodes read, where the steps have left it: in the room of the operands. */
static ramet_status run_late(rmt_exec *exec, const rmt_model *model, const rmt_plan *plan, const rmt_view *inputs,
                             ramet_error *error)
{
    ramet_status status = grow_operands(exec, plan->kept_count, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t i = 0; i < plan->kept_count; i++)
        exec->operands[i] = resolve(exec, &plan->kept[i].at, inputs);
    return rmt_late_run(&exec->late, model, plan, exec->operands, exec->team, error);
}

ramet_status rmt_exec_run(rmt_exec *exec, const rmt_model *model, const rmt_plan *plan, const rmt_view *inputs,
                          rmt_view *outputs, ramet_error *error)
{
    shrink_arena(exec, plan->arena_bytes);
    ramet_status status = grow_arena(exec, plan->arena_bytes, error);
    if (status == RAMET_STATUS_OK)
        status = grow_operands(exec, plan->most_operands, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t i = 0; i < plan->step_count; i++)
        run_step(exec, model, &plan->steps[i], inputs);
    if (plan->late_count > 0)
        status = run_late(exec, model, plan, inputs, error);
    for (int32_t i = 0; i < plan->output_count && status == RAMET_STATUS_OK; i++)
        if (plan->outputs[i].kind == RMT_PLACE_LATE)
            status = rmt_late_output(&exec->late, plan->outputs[i].index, &outputs[i], error);
        else
            outputs[i] = resolve(exec, &plan->outputs[i], inputs);
    return status;
}
