/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of matrices: matmul (numpy's, with transposes and batches) and
 * matmul_flatten, the older form. y becomes panels of 16 columns: at load when
 * it is a constant, in scratch otherwise, once for each different matrix. Rows
 * of x and of the result are given to the kernel by pointer, so any layout will
 * do; only where a row of x does not lie together is it gathered first.
 *
 * The kernel sums each element in one order whatever the cut, so neither
 * batches, blocks nor threads show in a result.
 *
 * Panels: [n / 16][k][16] of alpha * y. Packed: the bias, rounded up to 16.
 */
#include "ops/ops_help.h"

#include <string.h>

enum {
    X = RMT_MATMUL_X,
    Y = RMT_MATMUL_Y,
    BIAS = RMT_MATMUL_BIAS,
    ADD = RMT_MATMUL_ADD,
    BLOCK_ROWS = 96,     /* rows of a block of work at most, */
    BLOCK_COLUMNS = 256, /* and columns */
    SHARED_ROWS = 24     /* rows for each thread that make it worth while to share out rows instead of columns */
};

typedef struct matmul_params {
    bool flatten, transpose_x, transpose_y;
    int64_t x_dims, y_dims; /* of a flattened matrix: how many dimensions make its rows */
    float alpha;
    rmt_activation act;
    bool packed;        /* y is in packed panels */
    int64_t k, n;       /* of these */
    int64_t bias_count; /* 0: no bias */
} matmul_params;

static int64_t round_up16(int64_t n) { return (n + RMT_PANEL - 1) / RMT_PANEL * RMT_PANEL; }

/* ---- matrices -------------------------------------------------------------------------------------------------- */

static rmt_view flatten(const rmt_view *view, int64_t row_dims)
{
    int32_t cut = (int32_t)row_dims;
    rmt_view matrix = {.dtype = view->dtype, .shape = {.rank = 2}, .data = view->data};
    matrix.shape.dims[0] = rmt_dims_product(&view->shape, 0, cut);
    matrix.shape.dims[1] = rmt_dims_product(&view->shape, cut, view->shape.rank);
    rmt_strides_dense(&matrix);
    return matrix;
}

/* [..., rows, columns]; a vector becomes one row, or one column. */
static rmt_view matrix_of(const rmt_view *view, bool as_column, bool transposed)
{
    rmt_view m = *view;
    if (m.shape.rank == 1) {
        int32_t at = as_column ? 1 : 0;
        m.shape = (rmt_shape){2, {view->shape.dims[0], view->shape.dims[0]}};
        m.shape.dims[at] = 1;
        m.strides[0] = m.strides[1] = view->strides[0];
    } else if (transposed) {
        int32_t row = m.shape.rank - 2, column = m.shape.rank - 1;
        m.shape.dims[row] = view->shape.dims[column];
        m.shape.dims[column] = view->shape.dims[row];
        m.strides[row] = view->strides[column];
        m.strides[column] = view->strides[row];
    }
    return m;
}

/* x [batch..., m, k], y [batch..., k, n], batches as the inputs have them. */
static void operands_of(const matmul_params *params, const rmt_view *in, rmt_view *x, rmt_view *y)
{
    if (params->flatten) {
        *x = flatten(&in[X], params->x_dims);
        *y = flatten(&in[Y], params->y_dims);
        return;
    }
    *x = matrix_of(&in[X], false, params->transpose_x);
    *y = matrix_of(&in[Y], true, params->transpose_y);
}

static int64_t rows_of(const rmt_view *matrix) { return matrix->shape.dims[matrix->shape.rank - 2]; }
static int64_t columns_of(const rmt_view *matrix) { return matrix->shape.dims[matrix->shape.rank - 1]; }
static int64_t row_stride(const rmt_view *matrix) { return matrix->strides[matrix->shape.rank - 2]; }
static int64_t column_stride(const rmt_view *matrix) { return matrix->strides[matrix->shape.rank - 1]; }

static rmt_shape batch_of(const rmt_view *matrix)
{
    rmt_shape batch = matrix->shape;
    batch.rank -= 2;
    return batch;
}

/* ---- load ------------------------------------------------------------------------------------------------------ */

static ramet_status read_flatten(rmt_op_load *load, matmul_params *params)
{
    params->x_dims = rmt_node_int(load->node, "x_num_col_dims", 1);
    params->y_dims = rmt_node_int(load->node, "y_num_col_dims", 1);
    if (params->x_dims < 1 || params->x_dims >= RMT_MAX_RANK || params->y_dims < 1 || params->y_dims >= RMT_MAX_RANK)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "x_num_col_dims or y_num_col_dims is out of range");
    return RAMET_STATUS_OK;
}

static bool can_pack(const rmt_value *y, const matmul_params *params)
{
    if (y == NULL || !rmt_dtype_is_float(y->dtype) || rmt_shape_elements(&y->shape) < 1)
        return false;
    return params->flatten ? y->shape.rank > params->y_dims : y->shape.rank == 2;
}

static rmt_view constant_matrix(const matmul_params *params, const rmt_value *constant)
{
    rmt_view view = rmt_view_dense(constant->dtype, &constant->shape, NULL);
    return params->flatten ? flatten(&view, params->y_dims) : matrix_of(&view, true, params->transpose_y);
}

static ramet_status claim(rmt_op_load *load, matmul_params *params)
{
    const rmt_value *y = rmt_node_constant(load->graph, load->node, Y);
    if (can_pack(y, params)) {
        rmt_view matrix = constant_matrix(params, y);
        params->packed = true;
        params->k = rows_of(&matrix);
        params->n = columns_of(&matrix);
        load->panel_floats = params->k * round_up16(params->n);
        load->packed_inputs |= 1u << Y;
    }
    if (load->panel_floats > RMT_MAX_ELEMENTS)
        return rmt_fail(load->error, RAMET_STATUS_OVER_BUDGET, "the weights would pack to more than 8 GiB");
    load->packed_bytes = (size_t)round_up16(params->bias_count) * sizeof(float);
    return RAMET_STATUS_OK;
}

static ramet_status read_bias(rmt_op_load *load, matmul_params *params)
{
    if (load->node->input_count <= BIAS || load->node->inputs[BIAS] == RMT_NO_VALUE)
        return RAMET_STATUS_OK;
    const rmt_value *bias = rmt_node_constant(load->graph, load->node, BIAS);
    params->bias_count = bias != NULL ? rmt_shape_elements(&bias->shape) : 0;
    if (params->bias_count < 1)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "the bias must be a constant");
    load->packed_inputs |= 1u << BIAS;
    return RAMET_STATUS_OK;
}

static ramet_status matmul_load(rmt_op_load *load)
{
    matmul_params *params = load->params;
    ramet_status status = rmt_load_inputs(load, 2);
    params->flatten = strcmp(load->node->op, "matmul_flatten") == 0;
    if (status == RAMET_STATUS_OK && params->flatten)
        status = read_flatten(load, params);
    params->transpose_x = rmt_node_bool(load->node, "transpose_x", false);
    params->transpose_y = rmt_node_bool(load->node, "transpose_y", false);
    params->alpha = (float)rmt_node_float(load->node, "alpha", 1);
    params->act = rmt_activation_fused(load->node);
    if (status == RAMET_STATUS_OK)
        status = read_bias(load, params);
    return status == RAMET_STATUS_OK ? claim(load, params) : status;
}

/* ---- pack ------------------------------------------------------------------------------------------------------ */

static void matmul_pack(const rmt_op_pack *pack)
{
    const matmul_params *params = pack->params;
    const rmt_value *y = rmt_node_constant(pack->graph, pack->node, Y);
    const rmt_value *bias = rmt_node_constant(pack->graph, pack->node, BIAS);
    bool transposed = !params->flatten && params->transpose_y;
    if (params->packed)
        rmt_constant_panels(y, transposed, params->k, params->n, params->alpha, pack->panels);
    if (params->bias_count > 0)
        rmt_constant_floats(bias, 0, params->bias_count, (float *)pack->packed);
}

static bool has_addend(int32_t in_count) { return in_count > ADD; }

/* ---- infer ----------------------------------------------------------------------------------------------------- */

static void append(rmt_shape *shape, int64_t dim) { shape->dims[shape->rank++] = dim; }

/* False when the result has too many dimensions. */
static bool flattened_shape(const matmul_params *params, const rmt_view *in, rmt_shape *out)
{
    if (params->x_dims + in[Y].shape.rank - params->y_dims > RMT_MAX_RANK)
        return false;
    out->rank = 0;
    for (int32_t i = 0; i < params->x_dims; i++)
        append(out, in[X].shape.dims[i]);
    for (int32_t i = (int32_t)params->y_dims; i < in[Y].shape.rank; i++)
        append(out, in[Y].shape.dims[i]);
    return true;
}

static bool product_shape(const rmt_view *in, const rmt_view *x, const rmt_view *y, rmt_shape *out)
{
    rmt_shape x_batch = batch_of(x), y_batch = batch_of(y);
    if (!rmt_broadcast_shapes(&x_batch, &y_batch, -1, out))
        return false;
    if (in[X].shape.rank > 1)
        append(out, rows_of(x));
    if (in[Y].shape.rank > 1)
        append(out, columns_of(y));
    return true;
}

static ramet_status matmul_infer(rmt_op_infer *infer)
{
    const matmul_params *params = infer->params;
    const rmt_view *in = infer->in;
    rmt_shape *out = &infer->out[0].shape;
    for (int32_t i = X; i <= Y; i++) {
        ramet_status status = params->packed && i == Y ? RAMET_STATUS_OK : rmt_infer_float32(infer, i);
        if (status != RAMET_STATUS_OK)
            return status;
        if (in[i].shape.rank < 1 || (params->flatten && in[i].shape.rank <= (i == X ? params->x_dims : params->y_dims)))
            return rmt_infer_fail(infer, "too few dimensions for a product of matrices");
    }
    rmt_view x, y;
    operands_of(params, in, &x, &y);
    int64_t k = columns_of(&x), n = columns_of(&y);
    if (k != rows_of(&y) || k > INT32_MAX - RMT_PANEL || n > INT32_MAX - RMT_PANEL)
        return rmt_infer_fail(infer, "rows of %lld do not meet columns of %lld", (long long)k, (long long)rows_of(&y));
    if (params->bias_count > 0 && params->bias_count != n)
        return rmt_infer_fail(infer, "the bias has %lld numbers for %lld columns", (long long)params->bias_count,
                              (long long)n);
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    if (!(params->flatten ? flattened_shape(params, in, out) : product_shape(in, &x, &y, out)))
        return rmt_infer_fail(infer, "batches do not fit together");
    if (has_addend(infer->in_count)) {
        ramet_status status = rmt_infer_float32(infer, ADD);
        if (status != RAMET_STATUS_OK)
            return status;
        if (!rmt_shape_equal(&in[ADD].shape, out))
            return rmt_infer_fail(infer, "what is added has not the shape of the product");
    }
    return rmt_infer_done(infer);
}

/* ---- place ----------------------------------------------------------------------------------------------------- */

/* A product of views of one batch shape, and how it is to be run: the same at place and at run. */
typedef struct product {
    const matmul_params *params;
    rmt_view x, y, out; /* [batch..., m, k], [batch..., k, n], [batch..., m, n] */
    float *addend;      /* lies as out, or NULL */
    int64_t m, n, k;
    int64_t batches;     /* matrices of the result */
    bool one_y;          /* all batches share one y: their rows are as those of one matrix */
    bool gather;         /* rows of x do not lie together */
    bool by_batch;       /* a thread takes whole batches, each with its own panels */
    size_t panel_floats; /* of one y in scratch; 0 when packed */
    size_t row_floats;   /* of gathered rows, one thread */
} product;

static bool is_repeated(const rmt_view *matrix)
{
    for (int32_t i = 0; i < matrix->shape.rank - 2; i++)
        if (matrix->shape.dims[i] > 1 && matrix->strides[i] != 0)
            return false;
    return true;
}

/* The view repeated to the batch shape of out. */
static rmt_view with_batch(const rmt_view *matrix, const rmt_view *out)
{
    rmt_shape shape = out->shape;
    shape.dims[shape.rank - 2] = rows_of(matrix);
    shape.dims[shape.rank - 1] = columns_of(matrix);
    return rmt_view_broadcast(matrix, -1, &shape);
}

/* The result as [batch..., m, n]: dense, whatever its own dimensions. */
static rmt_view result_matrix(const rmt_view *x, const rmt_view *y, const rmt_view *out)
{
    rmt_view m = {.dtype = out->dtype, .data = out->data};
    rmt_shape x_batch = batch_of(x), y_batch = batch_of(y);
    (void)rmt_broadcast_shapes(&x_batch, &y_batch, -1, &m.shape);
    append(&m.shape, rows_of(x));
    append(&m.shape, columns_of(y));
    rmt_strides_dense(&m);
    return m;
}

static product product_of(const matmul_params *params, const rmt_view *in, const rmt_view *out, int threads)
{
    product p = {.params = params};
    operands_of(params, in, &p.x, &p.y);
    p.m = rows_of(&p.x);
    p.k = columns_of(&p.x);
    p.n = columns_of(&p.y);
    p.out = result_matrix(&p.x, &p.y, out);
    p.x = with_batch(&p.x, &p.out);
    p.y = with_batch(&p.y, &p.out);
    rmt_shape batch = batch_of(&p.out);
    p.batches = rmt_shape_elements(&batch);
    p.one_y = params->packed || is_repeated(&p.y);
    p.gather = p.k > 1 && column_stride(&p.x) != 1;
    p.by_batch = !p.one_y && p.batches >= threads;
    p.panel_floats = params->packed ? 0 : (size_t)(p.k * round_up16(p.n));
    p.row_floats = p.gather ? rmt_round_up((size_t)(BLOCK_ROWS * p.k), RMT_PANEL) : 0;
    return p;
}

static void matmul_place(rmt_op_place *place)
{
    const matmul_params *params = place->params;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = params->flatten || i == ADD ? RMT_FORM_DENSE : RMT_FORM_ANY;
    rmt_strides_dense(&place->out[0]);
    if (has_addend(place->in_count))
        place->place[0].in_place_of = ADD;
    if (rmt_shape_elements(&place->out[0].shape) == 0)
        return;
    product p = product_of(params, place->in, &place->out[0], place->threads);
    size_t threads = (size_t)place->threads;
    place->scratch_bytes = (p.panel_floats * (p.by_batch ? threads : 1) + p.row_floats * threads) * sizeof(float);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct matmul_loop {
    const rmt_op_run *run;
    const product *p;
    const void *panels;
    rmt_weight_type type; /* of panels */
    const float *bias;
    float *row_room; /* row_floats for each thread, or of the one thread that runs the loop */
    int64_t first_batch, rows;
    int64_t block_rows, columns, across; /* blocks, and how many lie side by side */
} matmul_loop;

/* Elements from the start of view to batch `index`. */
static int64_t batch_offset(const rmt_view *view, int64_t index)
{
    int64_t offset = 0;
    for (int32_t i = view->shape.rank - 3; i >= 0; i--) {
        offset += index % view->shape.dims[i] * view->strides[i];
        index /= view->shape.dims[i];
    }
    return offset;
}

/* Pointers to `count` rows of view from row `first` of all batches' rows. */
static void point_at_rows(const rmt_view *view, int64_t first, int64_t count, float **rows)
{
    int64_t m = rows_of(view), batch = first / m, row = first % m;
    float *base = (float *)view->data + batch_offset(view, batch);
    for (int64_t i = 0; i < count; i++) {
        rows[i] = base + row * row_stride(view);
        if (++row == m) {
            row = 0;
            base = (float *)view->data + batch_offset(view, ++batch);
        }
    }
}

/* Copies rows of x together and points at the copies. */
static void gather_rows(const product *p, int64_t count, float **rows, float *room)
{
    int64_t k = p->k, step = column_stride(&p->x);
    for (int64_t i = 0; i < count; i++, room += k) {
        for (int64_t q = 0; q < k; q++)
            room[q] = rows[i][q * step];
        rows[i] = room;
    }
}

/* The block of the result from `row` of all rows and from `column` on. */
static void run_block(const matmul_loop *loop, int64_t row, int64_t column, float *room)
{
    const product *p = loop->p;
    float *x_rows[BLOCK_ROWS], *out_rows[BLOCK_ROWS], *add_rows[BLOCK_ROWS];
    int64_t rows = rmt_min_i64(loop->block_rows, loop->rows - row);
    row += loop->first_batch * p->m;
    point_at_rows(&p->x, row, rows, x_rows);
    point_at_rows(&p->out, row, rows, out_rows);
    if (p->gather)
        gather_rows(p, rows, x_rows, room);
    for (int64_t r = 0; r < rows; r++) {
        out_rows[r] += column;
        add_rows[r] = p->addend != NULL ? p->addend + (out_rows[r] - (float *)p->out.data) : NULL;
    }
    rmt_gemm block = {.a = (const float *const *)x_rows,
                      .m = (int32_t)rows,
                      .taps = 1,
                      .k = (int32_t)p->k,
                      .b = rmt_weight_at(loop->panels, loop->type, column * p->k),
                      .type = loop->type,
                      .panel_stride = (ptrdiff_t)p->k * RMT_PANEL,
                      .n = (int32_t)rmt_min_i64(loop->columns, p->n - column),
                      .bias = loop->bias != NULL ? loop->bias + column : NULL,
                      .add = p->addend != NULL ? (const float *const *)add_rows : NULL,
                      .c = out_rows,
                      .act = p->params->act};
    loop->run->kernels->gemm(&block);
}

/* Blocks of rows times blocks of columns, columns innermost. */
static void run_blocks(void *context, int64_t first, int64_t last, int thread)
{
    const matmul_loop *loop = context;
    float *room = loop->row_room + (size_t)thread * loop->p->row_floats;
    for (int64_t i = first; i < last; i++)
        run_block(loop, i / loop->across * loop->block_rows, i % loop->across * loop->columns, room);
}

static int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Cuts the rows into even blocks, as many for each thread; returns how many there are. */
static int64_t cut_blocks(matmul_loop *loop, int64_t threads)
{
    int64_t n = loop->p->n, panels = ceil_divide(n, RMT_PANEL);
    int64_t down = ceil_divide(loop->rows, BLOCK_ROWS), across = ceil_divide(n, BLOCK_COLUMNS);
    if (loop->p->gather) /* a row is gathered once */
        across = 1;
    if (loop->rows >= threads * SHARED_ROWS)
        down = ceil_divide(down, threads) * threads;
    else if (!loop->p->gather)
        across = rmt_min_i64(ceil_divide(across, threads) * threads, panels);
    loop->block_rows = rmt_min_i64(ceil_divide(ceil_divide(loop->rows, down), 6) * 6, BLOCK_ROWS);
    loop->columns = ceil_divide(panels, across) * RMT_PANEL;
    loop->across = ceil_divide(n, loop->columns);
    return ceil_divide(loop->rows, loop->block_rows) * loop->across;
}

/* Multiplies `rows` rows from batch first_batch on by loop->panels. */
static void multiply(matmul_loop *loop, rmt_team *team, int64_t rows)
{
    loop->rows = rows;
    int64_t blocks = cut_blocks(loop, rmt_team_size(team));
    int64_t work = loop->block_rows * loop->columns * rmt_max_i64(loop->p->k, 1);
    rmt_for_range(team, blocks, RMT_CHUNK_WORK / work + 1, run_blocks, loop);
}

typedef struct pack_loop {
    const rmt_op_run *run;
    const product *p;
    const float *y;
    float *panels;
} pack_loop;

static void pack_blocks(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const pack_loop *loop = context;
    const product *p = loop->p;
    rmt_activation times = rmt_activation_none();
    times.scale = p->params->alpha;
    for (int64_t column = first * RMT_PANEL; column < last * RMT_PANEL; column += RMT_PANEL) {
        float *panel = loop->panels + column * p->k;
        loop->run->kernels->pack_panels(loop->y + column * column_stride(&p->y), row_stride(&p->y),
                                        column_stride(&p->y), (int32_t)p->k,
                                        (int32_t)rmt_min_i64(RMT_PANEL, p->n - column), panel);
        if (times.scale != 1.0f)
            loop->run->kernels->unary(panel, panel, p->k * RMT_PANEL, &times);
    }
}

/* The panels of y of one batch, made in `room` unless they are packed. */
static const void *panels_of(const matmul_loop *loop, rmt_team *team, int64_t batch, float *room)
{
    const product *p = loop->p;
    if (p->params->packed)
        return loop->run->panels;
    pack_loop pack = {loop->run, p, (const float *)p->y.data + batch_offset(&p->y, batch), room};
    rmt_for_range(team, (p->n + RMT_PANEL - 1) / RMT_PANEL, 4, pack_blocks, &pack);
    return room;
}

/* Whole batches on one thread. */
static void run_batches(void *context, int64_t first, int64_t last, int thread)
{
    matmul_loop loop = *(const matmul_loop *)context;
    float *room = (float *)loop.run->scratch + (size_t)thread * loop.p->panel_floats;
    loop.row_room += (size_t)thread * loop.p->row_floats;
    for (int64_t b = first; b < last; b++) {
        loop.panels = panels_of(&loop, NULL, b, room);
        loop.first_batch = b;
        multiply(&loop, NULL, loop.p->m);
    }
}

static void matmul_run(const rmt_op_run *run)
{
    const matmul_params *params = run->params;
    int threads = rmt_team_size(run->team);
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    product p = product_of(params, run->in, &run->out[0], threads);
    p.addend = has_addend(run->in_count) ? run->in[ADD].data : NULL;
    float *room = (float *)run->scratch;
    matmul_loop loop = {.run = run, .p = &p};
    loop.type = params->packed ? run->panel_type : RMT_WEIGHT_FLOAT32;
    loop.bias = params->bias_count > 0 ? (const float *)run->packed : NULL;
    loop.row_room = room + p.panel_floats * (p.by_batch ? (size_t)threads : 1);
    if (p.by_batch) {
        rmt_for_range(run->team, p.batches, 1, run_batches, &loop);
        return;
    }
    for (int64_t b = 0; b < (p.one_y ? 1 : p.batches); b++) {
        loop.panels = panels_of(&loop, run->team, b, room);
        loop.first_batch = b;
        multiply(&loop, run->team, p.one_y ? p.batches * p.m : p.m);
    }
}

/* ---- for other operators ----------------------------------------------------------------------------------------- */

static const matmul_params plain = {.alpha = 1, .act = {RMT_UNARY_NONE, 0, 0, 0, 1, 0}};

size_t rmt_matmul_scratch(const rmt_view in[2], const rmt_view *out, int32_t threads)
{
    rmt_view made = *out;
    rmt_form form[2];
    rmt_output_place output;
    rmt_op_place place = {
        .params = &plain, .in_count = 2, .out_count = 1, .in = in, .out = &made, .form = form, .place = &output};
    place.threads = threads;
    matmul_place(&place);
    return place.scratch_bytes;
}

void rmt_matmul_run(const rmt_op_run *run, const rmt_view in[2], const rmt_view *out, unsigned char *scratch)
{
    rmt_op_run own = *run;
    own.params = &plain;
    own.in_count = 2;
    own.in = in;
    own.out = out;
    own.scratch = scratch;
    matmul_run(&own);
}

const rmt_op rmt_op_matmul = {.name = "matmul",
                              .params_bytes = sizeof(matmul_params),
                              .load = matmul_load,
                              .pack = matmul_pack,
                              .infer = matmul_infer,
                              .place = matmul_place,
                              .run = matmul_run};
