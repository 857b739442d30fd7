/* SPDX-License-Identifier: Apache-2.0 */
/*
 * einsum of one or two tensors as a product of matrices [b, m, k] and
 * [b, k, n]: b are the labels of both tensors and the result, m and n those of
 * one tensor and the result, k all that are summed. Each tensor is copied into
 * that order (a diagonal and a repeated dimension are only strides), and the
 * product into the order of the result. A single tensor meets a one.
 *
 * Scratch: the two matrices, their product, then what the product needs.
 */
#include "ops/ops_help.h"

#include <string.h>

enum {
    LABELS = 52 + RMT_MAX_RANK, /* letters, then the dimensions of an ellipsis from the last one backwards */
    RESULT = 2,                 /* terms: x, y, result */
    TERMS
};

typedef struct term {
    int8_t labels[RMT_MAX_RANK];
    int8_t count, ellipsis; /* the label before which an ellipsis stands; -1: none */
} term;

typedef struct einsum_params {
    term term[TERMS];
    int32_t operands;
    bool implicit; /* no result named: labels that stand once, by alphabet */
} einsum_params;

/* ---- load ------------------------------------------------------------------------------------------------------ */

static int label_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= 'a' && c <= 'z' ? 26 + c - 'a' : -1;
}

/* Reads letters and one ellipsis up to ',', '-' or the end. False for anything else. */
static bool read_term(const char **text, term *t)
{
    t->ellipsis = -1;
    for (; **text != '\0' && **text != ',' && **text != '-'; ++*text) {
        if (**text == ' ')
            continue;
        if (strncmp(*text, "...", 3) == 0 && t->ellipsis < 0) {
            t->ellipsis = t->count;
            *text += 2;
            continue;
        }
        if (label_of(**text) < 0 || t->count == RMT_MAX_RANK)
            return false;
        t->labels[t->count++] = (int8_t)label_of(**text);
    }
    return true;
}

static bool read_equation(const char *text, einsum_params *params)
{
    bool good = read_term(&text, &params->term[0]);
    params->operands = 1;
    if (good && *text == ',') {
        text++;
        params->operands = 2;
        good = read_term(&text, &params->term[1]);
    }
    params->implicit = *text == '\0';
    if (!good || params->implicit)
        return good;
    if (strncmp(text, "->", 2) != 0)
        return false;
    text += 2;
    return read_term(&text, &params->term[RESULT]) && *text == '\0';
}

static ramet_status einsum_load(rmt_op_load *load)
{
    einsum_params *params = load->params;
    const char *equation = rmt_node_string(load->node, "equation", "");
    params->term[1].ellipsis = -1;
    if (!read_equation(equation, params))
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "equation '%s'", equation);
    if (load->node->input_count != params->operands)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "equation '%s' for %d inputs", equation,
                        (int)load->node->input_count);
    return rmt_load_inputs(load, params->operands);
}

/* ---- what the labels mean for given shapes ------------------------------------------------------------------------ */

/* Terms without ellipses, and the size of each label. */
typedef struct meaning {
    term term[TERMS];
    int64_t size[LABELS]; /* 0: not there */
    bool used[TERMS][LABELS];
} meaning;

/* Puts `dims` labels in the place of the ellipsis. False when there are too many. */
static bool spell_out(term *t, int32_t dims)
{
    if (t->ellipsis < 0 || dims < 0 || t->count + dims > RMT_MAX_RANK)
        return t->ellipsis < 0 && dims == 0;
    memmove(t->labels + t->ellipsis + dims, t->labels + t->ellipsis, (size_t)(t->count - t->ellipsis));
    for (int32_t i = 0; i < dims; i++)
        t->labels[t->ellipsis + i] = (int8_t)(LABELS - RMT_MAX_RANK + dims - 1 - i);
    t->count = (int8_t)(t->count + dims);
    return true;
}

static void name_result(meaning *m, int32_t ellipsis)
{
    term *out = &m->term[RESULT];
    *out = (term){.ellipsis = 0};
    for (int8_t label = 0; label < LABELS - RMT_MAX_RANK; label++) {
        int32_t seen = 0;
        for (int32_t t = 0; t < RESULT; t++)
            for (int32_t i = 0; i < m->term[t].count; i++)
                seen += m->term[t].labels[i] == label ? 1 : 0;
        if (seen == 1 && out->count < RMT_MAX_RANK)
            out->labels[out->count++] = label;
    }
    (void)spell_out(out, ellipsis);
}

/* Sizes of labels; a dimension of 1 is repeated. False when they contradict each other. */
static bool measure(meaning *m, int32_t t, const rmt_shape *shape)
{
    for (int32_t i = 0; i < shape->rank; i++) {
        int8_t label = m->term[t].labels[i];
        int64_t *size = &m->size[label], dim = shape->dims[i];
        if (m->used[0][label] || m->used[1][label]) {
            if (*size != dim && *size != 1 && dim != 1)
                return false;
            *size = *size == 1 ? dim : *size;
        } else {
            *size = dim;
        }
        m->used[t][label] = true;
    }
    return true;
}

/* False when shapes and equation do not fit together. */
static bool understand(const einsum_params *params, const rmt_view *in, meaning *m)
{
    int32_t ellipsis = 0;
    *m = (meaning){0};
    memcpy(m->term, params->term, sizeof m->term);
    for (int32_t t = 0; t < params->operands; t++) {
        int32_t dims = in[t].shape.rank - m->term[t].count;
        if (!spell_out(&m->term[t], dims))
            return false;
        ellipsis = dims > ellipsis ? dims : ellipsis;
    }
    if (params->implicit)
        name_result(m, ellipsis);
    else if (!spell_out(&m->term[RESULT], m->term[RESULT].ellipsis < 0 ? 0 : ellipsis))
        return false;
    for (int32_t t = 0; t < params->operands; t++)
        if (!measure(m, t, &in[t].shape))
            return false;
    for (int32_t i = 0; i < m->term[RESULT].count; i++) {
        int8_t label = m->term[RESULT].labels[i];
        if (m->used[RESULT][label] || (!m->used[0][label] && !m->used[1][label]))
            return false;
        m->used[RESULT][label] = true;
    }
    return true;
}

/* ---- matrices -------------------------------------------------------------------------------------------------- */

typedef enum part { BATCH, ROWS, COLUMNS, SUMMED, PARTS } part;

static part part_of(const meaning *m, int label)
{
    if (!m->used[RESULT][label])
        return SUMMED;
    return m->used[0][label] && m->used[1][label] ? BATCH : m->used[0][label] ? ROWS : COLUMNS;
}

/* The view of a term along the labels of three parts in turn; labels that it lacks repeat it. False: too many. */
static bool arrange(const meaning *m, int32_t t, const rmt_view *view, const part parts[3], rmt_view *arranged)
{
    *arranged = (rmt_view){.dtype = RAMET_DTYPE_FLOAT32, .data = view->data};
    for (int p = 0; p < 3; p++) {
        for (int label = 0; label < LABELS; label++) {
            bool there = m->used[0][label] || m->used[1][label];
            if (!there || part_of(m, label) != parts[p] || m->size[label] == 1)
                continue;
            if (arranged->shape.rank == RMT_MAX_RANK)
                return false;
            int64_t stride = 0;
            for (int32_t i = 0; i < view->shape.rank; i++)
                if (m->term[t].labels[i] == label && view->shape.dims[i] > 1)
                    stride += view->strides[i];
            arranged->shape.dims[arranged->shape.rank] = m->size[label];
            arranged->strides[arranged->shape.rank++] = stride;
        }
    }
    return true;
}

typedef struct product {
    rmt_shape x, y, out;  /* [b, m, k], [b, k, n], [b, m, n] */
    rmt_view from[2], to; /* x, y and result in these orders, with all their dimensions */
} product;

/* in[], out: shapes and strides. False when a matrix has too many dimensions or elements. */
static bool make_product(const einsum_params *params, const meaning *m, const rmt_view *in, const rmt_view *out,
                         product *p)
{
    static const part orders[TERMS][3] = {{BATCH, ROWS, SUMMED}, {BATCH, SUMMED, COLUMNS}, {BATCH, ROWS, COLUMNS}};
    static const rmt_view nothing = {.dtype = RAMET_DTYPE_FLOAT32};
    rmt_shape size[PARTS] = {{0}};
    for (int label = 0; label < LABELS; label++) {
        if ((!m->used[0][label] && !m->used[1][label]) || m->size[label] == 1)
            continue;
        rmt_shape *s = &size[part_of(m, label)];
        if (s->rank == RMT_MAX_RANK)
            return false;
        s->dims[s->rank++] = m->size[label];
    }
    int64_t count[PARTS];
    for (int i = 0; i < PARTS; i++)
        count[i] = rmt_shape_elements(&size[i]);
    p->x = (rmt_shape){3, {count[BATCH], count[ROWS], count[SUMMED]}};
    p->y = (rmt_shape){3, {count[BATCH], count[SUMMED], count[COLUMNS]}};
    p->out = (rmt_shape){3, {count[BATCH], count[ROWS], count[COLUMNS]}};
    return rmt_shape_elements(&p->x) >= 0 && rmt_shape_elements(&p->y) >= 0 && rmt_shape_elements(&p->out) >= 0 &&
           count[SUMMED] <= INT32_MAX - RMT_PANEL && count[COLUMNS] <= INT32_MAX - RMT_PANEL &&
           arrange(m, 0, &in[0], orders[0], &p->from[0]) &&
           arrange(m, 1, params->operands > 1 ? &in[1] : &nothing, orders[1], &p->from[1]) &&
           arrange(m, RESULT, out, orders[RESULT], &p->to);
}

static ramet_status einsum_infer(rmt_op_infer *infer)
{
    const einsum_params *params = infer->params;
    meaning m;
    product p;
    for (int32_t i = 0; i < params->operands; i++) {
        ramet_status status = rmt_infer_float32(infer, i);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    if (!understand(params, infer->in, &m))
        return rmt_infer_fail(infer, "the equation does not fit the shapes");
    rmt_view *out = &infer->out[0];
    out->dtype = RAMET_DTYPE_FLOAT32;
    out->shape.rank = m.term[RESULT].count;
    for (int32_t i = 0; i < out->shape.rank; i++)
        out->shape.dims[i] = m.size[m.term[RESULT].labels[i]];
    if (!make_product(params, &m, infer->in, out, &p))
        return rmt_infer_fail(infer, "the equation makes matrices that are too large");
    return rmt_infer_done(infer);
}

/* ---- place, run -------------------------------------------------------------------------------------------------- */

static size_t matrix_bytes(const rmt_shape *shape)
{
    return rmt_round_up((size_t)rmt_shape_elements(shape) * sizeof(float), RMT_PACK_ALIGN);
}

/* A dense matrix in scratch, which moves on. */
static rmt_view matrix_in(const rmt_shape *shape, unsigned char **scratch)
{
    rmt_view matrix = rmt_view_dense(RAMET_DTYPE_FLOAT32, shape, *scratch);
    *scratch += matrix_bytes(shape);
    return matrix;
}

static void einsum_place(rmt_op_place *place)
{
    meaning m;
    product p;
    rmt_strides_dense(&place->out[0]);
    if (rmt_shape_elements(&place->out[0].shape) == 0 || !understand(place->params, place->in, &m) ||
        !make_product(place->params, &m, place->in, &place->out[0], &p))
        return;
    rmt_view x = rmt_view_dense(RAMET_DTYPE_FLOAT32, &p.x, NULL), y = rmt_view_dense(RAMET_DTYPE_FLOAT32, &p.y, NULL);
    rmt_view out = rmt_view_dense(RAMET_DTYPE_FLOAT32, &p.out, NULL);
    place->scratch_bytes = matrix_bytes(&p.x) + matrix_bytes(&p.y) + matrix_bytes(&p.out) +
                           rmt_matmul_scratch((const rmt_view[]){x, y}, &out, place->threads);
}

/* A view of the same shape with all its dimensions, dense in the matrix. */
static void copy_into(const rmt_op_run *run, const rmt_view *from, const rmt_view *matrix)
{
    rmt_view to = rmt_view_dense(RAMET_DTYPE_FLOAT32, &from->shape, matrix->data);
    rmt_run_copy(run, from, &to);
}

static void einsum_run(const rmt_op_run *run)
{
    const einsum_params *params = run->params;
    const float one = 1;
    meaning m;
    product p;
    if (rmt_shape_elements(&run->out[0].shape) == 0 || !understand(params, run->in, &m) ||
        !make_product(params, &m, run->in, &run->out[0], &p))
        return;
    unsigned char *scratch = run->scratch;
    rmt_view matrix[TERMS] = {matrix_in(&p.x, &scratch), matrix_in(&p.y, &scratch), matrix_in(&p.out, &scratch)};
    if (params->operands == 1)
        p.from[1].data = (float *)&one;
    copy_into(run, &p.from[0], &matrix[0]);
    copy_into(run, &p.from[1], &matrix[1]);
    rmt_matmul_run(run, matrix, &matrix[RESULT], scratch);
    rmt_view made = rmt_view_dense(RAMET_DTYPE_FLOAT32, &p.to.shape, matrix[RESULT].data);
    rmt_run_copy(run, &made, &p.to);
}

const rmt_op rmt_op_einsum = {.name = "einsum",
                              .params_bytes = sizeof(einsum_params),
                              .load = einsum_load,
                              .infer = einsum_infer,
                              .place = einsum_place,
                              .run = einsum_run};
