/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains: steps on large images that follow each other, and of whose images nobody else reads any but the last, become one
 * step that runs them in turns, an area at a time (see rmt_chain). What lies between them needs no place in the arena then,
 * and its pixels are read while they are still in the second-level cache.
 *
 * A chain is as long as its windows, its weights and what it reads and writes at a time fit together, and its windows are worth
 * reading the weights again.
 */
#include "plan/builder.h"

#include <string.h>

enum {
    CACHE_BYTES =
        768 * 1024, /* for everything that an area touches: more than the cache, of which a part rests meanwhile */
    LEAST_IMAGE = 512 * 1024, /* bytes of an image that is worth being kept out of memory */
    LEAST_PIXELS = 48,        /* of an area: with fewer the weights are read too often */
    LEAST_TILES = 24,         /* likewise, where a layer makes its pixels by tiles */
    LEAST_STRIP = 48,         /* columns */
    LEAST_BANDS = 8,          /* of an image, for threads to share */
    MOST_ROWS = 16,
    MOST_WASTE = 15 /* percent of columns that are made again in the next strip */
};

/* Steps first .. first + count as links of a chain in the making. */
typedef struct chaining {
    rmt_builder *b;
    int32_t *uses; /* of each buffer, by operands of steps and by what outlives them */
    int32_t first;
    rmt_chain chain;
    rmt_link links[RMT_MOST_LINKS];
    int64_t weights[RMT_MOST_LINKS];  /* bytes of each link */
    int32_t buffers[RMT_MOST_LINKS];  /* that became windows */
    rmt_area extents[RMT_MOST_LINKS]; /* the most rows and columns of each window, from 0 on */
} chaining;

static const rmt_step *step_of(const chaining *c, int32_t k) { return &c->b->plan->steps[c->first + k]; }

static const int64_t *last_dims(const chaining *c) { return c->links[c->chain.count - 1].out.shape.dims; }

/* ---- which steps can be links -------------------------------------------------------------------------------------- */

static void count_operand(chaining *c, const rmt_operand *operand)
{
    if (operand->kind == RMT_PLACE_ARENA)
        c->uses[operand->index]++;
}

static bool count_uses(chaining *c)
{
    const rmt_plan *plan = c->b->plan;
    c->uses = rmt_arena_alloc(c->b->scratch, (size_t)plan->buffer_count, sizeof *c->uses);
    for (int32_t s = 0; c->uses != NULL && s < plan->step_count; s++) {
        for (int32_t i = 0; i < plan->steps[s].in_count; i++)
            count_operand(c, &plan->steps[s].in[i]);
        for (int32_t o = 0; o < plan->steps[s].out_count; o++)
            count_operand(c, &plan->steps[s].out[o]);
    }
    for (int32_t i = 0; c->uses != NULL && i < plan->output_count; i++)
        count_operand(c, &plan->outputs[i]);
    for (int32_t i = 0; c->uses != NULL && i < plan->kept_count; i++)
        count_operand(c, &plan->kept[i].at);
    return c->uses != NULL;
}

static bool is_image(const rmt_view *view)
{
    return view->shape.rank == 4 && view->dtype == RAMET_DTYPE_FLOAT32 && view->shape.dims[0] > 0 &&
           view->shape.dims[1] > 0 && view->shape.dims[2] > 1 && view->shape.dims[3] > 1;
}

static bool same_pixels(const rmt_view *a, const rmt_view *b)
{
    return is_image(a) && is_image(b) && a->shape.dims[0] == b->shape.dims[0] && a->shape.dims[2] == b->shape.dims[2] &&
           a->shape.dims[3] == b->shape.dims[3];
}

/* Inputs of an operator that works pixel by pixel: the same pixels, or one for all. */
static bool takes_areas(const rmt_step *step)
{
    const rmt_view *out = &step->out[0].view;
    for (int32_t i = 0; i < step->in_count; i++) {
        const rmt_view *in = &step->in[i].view;
        const int64_t *dims = in->shape.dims;
        const bool one = in->shape.rank == 4 && dims[2] == 1 && dims[3] == 1;
        if (!same_pixels(in, out) && (!one || i == 0))
            return false;
    }
    return true;
}

/* The step as a link whose windows are not settled yet. False: it cannot be one. */
static bool make_link(const rmt_step *step, rmt_link *link, int64_t *weights)
{
    if (step->out_count != 1 || step->in_count < 1 || step->in_count > RMT_LINK_INPUTS ||
        step->out[0].kind != RMT_PLACE_ARENA)
        return false;
    *link = (rmt_link){.op = step->op,
                       .params = step->params,
                       .panels = step->panels,
                       .panel_type = step->panel_type,
                       .packed = step->packed,
                       .in_count = step->in_count};
    link->out = step->out[0].view;
    *weights = 0;
    for (int32_t i = 0; i < step->in_count; i++) {
        link->in[i].view = step->in[i].view;
        if (step->in[i].kind == RMT_PLACE_FIXED)
            *weights += rmt_shape_elements(&step->in[i].view.shape) * (int64_t)sizeof(float);
    }
    const rmt_view *in = &link->in[0].view, *out = &link->out;
    if (!is_image(in) || !is_image(out) || in->shape.dims[0] != out->shape.dims[0] || !rmt_view_is_channels_last(out))
        return false;
    rmt_area whole = {0, out->shape.dims[2], 0, out->shape.dims[3]}, needed;
    return (step->op->area != NULL || takes_areas(step)) && rmt_link_area(link, &whole, &needed);
}

/* ---- windows --------------------------------------------------------------------------------------------------------- */

/* The window of a buffer; -1: it has none. */
static int32_t find_window(const chaining *c, const rmt_operand *operand)
{
    for (int32_t w = 0; operand->kind == RMT_PLACE_ARENA && w < c->chain.window_count; w++)
        if (c->buffers[w] == operand->index)
            return w;
    return -1;
}

static int64_t image_bytes(const rmt_view *view)
{
    return view->shape.dims[2] * view->shape.dims[3] * view->strides[3] * (int64_t)sizeof(float);
}

/* How often the chain's operands touch the buffer, all of them as images with the pixels of `like`; -1: some otherwise. */
static int32_t count_inside(const chaining *c, int32_t buffer, const rmt_view *like)
{
    int32_t count = 0;
    for (int32_t k = 0; k < c->chain.count; k++) {
        const rmt_step *step = step_of(c, k);
        for (int32_t i = -1; i < step->in_count; i++) {
            const rmt_operand *operand = i < 0 ? &step->out[0] : &step->in[i];
            if (operand->kind != RMT_PLACE_ARENA || operand->index != buffer)
                continue;
            const rmt_view *view = &operand->view;
            if (!same_pixels(view, like) || !rmt_view_is_channels_last(view) || view->strides[3] != like->strides[3] ||
                view->strides[2] != like->strides[2] || operand->offset >= like->strides[3] * (int64_t)sizeof(float))
                return -1;
            count++;
        }
    }
    return count;
}

/* What links but the last write becomes windows. False where somebody else reads it, or it is too small to be worth while. */
static bool find_windows(chaining *c)
{
    c->chain.window_count = 0;
    for (int32_t k = 0; k + 1 < c->chain.count; k++) {
        const rmt_operand *out = &step_of(c, k)->out[0];
        if (find_window(c, out) >= 0)
            continue;
        if (image_bytes(&out->view) < LEAST_IMAGE || count_inside(c, out->index, &out->view) != c->uses[out->index])
            return false;
        c->buffers[c->chain.window_count++] = out->index;
    }
    return find_window(c, &step_of(c, c->chain.count - 1)->out[0]) < 0;
}

static void settle_operands(chaining *c)
{
    for (int32_t k = 0; k < c->chain.count; k++) {
        rmt_link *link = &c->links[k];
        const rmt_step *step = step_of(c, k);
        link->window = find_window(c, &step->out[0]);
        link->offset = link->window < 0 ? 0 : step->out[0].offset / (int64_t)sizeof(float);
        for (int32_t i = 0; i < link->in_count; i++) {
            const int32_t window = find_window(c, &step->in[i]);
            const bool fixed = step->in[i].kind == RMT_PLACE_FIXED || step->in[i].kind == RMT_PLACE_ABSENT;
            link->in[i].source = window >= 0 ? RMT_LINK_WINDOW : fixed ? RMT_LINK_FIXED : RMT_LINK_OUTER;
            link->in[i].index = window;
            link->in[i].offset = window < 0 ? 0 : step->in[i].offset / (int64_t)sizeof(float);
        }
    }
}

/*
 * A window is written again while an operator reads more of it than the pixels that it makes: rows that this will still
 * read might be gone. Operators that take pixel by pixel are always ahead of those that write behind them.
 */
static bool rewrites(const chaining *c)
{
    for (int32_t k = 1; k < c->chain.count; k++)
        for (int32_t j = 0; j < k; j++) {
            const rmt_link_input *in = &c->links[j].in[0];
            if (c->links[j].op->area != NULL && in->source == RMT_LINK_WINDOW && in->index == c->links[k].window)
                return true;
        }
    return false;
}

/* The last image may lie over what its own link adds, but over nothing that a link reads at other times. */
static bool overwrites(const chaining *c)
{
    const int32_t last = c->chain.count - 1, out = step_of(c, last)->out[0].index;
    for (int32_t k = 0; k <= last; k++)
        for (int32_t i = 0; i < step_of(c, k)->in_count; i++) {
            const rmt_operand *in = &step_of(c, k)->in[i];
            if ((k != last || i == 0) && in->kind == RMT_PLACE_ARENA && in->index == out)
                return true;
        }
    return false;
}

/* ---- how much at a time -------------------------------------------------------------------------------------------- */

static int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t area_bytes(const rmt_area *area, const rmt_view *view)
{
    const int64_t pixel = view->strides[1] == 1 ? view->strides[3] : view->shape.dims[1];
    return (area->bottom - area->top) * (area->right - area->left) * pixel * (int64_t)sizeof(float);
}

/* What each window holds while `band` of the last image is made from nothing; returns the bytes that other operands touch. */
static int64_t find_extents(const chaining *c, rmt_area band, rmt_area held[RMT_MOST_LINKS])
{
    int64_t bytes = 0;
    memset(held, 0, RMT_MOST_LINKS * sizeof *held);
    for (int32_t k = c->chain.count - 1; k >= 0; k--) {
        const rmt_link *link = &c->links[k];
        rmt_area made = link->window < 0 ? band : held[link->window], needed;
        if (rmt_area_is_empty(&made))
            continue;
        (void)rmt_link_area(link, &made, &needed);
        rmt_link_want(link, &made, &needed, held);
        if (link->window >= 0)
            rmt_area_add(&held[link->window], &made);
        else
            bytes += area_bytes(&made, &link->out);
        bytes += c->weights[k];
        for (int32_t i = 0; i < link->in_count; i++)
            if (link->in[i].source == RMT_LINK_OUTER && is_image(&link->in[i].view))
                bytes += area_bytes(i == 0 ? &needed : &made, &link->in[i].view);
    }
    return bytes;
}

/* Everything that an area in the middle touches; INT64_MAX when too many columns would be made again. */
static int64_t footprint(const chaining *c)
{
    const rmt_chain *chain = &c->chain;
    const int64_t *last = last_dims(c), strips = ceil_divide(last[3], chain->columns);
    const int64_t top = (last[2] - chain->rows) / 2, left = strips / 2 * chain->columns;
    rmt_area held[RMT_MOST_LINKS];
    int64_t bytes =
        find_extents(c, (rmt_area){top, top + chain->rows, left, rmt_min_i64(left + chain->columns, last[3])}, held);
    for (int32_t k = 0; k < chain->count; k++) {
        const rmt_link *link = &c->links[k];
        const rmt_area *area = link->window < 0 ? NULL : &held[link->window];
        if (area != NULL && strips > 1 &&
            (area->right - area->left) * strips * 100 > link->out.shape.dims[3] * (100 + MOST_WASTE))
            return INT64_MAX;
    }
    for (int32_t w = 0; w < chain->window_count; w++)
        bytes += (held[w].bottom - held[w].top) * (held[w].right - held[w].left) * chain->windows[w].pixel *
                 (int64_t)sizeof(float);
    return bytes;
}

static int64_t pixels_of(const rmt_area *area) { return (area->bottom - area->top) * (area->right - area->left); }

/* Whether each link that makes its pixels by tiles makes enough of them at a time. */
static bool has_tiles(const chaining *c)
{
    const int64_t *last = last_dims(c);
    for (int32_t k = 0; k < c->chain.count; k++) {
        const int64_t *dims = c->links[k].out.shape.dims;
        rmt_area tile = {0, 1, 0, 1}, needed;
        rmt_area made = {0, ceil_divide(c->chain.rows * dims[2], last[2]), 0,
                         rmt_min_i64(ceil_divide(c->chain.columns * dims[3], last[3]), dims[3])};
        (void)rmt_link_area(&c->links[k], &tile, &needed);
        (void)rmt_link_area(&c->links[k], &made, &needed);
        if (pixels_of(&tile) > 1 && pixels_of(&made) < LEAST_TILES * pixels_of(&tile))
            return false;
    }
    return true;
}

/* Whether an area keeps more bytes out of memory, written and read, than it reads of weights once more. */
static bool saves_bytes(const chaining *c)
{
    const int64_t *last = last_dims(c);
    int64_t weights = 0, saved = 0;
    for (int32_t k = 0; k < c->chain.count; k++) {
        const int64_t *dims = c->links[k].out.shape.dims;
        weights += c->weights[k];
        if (c->links[k].window >= 0)
            saved += 2 * (c->chain.rows * c->chain.columns * dims[2] * dims[3] / (last[2] * last[3])) * dims[1] *
                     (int64_t)sizeof(float);
    }
    return weights <= saved;
}

static void find_pixels(chaining *c)
{
    for (int32_t k = 0; k < c->chain.count; k++)
        if (c->links[k].window >= 0)
            c->chain.windows[c->links[k].window].pixel = c->links[k].out.strides[3];
}

/* The most rows at a time that fit, with the last image cut into so many strips. */
static bool settle_area(chaining *c, int64_t strips)
{
    rmt_chain *chain = &c->chain;
    chain->columns = (ceil_divide(last_dims(c)[3], strips) + 7) / 8 * 8;
    for (chain->rows = rmt_min_i64(MOST_ROWS, last_dims(c)[2] / LEAST_BANDS); chain->rows >= 1; chain->rows--)
        if (chain->rows * chain->columns >= LEAST_PIXELS && has_tiles(c) && saves_bytes(c) &&
            footprint(c) <= CACHE_BYTES)
            return true;
    return false;
}

static bool is_chain(chaining *c, int32_t count)
{
    c->chain.count = count;
    if (count < 2 || !find_windows(c) || overwrites(c))
        return false;
    settle_operands(c);
    find_pixels(c);
    return !rewrites(c);
}

/*
 * The longest chain from step `first` on whose rows fit as a whole; in strips only where not even two links do, since memory
 * is read faster along whole rows.
 */
static bool settle_chain(chaining *c, int32_t first)
{
    const rmt_plan *plan = c->b->plan;
    int32_t count = 0;
    c->first = first;
    while (count < RMT_MOST_LINKS && first + count < plan->step_count &&
           make_link(&plan->steps[first + count], &c->links[count], &c->weights[count]))
        count++;
    for (int32_t longest = count; longest > 1; longest--)
        if (is_chain(c, longest) && settle_area(c, 1))
            return true;
    if (count < 2 || !is_chain(c, 2))
        return false;
    for (int64_t strips = 2; strips <= last_dims(c)[3] / LEAST_STRIP; strips++)
        if (settle_area(c, strips))
            return true;
    return false;
}

/* ---- the step ---------------------------------------------------------------------------------------------------------- */

static void widen(chaining *c, rmt_area band)
{
    rmt_area held[RMT_MOST_LINKS];
    (void)find_extents(c, band, held);
    for (int32_t w = 0; w < c->chain.window_count; w++)
        rmt_area_add(&c->extents[w], &(rmt_area){0, held[w].bottom - held[w].top, 0, held[w].right - held[w].left});
}

/* The most rows and columns of each window, over all bands and strips. */
static void measure_windows(chaining *c)
{
    const int64_t *last = last_dims(c), rows = c->chain.rows, columns = c->chain.columns;
    memset(c->extents, 0, sizeof c->extents);
    for (int64_t top = 0; top < last[2]; top += rows)
        widen(c, (rmt_area){top, rmt_min_i64(top + rows, last[2]), 0, rmt_min_i64(columns, last[3])});
    for (int64_t left = 0; left < last[3]; left += columns)
        widen(c, (rmt_area){0, rows, left, rmt_min_i64(left + columns, last[3])});
}

/* Scratch of the link's operator, for one thread. */
static size_t room_of(const rmt_builder *b, const rmt_link *link)
{
    rmt_view out = link->out, in[RMT_LINK_INPUTS];
    for (int32_t i = 0; i < link->in_count; i++)
        in[i] = link->in[i].view;
    rmt_op_place place = {.params = link->params,
                          .in_count = link->in_count,
                          .out_count = 1,
                          .in = in,
                          .out = &out,
                          .form = b->form,
                          .place = b->place,
                          .threads = 1};
    rmt_op_place_views(link->op, &place);
    return place.scratch_bytes;
}

static void place_windows(chaining *c)
{
    rmt_chain *chain = &c->chain;
    size_t at = 0, room = 0;
    measure_windows(c);
    for (int32_t w = 0; w < chain->window_count; w++) {
        chain->windows[w].at = at;
        chain->windows[w].row = c->extents[w].right * chain->windows[w].pixel;
        at += rmt_round_up((size_t)(c->extents[w].bottom * chain->windows[w].row) * sizeof(float), RMT_PACK_ALIGN);
    }
    for (int32_t k = 0; k < chain->count; k++) {
        rmt_link *link = &c->links[k];
        if (link->window >= 0)
            link->out.strides[2] = chain->windows[link->window].row;
        for (int32_t i = 0; i < link->in_count; i++)
            if (link->in[i].source == RMT_LINK_WINDOW)
                link->in[i].view.strides[2] = chain->windows[link->in[i].index].row;
        const size_t wanted = room_of(c->b, link);
        room = wanted > room ? wanted : room;
    }
    chain->room_at = at;
    chain->thread_bytes = at + rmt_round_up(room, RMT_PACK_ALIGN);
}

static void live_over(chaining *c, const rmt_operand *operand)
{
    if (operand->kind != RMT_PLACE_ARENA)
        return;
    const int32_t last = c->first + c->chain.count - 1;
    rmt_plan_buffer *buffer = &c->b->plan->buffers[operand->index];
    buffer->first = buffer->first < c->first ? buffer->first : c->first;
    buffer->last = buffer->last > last ? buffer->last : last;
}

static void drop_buffer(rmt_plan *plan, int32_t index)
{
    if (index >= 0)
        plan->buffers[index] = (rmt_plan_buffer){.first = INT32_MAX, .last = -1};
}

/* Outer inputs of all links become inputs of the chain; what they no longer need goes. */
static void gather_inputs(chaining *c, rmt_step *step)
{
    rmt_plan *plan = c->b->plan;
    for (int32_t k = 0; k < c->chain.count; k++) {
        const rmt_step *from = step_of(c, k);
        for (int32_t i = 0; i < from->in_count; i++) {
            if (c->links[k].in[i].source != RMT_LINK_OUTER)
                continue;
            c->links[k].in[i].index = step->in_count;
            step->in[step->in_count++] = from->in[i];
            live_over(c, &from->in[i]);
        }
        drop_buffer(plan, from->scratch_buffer);
    }
    for (int32_t w = 0; w < c->chain.window_count; w++)
        drop_buffer(plan, c->buffers[w]);
}

static bool make_chain(chaining *c)
{
    rmt_plan *plan = c->b->plan;
    const size_t count = (size_t)c->chain.count;
    const rmt_step *last = step_of(c, c->chain.count - 1);
    rmt_chain *chain = rmt_arena_alloc(&plan->memory, 1, sizeof *chain);
    rmt_link *links = rmt_arena_alloc(&plan->memory, count, sizeof *links);
    rmt_operand *in = rmt_arena_alloc(&plan->memory, count * RMT_LINK_INPUTS, sizeof *in);
    if (chain == NULL || links == NULL || in == NULL)
        return false;
    place_windows(c);
    rmt_step step = {.op = &rmt_op_chain, .params = chain, .node = last->node, .in = in, .out = last->out};
    step.out_count = 1;
    step.scratch_buffer = plan->buffer_count++;
    gather_inputs(c, &step);
    live_over(c, &last->out[0]);
    plan->buffers[step.scratch_buffer] =
        (rmt_plan_buffer){.bytes = (int64_t)c->chain.thread_bytes * c->b->model->option.threads,
                          .first = c->first,
                          .last = c->first + c->chain.count - 1};
    if (step.in_count + 1 > plan->most_operands)
        plan->most_operands = step.in_count + 1;
    memcpy(links, c->links, count * sizeof *links);
    *chain = c->chain;
    chain->links = links;
    plan->steps[c->first] = step;
    return true;
}

/* Steps that have gone into a chain leave the plan; buffers follow the new numbers. */
static void close_gaps(rmt_plan *plan, const int32_t *number, int32_t kept)
{
    for (int32_t i = 0; i < plan->buffer_count; i++) {
        rmt_plan_buffer *buffer = &plan->buffers[i];
        if (buffer->last >= 0 && buffer->first < plan->step_count)
            buffer->first = number[buffer->first];
        if (buffer->last >= 0 && buffer->last < plan->step_count)
            buffer->last = number[buffer->last];
    }
    plan->step_count = kept;
}

bool rmt_builder_chain(rmt_builder *b)
{
    rmt_plan *plan = b->plan;
    chaining *c = rmt_arena_alloc(b->scratch, 1, sizeof *c);
    int32_t *number = rmt_arena_alloc(b->scratch, (size_t)plan->step_count + 1, sizeof *number), kept = 0;
    if (c == NULL || number == NULL)
        return false;
    c->b = b;
    if (!count_uses(c))
        return false;
    for (int32_t s = 0; s < plan->step_count; kept++) {
        const bool chained = settle_chain(c, s);
        if (chained && !make_chain(c))
            return false;
        const int32_t taken = chained ? c->chain.count : 1;
        for (int32_t k = 0; k < taken; k++)
            number[s + k] = kept;
        plan->steps[kept] = plan->steps[s];
        s += taken;
    }
    close_gaps(plan, number, kept);
    return true;
}
