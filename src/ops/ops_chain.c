/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a chain. The last image is cut into strips of columns and these into bands of rows. For a band it is found, from
 * the last link to the first, which rows of each image are wanted and not there yet; then the links make them, first to
 * last. Between two links lies a window that holds these rows, and above them what the next band will still need.
 *
 * Links address pixels as if the whole image were there: a window is a view whose first element lies before the memory.
 * A pixel is computed as without a chain, so nothing of this shows in results.
 */
#include <string.h>

#include "ops/ops_help.h"

/* What is in a window: rows [top, bottom); columns from left on. */
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
    rmt_area task[RMT_MOST_LINKS], needed[RMT_MOST_LINKS]; /* of the band at hand; an empty task: it is all there */
    window_state window[RMT_MOST_LINKS];
} strip_run;

bool rmt_link_area(const rmt_link *link, rmt_area *made, rmt_area *needed)
{
    if (link->op->area != NULL)
        return link->op->area(link->params, link->in, &link->out, made, needed);
    *needed = *made;
    return (link->op->flags & RMT_OP_PIXELWISE) != 0;
}

/* From the last link to the first: what is to be made for this part of the last image. */
static void find_tasks(strip_run *s, rmt_area wanted)
{
    const rmt_chain *chain = s->d->chain;
    for (int32_t k = chain->count - 1; k >= 0; k--) {
        rmt_area *task = &s->task[k];
        *task = wanted;
        (void)rmt_link_area(&chain->links[k], task, &s->needed[k]);
        task->top = rmt_max_i64(task->top, s->window[k].bottom);
        if (task->top >= task->bottom) {
            for (; k >= 0; k--)
                s->task[k] = (rmt_area){0};
            return;
        }
        (void)rmt_link_area(&chain->links[k], task, &s->needed[k]);
        wanted = s->needed[k];
    }
}

static int64_t row_bytes(const rmt_view *image) { return image->strides[2] * (int64_t)sizeof(float); }

/* Makes room below for the task of link k: rows that its reader is done with go. */
static void slide(strip_run *s, int32_t k)
{
    const rmt_link *link = &s->d->chain->links[k];
    window_state *w = &s->window[k];
    const rmt_area *task = &s->task[k];
    const int64_t top = rmt_min_i64(s->needed[k + 1].top, task->top), row = row_bytes(&link->out);
    unsigned char *memory = s->scratch + link->window_at;
    if (top > w->top && top < w->bottom)
        memmove(memory, memory + (top - w->top) * row, (size_t)((w->bottom - top) * row));
    *w = (window_state){top, task->bottom, task->left};
}

/* The image as a view of which only the window is there. */
static rmt_view window_view(const strip_run *s, int32_t k)
{
    const rmt_link *link = &s->d->chain->links[k];
    const window_state *w = &s->window[k];
    rmt_view view = link->out;
    const int64_t before = w->top * view.strides[2] + w->left * view.strides[3];
    view.shape.dims[0] = 1;
    view.data = (void *)((uintptr_t)(s->scratch + link->window_at) - (uintptr_t)before * sizeof(float));
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

static rmt_view area_of(const rmt_view *view, const rmt_area *area)
{
    rmt_view part = *view;
    part.data = rmt_view_at(view, area->top * view->strides[2] + area->left * view->strides[3]);
    part.shape.dims[2] = area->bottom - area->top;
    part.shape.dims[3] = area->right - area->left;
    return part;
}

static void run_link(strip_run *s, int32_t k)
{
    const chain_run *d = s->d;
    const rmt_link *link = &d->chain->links[k];
    const bool last = k == d->chain->count - 1, pixelwise = link->op->area == NULL;
    rmt_view in[RMT_LINK_INPUTS], out;
    for (int32_t i = 0; i < link->in_count; i++) {
        in[i] = link->in[i];
        if (link->from[i] >= 0)
            in[i] = of_image(&d->run->in[link->from[i]], s->image);
        else if (link->from[i] == RMT_LINK_BEFORE)
            in[i] = window_view(s, k - 1);
    }
    if (!last)
        slide(s, k);
    out = last ? of_image(&d->run->out[0], s->image) : window_view(s, k);
    if (pixelwise) {
        in[0] = area_of(&in[0], &s->task[k]);
        out = area_of(&out, &s->task[k]);
    }
    link->op->run(&(rmt_op_run){.params = link->params,
                                .packed = link->packed,
                                .in_count = link->in_count,
                                .out_count = 1,
                                .in = in,
                                .out = &out,
                                .scratch = s->scratch + d->chain->room_at,
                                .kernels = d->run->kernels,
                                .area = s->task[k]});
    if (last)
        s->window[k].bottom = s->task[k].bottom;
}

static void run_band(strip_run *s, int64_t strip, int64_t band)
{
    const rmt_chain *chain = s->d->chain;
    const int64_t *dims = chain->links[chain->count - 1].out.shape.dims;
    find_tasks(s, (rmt_area){.top = band * chain->rows,
                             .bottom = rmt_min_i64((band + 1) * chain->rows, dims[2]),
                             .left = strip * chain->columns,
                             .right = rmt_min_i64((strip + 1) * chain->columns, dims[3])});
    for (int32_t k = 0; k < chain->count; k++)
        if (s->task[k].top < s->task[k].bottom)
            run_link(s, k);
}

/* Bands, numbered down each strip of each image. */
static void run_bands(void *context, int64_t first, int64_t last, int thread)
{
    const chain_run *d = context;
    strip_run s = {.d = d, .scratch = d->run->scratch + d->chain->thread_bytes * (size_t)thread};
    for (int64_t i = first; i < last; i++) {
        const int64_t band = i % d->bands, strip = i / d->bands % d->strips;
        if (i == first || band == 0)
            memset(s.window, 0, sizeof s.window);
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
