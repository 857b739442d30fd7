/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vision: classify and read text. What the task models share.
 *
 * A task model is three stages and nothing more: a preprocessor that makes one
 * float32 input tensor of images (and, where a model asks for them, a few
 * numbers about each), a runtime, and a postprocessor that makes results of
 * the outputs. Here is the part of that which is the same for all of them; a
 * task says only how an image is measured and written (rmt_preprocessor_kind)
 * and how a row, or all outputs together, are read (rmt_postprocessor_kind).
 *
 * An image's answer never depends on the others: images share a run only when
 * each alone would give an input of the same size.
 */
#ifndef RMT_VISION_H
#define RMT_VISION_H

#include "base/base.h"
#include "formats/formats.h"
#include "image/image.h"
#include "runtime/runtime.h"

/* ---- memory that a handle keeps between calls -------------------------------------------------------------------- */

/* Grows to the largest need and stays; zeroed is empty. */
typedef struct rmt_scratch {
    void *data;
    size_t bytes;
} rmt_scratch;

/* Room for count elements of `size` bytes, contents undefined; NULL when memory is exhausted. */
void *rmt_scratch_take(rmt_scratch *scratch, size_t count, size_t size);
void rmt_scratch_clear(rmt_scratch *scratch);

/* ---- texts shared by clones -------------------------------------------------------------------------------------- */

/* Label names or the characters of a dictionary. Immutable once shared, and counted: retain and release anywhere. */
typedef struct rmt_texts {
    _Atomic(size_t) holders;
    rmt_arena arena; /* holds items and their characters */
    const char **items;
    size_t count;
} rmt_texts;

/* A list held once, each item "", for its creator to fill; NULL when memory is exhausted. */
rmt_texts *rmt_texts_create(size_t count);
bool rmt_texts_set(rmt_texts *texts, size_t index, const char *text); /* a copy; false when memory is exhausted */
/* The lines of a file; the scalars of a YAML list. Held once. */
ramet_status rmt_texts_from_file(const char *path, rmt_texts **texts, ramet_error *error);
ramet_status rmt_texts_from_yaml(const rmt_yaml *list, const char *path, rmt_texts **texts, ramet_error *error);
rmt_texts *rmt_texts_retain(rmt_texts *texts); /* NULL stays NULL */
void rmt_texts_release(rmt_texts *texts);      /* NULL is allowed */

/* ---- images in their order of work ------------------------------------------------------------------------------- */

/* Rows and columns of a network's input. */
typedef struct rmt_extent {
    int32_t height, width;
} rmt_extent;

/* An image of a caller's array, and the input that it would get alone. */
typedef struct rmt_place {
    size_t index;
    rmt_extent extent;
} rmt_place;

/* Some images of a caller's array, to be worked on together. */
typedef struct rmt_selection {
    const ramet_image *images; /* the array; NULL: none is known */
    const rmt_place *places;   /* which of them; NULL: the first `count` */
    size_t count;
} rmt_selection;

/* Sorts by extent, then index. */
void rmt_places_sort(rmt_place *places, size_t count);
/* How many of the first `limit` (0: no limit) places have the extent of the first; at least 1, count >= 1. */
size_t rmt_places_alike(const rmt_place *places, size_t count, size_t limit);

/* ---- preprocessors ----------------------------------------------------------------------------------------------- */

typedef enum rmt_layout {
    RMT_LAYOUT_NCHW, /* what the public preprocessors give */
    RMT_LAYOUT_NHWC  /* what the runtime takes without a further pass */
} rmt_layout;

typedef struct rmt_preprocessor rmt_preprocessor;

/* An input float32 [images, width] that a model may ask for by name. */
typedef struct rmt_side_input {
    const char *name;
    size_t width;
    /* Fills values[0..width) for an image that has been measured. */
    void (*write)(const rmt_preprocessor *self, const ramet_image *image, float *values);
} rmt_side_input;

typedef struct rmt_preprocessor_kind {
    size_t bytes; /* of the whole object */
    /* Fails for an image that cannot be used; the image itself has been checked. */
    ramet_status (*measure)(const rmt_preprocessor *self, const ramet_image *image, rmt_extent *extent,
                            ramet_error *error);
    /* Fills all of slot, a float32 view [1, 3, height, width] of any strides. */
    ramet_status (*write)(rmt_preprocessor *self, const ramet_image *image, const rmt_view *slot, ramet_error *error);
    void (*configure)(rmt_preprocessor *self, const rmt_preprocessor *from); /* takes over what `from` was made with */
    void (*release)(rmt_preprocessor *self); /* frees what it holds besides the head; NULL: nothing */
    const rmt_side_input *sides;             /* [side_count]; what else it can tell a model about an image */
    size_t side_count;
} rmt_preprocessor_kind;

/* The first member of every preprocessor. */
struct rmt_preprocessor {
    const rmt_preprocessor_kind *kind;
    rmt_guard guard;
    rmt_scratch pixels, places; /* the tensor handed out last */
    int32_t disabled;           /* of ramet_preprocess_step */
};

/* A zeroed object of this kind; NULL, with the error filled, when memory is exhausted. */
rmt_preprocessor *rmt_preprocessor_create(const rmt_preprocessor_kind *kind, ramet_error *error);
rmt_preprocessor *rmt_preprocessor_clone(const rmt_preprocessor *self, ramet_error *error);
void rmt_preprocessor_destroy(rmt_preprocessor *self); /* NULL is allowed */

/* As ramet_det_preprocessor_disable(). */
ramet_status rmt_preprocessor_disable(rmt_preprocessor *self, int32_t steps, ramet_error *error);

/* What a kind is to write with: `pixels`, or pixels as they are where normalising is disabled. */
rmt_pixel_transform rmt_preprocessor_numbers(const rmt_preprocessor *self, const rmt_pixel_transform *pixels);

/* Fills places[0..count) for images[0..count), in that order. */
ramet_status rmt_preprocessor_measure(const rmt_preprocessor *self, const ramet_image *images, size_t count,
                                      rmt_place *places, ramet_error *error);

/*
 * Images of one extent -> a float32 view [count, 3, height, width] in the preprocessor's memory, valid until its next
 * run; [count, height, width, 3], whatever the layout, where permuting is disabled.
 */
ramet_status rmt_preprocessor_run(rmt_preprocessor *self, const rmt_selection *selection, rmt_layout layout,
                                  rmt_view *view, ramet_error *error);

/* The public form: images in their own order -> an NCHW tensor. Refuses NULL and images of several extents. */
ramet_status rmt_preprocessor_run_tensor(rmt_preprocessor *self, const ramet_image *images, size_t count,
                                         ramet_tensor *tensor, ramet_error *error);

/* ---- postprocessors ---------------------------------------------------------------------------------------------- */

typedef struct rmt_postprocessor rmt_postprocessor;

/* What a run of a model has given, in the program's order. */
typedef struct rmt_outputs {
    const ramet_tensor *tensors;
    size_t count;
} rmt_outputs;

/* Reads one output row by row (accept, read), or all of them at once (read_all). */
typedef struct rmt_postprocessor_kind {
    size_t bytes; /* of the whole object */
    size_t result_bytes;
    /* Whether an output's shape and dtype can be read; its rows are the first dimension. */
    ramet_status (*accept)(const rmt_postprocessor *self, const ramet_tensor *output, ramet_error *error);
    /* Row `row` -> *result, which is zeroed. image: what it was made from; NULL when only the tensor is known. */
    ramet_status (*read)(rmt_postprocessor *self, const ramet_tensor *output, size_t row, const ramet_image *image,
                         void *result, ramet_error *error);
    /* Instead of these two. results: the caller's array, zeroed; that of place p is number p.index. */
    ramet_status (*read_all)(rmt_postprocessor *self, const rmt_outputs *outputs, const rmt_selection *selection,
                             void *results, ramet_error *error);
    void (*clear)(void *result); /* frees and zeroes */
    void (*configure)(rmt_postprocessor *self,
                      const rmt_postprocessor *from); /* takes over what `from` was made with */
    void (*release)(rmt_postprocessor *self);         /* frees what it holds besides the head; NULL: nothing */
} rmt_postprocessor_kind;

/* The first member of every postprocessor. */
struct rmt_postprocessor {
    const rmt_postprocessor_kind *kind;
    rmt_guard guard;
};

/* As their preprocessor's namesakes. */
rmt_postprocessor *rmt_postprocessor_create(const rmt_postprocessor_kind *kind, ramet_error *error);
rmt_postprocessor *rmt_postprocessor_clone(const rmt_postprocessor *self, ramet_error *error);
void rmt_postprocessor_destroy(rmt_postprocessor *self);

/*
 * Outputs -> the results of the selection's images, in the caller's array of results. They stand zeroed, and are the
 * caller's to clear, also on failure.
 */
ramet_status rmt_postprocessor_run(rmt_postprocessor *self, const rmt_outputs *outputs, const rmt_selection *selection,
                                   void *results, ramet_error *error);

/* The public form: row i -> result i. Results are overwritten, and zeroed on failure. Refuses NULL. */
ramet_status rmt_postprocessor_run_tensor(rmt_postprocessor *self, const ramet_tensor *output, void *results,
                                          size_t count, ramet_error *error);

/* A float32 tensor of this rank with data for all its elements; `what` names it in the message. */
ramet_status rmt_tensor_check(const ramet_tensor *tensor, int32_t rank, const char *what, ramet_error *error);

/* ---- task models ------------------------------------------------------------------------------------------------- */

/* The three stages joined: what every task model is. */
typedef struct rmt_task {
    rmt_guard guard;
    ramet_runtime *runtime;
    rmt_preprocessor *pre;
    rmt_postprocessor *post;
    size_t batch_size; /* images a run at most; 0: as many as measure the same */
    rmt_scratch places, numbers;
    rmt_arena arena;              /* holds the arrays below, one entry for each input and output of the model */
    const rmt_side_input **sides; /* NULL for the input that takes the images */
    rmt_view *inputs;
    ramet_tensor *outputs;
} rmt_task;

/* INVALID_ARGUMENT: the pointer that a new object should be put at is NULL. */
ramet_status rmt_fail_no_place(ramet_error *error);

/* Makes or changes the outer stages of a task, and its batch_size, as an option of the task's own type says. */
typedef ramet_status rmt_task_stages(rmt_task *task, const void *option, ramet_error *error);

/*
 * Opens the runtime, lets `add` make the other stages, and matches the model's inputs and outputs with them: UNSUPPORTED
 * when they do not fit. NULL on failure; *status says how it went.
 */
rmt_task *rmt_task_open(const char *model, const ramet_runtime_option *runtime_option, rmt_task_stages *add,
                        const void *option, ramet_status *status, ramet_error *error);
rmt_task *rmt_task_clone(rmt_task *task, ramet_status *status, ramet_error *error); /* NULL on failure */
/* Calls `set` while nobody else uses the task. */
ramet_status rmt_task_set_option(rmt_task *task, rmt_task_stages *set, const void *option, ramet_error *error);
/* Another batch_size for a task that is open; a program made for single images goes on getting them one by one. */
void rmt_task_set_batch_size(rmt_task *task, size_t batch_size);
void rmt_task_close(rmt_task *task); /* NULL and a task without some of its stages are allowed */

/* The stages of a task; NULL for no task. */
ramet_runtime *rmt_task_runtime(rmt_task *task);
rmt_preprocessor *rmt_task_preprocessor(rmt_task *task);
rmt_postprocessor *rmt_task_postprocessor(rmt_task *task);

/* images [count] -> results [count]; on failure all results are zeroed. */
ramet_status rmt_task_predict(rmt_task *task, const ramet_image *images, size_t count, void *results,
                              ramet_error *error);

#endif
