/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a model: binds each node to its operator, lays out one blob for all
 * packed weights and constants, fills it, and write-protects it. Nothing of
 * the parameter file is needed afterwards.
 */
#include "plan/model.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

/* ---- binding ----------------------------------------------------------------------------------------------- */

/* Lists each unknown operator once, with how often it stands in the graph. */
static ramet_status fail_unknown(const rmt_graph *graph, ramet_error *error)
{
    char list[256] = "";
    int32_t kinds = 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        const char *name = graph->nodes[i].op;
        if (graph->nodes[i].dead || rmt_op_find(name) != NULL)
            continue;
        int32_t before = 0, times = 0;
        for (size_t j = 0; j < graph->node_count; j++) {
            bool same = !graph->nodes[j].dead && strcmp(graph->nodes[j].op, name) == 0;
            times += same;
            before += same && j < i;
        }
        if (before > 0)
            continue;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s (%d)", kinds++ > 0 ? ", " : "", name, times);
    }
    return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "%d kind%s of operator cannot run yet: %s", kinds,
                    kinds == 1 ? "" : "s", list);
}

/* Offsets of the parts of the blob while they are claimed. */
typedef struct blob_layout {
    size_t *panels_at;   /* for each node; SIZE_MAX: none */
    size_t *packed_at;   /* likewise */
    int64_t *floats;     /* in panels, for each node */
    int64_t most_floats; /* of those that are rounded */
    size_t *constant_at; /* for each value; SIZE_MAX: not kept as it is */
    size_t bytes;
} blob_layout;

static bool claim(blob_layout *layout, size_t bytes, size_t *at)
{
    *at = layout->bytes;
    return rmt_add_size(layout->bytes, rmt_round_up(bytes, RMT_PACK_ALIGN), &layout->bytes);
}

static ramet_status claim_packed(rmt_bound_node *bound, size_t index, const rmt_op_load *load, blob_layout *layout)
{
    size_t bytes = (size_t)(load->panel_floats * rmt_weight_bytes(load->panel_type));
    bound->panel_type = load->panel_type;
    layout->floats[index] = load->panel_floats;
    layout->panels_at[index] = layout->packed_at[index] = SIZE_MAX;
    if (load->panel_type != RMT_WEIGHT_FLOAT32)
        layout->most_floats = rmt_max_i64(layout->most_floats, load->panel_floats);
    if (bytes > 0 && !claim(layout, bytes, &layout->panels_at[index]))
        return rmt_fail_memory(load->error, bytes);
    if (load->packed_bytes > 0 && !claim(layout, load->packed_bytes, &layout->packed_at[index]))
        return rmt_fail_memory(load->error, load->packed_bytes);
    return RAMET_STATUS_OK;
}

static ramet_status bind_node(rmt_model *model, size_t index, blob_layout *layout, uint64_t *packed_inputs,
                              ramet_error *error)
{
    const rmt_node *node = &model->graph.nodes[index];
    rmt_bound_node *bound = &model->nodes[index];
    bound->op = rmt_op_find(node->op);
    bound->params = rmt_arena_alloc(&model->graph.arena, 1, bound->op->params_bytes);
    if (bound->params == NULL)
        return rmt_fail_memory(error, bound->op->params_bytes);
    rmt_op_load load = {.graph = &model->graph,
                        .node = node,
                        .params = bound->params,
                        .panel_type = model->option.weights,
                        .error = error};
    if (bound->op->load != NULL) {
        ramet_status status = bound->op->load(&load);
        if (status != RAMET_STATUS_OK)
            return rmt_fail_at(error, status, "operator %s (%s)", node->name, node->op);
    }
    *packed_inputs = load.packed_inputs;
    return claim_packed(bound, index, &load, layout);
}

/* The constants that a node reads as they are, in contrast to those it has packed. */
static bool claim_constants(rmt_model *model, const rmt_node *node, uint64_t packed_inputs, blob_layout *layout)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t value = node->inputs[i];
        bool packed = i < 64 && (packed_inputs >> i & 1) != 0;
        if (value == RMT_NO_VALUE || !model->constant[value] || packed || layout->constant_at[value] != SIZE_MAX)
            continue;
        if (!claim(layout, model->graph.values[value].data_bytes, &layout->constant_at[value]))
            return false;
    }
    return true;
}

static bool claim_list(rmt_model *model, const int32_t *values, size_t count, blob_layout *layout)
{
    for (size_t i = 0; i < count; i++) {
        int32_t value = values[i];
        if (value == RMT_NO_VALUE || !model->constant[value] || layout->constant_at[value] != SIZE_MAX)
            continue;
        if (!claim(layout, model->graph.values[value].data_bytes, &layout->constant_at[value]))
            return false;
    }
    return true;
}

static bool claim_outputs(rmt_model *model, blob_layout *layout)
{
    const rmt_graph *graph = &model->graph;
    bool good = claim_list(model, graph->outputs, graph->output_count, layout);
    for (size_t b = 1; good && b < graph->block_count; b++)
        good = claim_list(model, graph->blocks[b].results, (size_t)graph->blocks[b].result_count, layout);
    return good;
}

static ramet_status layout_init(rmt_model *model, blob_layout *layout, rmt_arena *scratch, ramet_error *error)
{
    rmt_graph *graph = &model->graph;
    layout->panels_at = rmt_arena_alloc(scratch, graph->node_count, sizeof *layout->panels_at);
    layout->packed_at = rmt_arena_alloc(scratch, graph->node_count, sizeof *layout->packed_at);
    layout->floats = rmt_arena_alloc(scratch, graph->node_count, sizeof *layout->floats);
    layout->constant_at = rmt_arena_alloc(scratch, graph->value_count, sizeof *layout->constant_at);
    model->nodes = rmt_arena_alloc(&graph->arena, graph->node_count, sizeof *model->nodes);
    model->constant = rmt_arena_alloc(&graph->arena, graph->value_count, sizeof *model->constant);
    if (layout->panels_at == NULL || layout->packed_at == NULL || layout->floats == NULL ||
        layout->constant_at == NULL || model->nodes == NULL || model->constant == NULL)
        return rmt_fail_memory(error, graph->value_count * sizeof(size_t));
    for (size_t i = 0; i < graph->value_count; i++) {
        layout->constant_at[i] = SIZE_MAX;
        model->constant[i] = graph->values[i].data != NULL;
    }
    return RAMET_STATUS_OK;
}

static ramet_status bind(rmt_model *model, blob_layout *layout, ramet_error *error)
{
    const rmt_graph *graph = &model->graph;
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].dead && rmt_op_find(graph->nodes[i].op) == NULL)
            return fail_unknown(graph, error);
    for (size_t i = 0; i < graph->node_count; i++) {
        if (graph->nodes[i].dead)
            continue;
        uint64_t packed_inputs = 0;
        ramet_status status = bind_node(model, i, layout, &packed_inputs, error);
        if (status != RAMET_STATUS_OK)
            return status;
        if (!claim_constants(model, &graph->nodes[i], packed_inputs, layout))
            return rmt_fail_memory(error, SIZE_MAX);
    }
    return claim_outputs(model, layout) ? RAMET_STATUS_OK : rmt_fail_memory(error, SIZE_MAX);
}

/* ---- packing ------------------------------------------------------------------------------------------------ */

static unsigned char *blob_at(const rmt_model *model, size_t offset)
{
    return offset == SIZE_MAX ? NULL : model->blob + offset;
}

/* Where each node finds what is, or will be, packed for it. */
static void place_nodes(rmt_model *model, const blob_layout *layout)
{
    for (size_t i = 0; i < model->graph.node_count; i++) {
        if (model->graph.nodes[i].dead)
            continue;
        model->nodes[i].panels = blob_at(model, layout->panels_at[i]);
        model->nodes[i].packed = blob_at(model, layout->packed_at[i]);
    }
}

/* wide: room for the floats of panels that are rounded. */
static void pack_node(rmt_model *model, size_t index, const blob_layout *layout, float *wide)
{
    const rmt_bound_node *bound = &model->nodes[index];
    unsigned char *panels = blob_at(model, layout->panels_at[index]),
                  *packed = blob_at(model, layout->packed_at[index]);
    const bool rounds = bound->panel_type == RMT_WEIGHT_BFLOAT16 && panels != NULL;
    if (panels == NULL && packed == NULL)
        return;
    if (rounds)
        memset(wide, 0, (size_t)layout->floats[index] * sizeof *wide);
    bound->op->pack(&(rmt_op_pack){.graph = &model->graph,
                                   .node = &model->graph.nodes[index],
                                   .params = bound->params,
                                   .kernels = model->option.kernels,
                                   .panels = rounds ? wide : (float *)panels,
                                   .packed = packed});
    if (rounds)
        model->option.kernels->pack_bfloat16(wide, layout->floats[index] / RMT_PANEL, (uint16_t *)panels);
}

static ramet_status pack_nodes(rmt_model *model, const blob_layout *layout, ramet_error *error)
{
    const size_t bytes = rmt_round_up((size_t)layout->most_floats * sizeof(float), rmt_os_page_bytes());
    float *wide = bytes > 0 ? rmt_os_pages_alloc(bytes) : NULL;
    if (bytes > 0 && wide == NULL)
        return rmt_fail_memory(error, bytes);
    for (size_t i = 0; i < model->graph.node_count; i++)
        if (!model->graph.nodes[i].dead)
            pack_node(model, i, layout, wide);
    if (wide != NULL)
        rmt_os_pages_free(wide, bytes);
    return RAMET_STATUS_OK;
}

static size_t blob_bytes_of(const blob_layout *layout)
{
    size_t bytes = rmt_round_up(layout->bytes, rmt_os_page_bytes());
    return bytes > 0 ? bytes : rmt_os_page_bytes();
}

static ramet_status fill_blob(rmt_model *model, const blob_layout *layout, ramet_error *error)
{
    rmt_graph *graph = &model->graph;
    model->blob_bytes = blob_bytes_of(layout);
    model->blob = rmt_os_pages_alloc(model->blob_bytes);
    if (model->blob == NULL)
        return rmt_fail_memory(error, model->blob_bytes);
    place_nodes(model, layout);
    ramet_status status = pack_nodes(model, layout, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (size_t i = 0; i < graph->value_count; i++) {
        rmt_value *value = &graph->values[i];
        unsigned char *kept = value->data == NULL ? NULL : blob_at(model, layout->constant_at[i]);
        if (kept != NULL)
            memcpy(kept, value->data, value->data_bytes);
        value->data = kept;
    }
    rmt_os_pages_protect(model->blob, model->blob_bytes); /* where the system refuses, only the guard is lost */
    return RAMET_STATUS_OK;
}

/* A blob that was filled before. Where everything lies follows from the graph, as it did then. */
static ramet_status adopt_blob(rmt_model *model, const blob_layout *layout, const rmt_model_packed *packed,
                               ramet_error *error)
{
    rmt_graph *graph = &model->graph;
    if (packed->bytes != blob_bytes_of(layout))
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the packed weights do not fit their graph");
    model->blob = packed->blob;
    model->blob_bytes = packed->bytes;
    place_nodes(model, layout);
    for (size_t i = 0; i < graph->value_count; i++)
        graph->values[i].data = blob_at(model, layout->constant_at[i]);
    return RAMET_STATUS_OK;
}

/* Results that nobody asked for get a value too: operators write them all the same. */
static bool name_all_outputs(rmt_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        for (int32_t o = 0; o < graph->nodes[n].output_count; o++) {
            if (graph->nodes[n].outputs[o] != RMT_NO_VALUE)
                continue;
            char name[64];
            snprintf(name, sizeof name, "unused.%zu.%d", n, o);
            int32_t value = rmt_graph_add_value(graph, name, RAMET_DTYPE_FLOAT32, &(rmt_shape){.rank = -1});
            if (value < 0)
                return false;
            graph->values[value].producer = (int32_t)n;
            graph->nodes[n].outputs[o] = value;
        }
    }
    return true;
}

static ramet_status rewrite(rmt_model *model, ramet_error *error)
{
    ramet_status status = rmt_passes_apply(&model->graph, model->option.kernels, &model->passes, error);
    if (status == RAMET_STATUS_OK && !name_all_outputs(&model->graph))
        status = rmt_fail_memory(error, model->graph.value_count * sizeof(rmt_value));
    return status;
}

/* packed: the graph has been through the passes before, and this came of it; or NULL. */
static ramet_status load(rmt_model *model, const rmt_model_packed *packed, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    if (packed != NULL)
        model->passes = packed->passes;
    else
        status = rewrite(model, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!rmt_model_find_lifetimes(model))
        return rmt_fail_memory(error, model->graph.value_count * sizeof(rmt_value));
    rmt_arena scratch;
    rmt_arena_init(&scratch, 0);
    blob_layout layout = {0};
    status = layout_init(model, &layout, &scratch, error);
    if (status == RAMET_STATUS_OK)
        status = bind(model, &layout, error);
    if (status == RAMET_STATUS_OK)
        status = packed != NULL ? adopt_blob(model, &layout, packed, error) : fill_blob(model, &layout, error);
    rmt_arena_clear(&scratch);
    return status;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

ramet_status rmt_model_adopt(rmt_graph *graph, const rmt_model_packed *packed, const rmt_model_option *option,
                             rmt_model **out, ramet_error *error)
{
    *out = NULL;
    rmt_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        rmt_graph_clear(graph);
        return rmt_fail_memory(error, sizeof *model);
    }
    model->graph = *graph;
    rmt_graph_init(graph);
    model->option = *option;
    model->references = 1;
    model->file = RMT_NO_FILE;
    rmt_lock_init(&model->lock);
    model->plans = rmt_arena_alloc(&model->graph.arena, (size_t)option->plan_capacity, sizeof(rmt_plan *));
    ramet_status status = model->plans == NULL
                              ? rmt_fail_memory(error, (size_t)option->plan_capacity * sizeof(rmt_plan *))
                              : load(model, packed, error);
    if (status != RAMET_STATUS_OK) {
        rmt_model_release(model);
        return status;
    }
    *out = model;
    return RAMET_STATUS_OK;
}

ramet_status rmt_model_create(rmt_graph *graph, const rmt_model_option *option, rmt_model **model, ramet_error *error)
{
    return rmt_model_adopt(graph, NULL, option, model, error);
}

rmt_model *rmt_model_retain(rmt_model *model)
{
    atomic_fetch_add_explicit(&model->references, 1, memory_order_relaxed);
    return model;
}

void rmt_model_release(rmt_model *model)
{
    if (model == NULL || atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) > 1)
        return;
    for (int32_t i = 0; i < model->plan_count; i++)
        rmt_plan_release(model->plans[i]);
    if (model->blob != NULL)
        rmt_os_pages_free(model->blob, model->blob_bytes);
    rmt_os_close(model->file);
    rmt_graph_clear(&model->graph);
    rmt_arena_clear(&model->planning);
    rmt_lock_clear(&model->lock);
    free(model);
}

const rmt_graph *rmt_model_graph(const rmt_model *model) { return &model->graph; }
const rmt_kernels *rmt_model_kernels(const rmt_model *model) { return model->option.kernels; }
const rmt_model_option *rmt_model_option_of(const rmt_model *model) { return &model->option; }
const rmt_bound_node *rmt_model_node(const rmt_model *model, int32_t node) { return &model->nodes[node]; }

rmt_view rmt_model_constant(const rmt_model *model, int32_t value)
{
    const rmt_value *v = &model->graph.values[value];
    if (!model->constant[value])
        return (rmt_view){.shape = {.rank = -1}};
    return rmt_view_dense(v->dtype, &v->shape, (void *)(uintptr_t)v->data);
}

const rmt_pass_report *rmt_model_passes(const rmt_model *model) { return &model->passes; }

void rmt_model_lock(rmt_model *model)
{
    if (!rmt_lock_take(&model->lock))
        return;
    model->plan_count = 0;
    rmt_arena_init(&model->planning, 0);
}

rmt_model_sizes rmt_model_measure(rmt_model *model)
{
    rmt_model_sizes sizes = {.weights_bytes = model->blob_bytes, .program_bytes = model->graph.arena.bytes};
    sizes.references = atomic_load_explicit(&model->references, memory_order_relaxed);
    rmt_model_lock(model);
    for (int32_t i = 0; i < model->plan_count; i++)
        sizes.plans_bytes += model->plans[i]->memory.bytes;
    sizes.planning_bytes = rmt_arena_capacity(&model->planning);
    sizes.plans_bytes += sizes.planning_bytes;
    sizes.shared_bytes = model->file != RMT_NO_FILE ? model->blob_bytes : 0;
    rmt_lock_give(&model->lock);
    return sizes;
}

/* ---- remembered plans -------------------------------------------------------------------------------------------- */

static bool fits(const rmt_plan *plan, const rmt_view *inputs)
{
    for (int32_t i = 0; i < plan->input_count; i++)
        if (plan->inputs[i].dtype != inputs[i].dtype || !rmt_strides_equal(&plan->inputs[i], &inputs[i]))
            return false;
    return true;
}

/* Moves plans[index] to the front and returns it with one more reference. */
static rmt_plan *use_plan(rmt_model *model, int32_t index)
{
    rmt_plan *plan = model->plans[index];
    memmove(model->plans + 1, model->plans, (size_t)index * sizeof *model->plans);
    model->plans[0] = plan;
    atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
    return plan;
}

static rmt_plan *find_plan(rmt_model *model, const rmt_view *inputs)
{
    for (int32_t i = 0; i < model->plan_count; i++)
        if (fits(model->plans[i], inputs))
            return use_plan(model, i);
    return NULL;
}

/* Keeps a new plan at the front; the one that has not been used for longest goes when there is no room. */
static rmt_plan *keep_plan(rmt_model *model, rmt_plan *plan)
{
    if (model->plan_count == model->option.plan_capacity)
        rmt_plan_release(model->plans[model->plan_count - 1]);
    else
        model->plan_count++;
    model->plans[model->plan_count - 1] = plan;
    return use_plan(model, model->plan_count - 1);
}

/* Made under the lock: clones that meet a new shape together plan it once. */
ramet_status rmt_model_get_plan(rmt_model *model, const rmt_view *inputs, rmt_plan **plan, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    rmt_model_lock(model);
    *plan = find_plan(model, inputs);
    if (*plan == NULL) {
        status = rmt_plan_create(model, inputs, plan, error);
        if (status == RAMET_STATUS_OK)
            *plan = keep_plan(model, *plan);
    }
    rmt_lock_give(&model->lock);
    return status;
}

void rmt_plan_release(rmt_plan *plan)
{
    if (plan == NULL || atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) > 1)
        return;
    rmt_arena memory = plan->memory;
    rmt_arena_clear(&memory); /* the plan lies in its own arena */
}
