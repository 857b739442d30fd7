/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a chain. The last image is cut into strips of columns and these into bands of rows. For a band it is found, from
 * the last link to the first, which rows each link is to make: those that are wanted and not there yet. Then the links make them,
 * first to last. What passes between links lies in windows, each of which holds these rows of one image, and above them
 * what later bands will still read.
 *
 * Links address pixels as if the whole image were there: a window is a view whose first element lies before the memory.
 * A pixel is computed as without a chain, so nothing of this shows in results.
 */
#include <string.h>

#include "ops/ops_help.h"

/* What is in a window: rows [top, bottom); columns from left on. bottom 0: nothing. */
typedef struct window_state {
    int64_t top, bottom, left;
} window_state;

typedef struct chain_run {
    const rmt_op_run *run;
    const rmt_chain *chain;
    int64_t bands, strips;
} chain_run;

/* One thread, at one strip of one image. */
typedef struct strip_run {
    const chain_run *d;
    unsigned char *scratch;
    int64_t image;
    int64_t done[RMT_MOST_LINKS];    /* rows above are there */
    rmt_area task[RMT_MOST_LINKS];   /* of the band at hand; empty: it is all there */
    rmt_area wanted[RMT_MOST_LINKS]; /* of each window */
    window_state window[RMT_MOST_LINKS];
} strip_run;

bool rmt_area_is_empty(const rmt_area *area) { return area->top >= area->bottom || area->left >= area->right; }

bool rmt_link_area(const rmt_link *link, rmt_area *made, rmt_area *needed)
{
    rmt_view in[RMT_LINK_INPUTS];
    *needed = *made;
    if (link->op->area == NULL)
        return (link->op->flags & RMT_OP_PIXELWISE) != 0;
    for (int32_t i = 0; i < link->in_count; i++)
        in[i] = link->in[i].view;
    return link->op->area(link->params, in, &link->out, made, needed);
}

void rmt_area_add(rmt_area *area, const rmt_area *more)
{
    if (rmt_area_is_empty(more))
        return;
    if (rmt_area_is_empty(area))
        *area = *more;
    area->top = rmt_min_i64(area->top, more->top);
    area->left = rmt_min_i64(area->left, more->left);
    area->bottom = rmt_max_i64(area->bottom, more->bottom);
    area->right = rmt_max_i64(area->right, more->right);
}

void rmt_link_want(const rmt_link *link, const rmt_area *made, const rmt_area *needed, rmt_area *wanted)
{
    for (int32_t i = 0; i < link->in_count; i++)
        if (link->in[i].source == RMT_LINK_WINDOW)
            rmt_area_add(&wanted[link->in[i].index], i == 0 ? needed : made);
}

/* From the last link to the first: what is to be made for this part of the last image. */
static void find_tasks(strip_run *s, const rmt_area *band)
{
    const rmt_chain *chain = s->d->chain;
    memset(s->wanted, 0, sizeof s->wanted);
    for (int32_t k = chain->count - 1; k >= 0; k--) {
        const rmt_link *link = &chain->links[k];
        rmt_area *task = &s->task[k], needed;
        *task = link->window < 0 ? *band : s->wanted[link->window];
        if (!rmt_area_is_empty(task))
            (void)rmt_link_area(link, task, &needed);
        task->top = rmt_max_i64(task->top, s->done[k]);
        if (rmt_area_is_empty(task))
            continue;
        (void)rmt_link_area(link, task, &needed);
        rmt_link_want(link, task, &needed, s->wanted);
    }
}

/* Rows that nobody reads any more leave the windows, and there is room for those of the tasks. */
static void slide(strip_run *s)
{
    const rmt_chain *chain = s->d->chain;
    for (int32_t k = 0; k < chain->count; k++)
        if (chain->links[k].window >= 0)
            rmt_area_add(&s->wanted[chain->links[k].window], &s->task[k]);
    for (int32_t w = 0; w < chain->window_count; w++) {
        const rmt_chain_window *layout = &chain->windows[w];
        window_state *state = &s->window[w];
        if (rmt_area_is_empty(&s->wanted[w]))
            continue;
        const int64_t top = s->wanted[w].top, row = layout->row * (int64_t)sizeof(float);
        unsigned char *memory = s->scratch + layout->at;
        if (state->bottom == 0)
            state->left = s->wanted[w].left;
        if (top > state->top && top < state->bottom)
            memmove(memory, memory + (top - state->top) * row, (size_t)((state->bottom - top) * row));
        state->top = top;
        state->bottom = rmt_max_i64(state->bottom, s->wanted[w].bottom);
    }
}

/* The image as a view of which only the window is there. offset: floats from the start of a pixel. */
static rmt_view window_view(const strip_run *s, const rmt_view *image, int32_t window, int64_t offset)
{
    const rmt_chain_window *layout = &s->d->chain->windows[window];
    const window_state *state = &s->window[window];
    const int64_t before = state->top * layout->row + state->left * layout->pixel - offset;
    rmt_view view = *image;
    view.shape.dims[0] = 1;
    view.data = (void *)((uintptr_t)(s->scratch + layout->at) - (uintptr_t)before * sizeof(float));
    return view;
}

static rmt_view of_image(const rmt_view *view, int64_t image)
{
    rmt_view one = *view;
    if (one.shape.rank == 4 && one.shape.dims[0] > 1) {
        one.data = rmt_view_at(view, image * view->strides[0]);
        one.shape.dims[0] = 1;
    }
    return one;
}

/* A view of the area's pixels; what has one pixel for all stays. */
static rmt_view area_of(const rmt_view *view, const rmt_area *area)
{
    rmt_view part = *view;
    if (view->shape.rank != 4 || view->shape.dims[2] == 1)
        return part;
    part.data = rmt_view_at(view, area->top * view->strides[2] + area->left * view->strides[3]);
    part.shape.dims[2] = area->bottom - area->top;
    part.shape.dims[3] = area->right - area->left;
    return part;
}

static rmt_view input_of(const strip_run *s, const rmt_link_input *in)
{
    if (in->source == RMT_LINK_OUTER)
        return of_image(&s->d->run->in[in->index], s->image);
    return in->source == RMT_LINK_WINDOW ? window_view(s, &in->view, in->index, in->offset) : in->view;
}

static void run_link(strip_run *s, int32_t k)
{
    const chain_run *d = s->d;
    const rmt_link *link = &d->chain->links[k];
    rmt_view in[RMT_LINK_INPUTS], out;
    out =
        link->window < 0 ? of_image(&d->run->out[0], s->image) : window_view(s, &link->out, link->window, link->offset);
    for (int32_t i = 0; i < link->in_count; i++)
        in[i] = input_of(s, &link->in[i]);
    if (link->op->area == NULL) {
        out = area_of(&out, &s->task[k]);
        for (int32_t i = 0; i < link->in_count; i++)
            in[i] = area_of(&in[i], &s->task[k]);
    }
    link->op->run(&(rmt_op_run){.params = link->params,
                                .panels = link->panels,
                                .panel_type = link->panel_type,
                                .packed = link->packed,
                                .in_count = link->in_count,
                                .out_count = 1,
                                .in = in,
                                .out = &out,
                                .scratch = s->scratch + d->chain->room_at,
                                .kernels = d->run->kernels,
                                .area = s->task[k]});
    s->done[k] = s->task[k].bottom;
}

static void run_band(strip_run *s, int64_t strip, int64_t band)
{
    const rmt_chain *chain = s->d->chain;
    const int64_t *dims = chain->links[chain->count - 1].out.shape.dims;
    find_tasks(s, &(rmt_area){.top = band * chain->rows,
                              .bottom = rmt_min_i64((band + 1) * chain->rows, dims[2]),
                              .left = strip * chain->columns,
                              .right = rmt_min_i64((strip + 1) * chain->columns, dims[3])});
    slide(s);
    for (int32_t k = 0; k < chain->count; k++)
        if (!rmt_area_is_empty(&s->task[k]))
            run_link(s, k);
}

/* Bands, numbered down each strip of each image. */
static void run_bands(void *context, int64_t first, int64_t last, int thread)
{
    const chain_run *d = context;
    strip_run s = {.d = d, .scratch = d->run->scratch + d->chain->thread_bytes * (size_t)thread};
    for (int64_t i = first; i < last; i++) {
        const int64_t band = i % d->bands, strip = i / d->bands % d->strips;
        if (i == first || band == 0) {
            memset(s.window, 0, sizeof s.window);
            memset(s.done, 0, sizeof s.done);
        }
        s.image = i / d->bands / d->strips;
        run_band(&s, strip, band);
    }
}

static void chain_run_all(const rmt_op_run *run)
{
    const rmt_chain *chain = run->params;
    const int64_t *dims = chain->links[chain->count - 1].out.shape.dims, threads = rmt_team_size(run->team);
    chain_run d = {.run = run,
                   .chain = chain,
                   .bands = (dims[2] + chain->rows - 1) / chain->rows,
                   .strips = (dims[3] + chain->columns - 1) / chain->columns};
    const int64_t count = dims[0] * d.strips * d.bands;
    rmt_for_range(run->team, count, threads == 1 ? count : (count + 2 * threads - 1) / (2 * threads), run_bands, &d);
}

const rmt_op rmt_op_chain = {.name = "chain", .run = chain_run_all};
