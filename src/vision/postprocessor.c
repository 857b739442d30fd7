/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of an output tensor to results: what is the same for every task.
 */
#include "vision/vision.h"

#include <stdlib.h>
#include <string.h>

rmt_postprocessor *rmt_postprocessor_create(const rmt_postprocessor_kind *kind, ramet_error *error)
{
    rmt_postprocessor *self = calloc(1, kind->bytes);
    if (self == NULL)
        rmt_fail_memory(error, kind->bytes);
    else
        self->kind = kind;
    return self;
}

rmt_postprocessor *rmt_postprocessor_clone(const rmt_postprocessor *self, ramet_error *error)
{
    rmt_postprocessor *clone = rmt_postprocessor_create(self->kind, error);
    if (clone != NULL)
        self->kind->configure(clone, self);
    return clone;
}

void rmt_postprocessor_destroy(rmt_postprocessor *self)
{
    if (self == NULL)
        return;
    if (self->kind->release != NULL)
        self->kind->release(self);
    free(self);
}

ramet_status rmt_tensor_check(const ramet_tensor *tensor, int32_t rank, const char *what, ramet_error *error)
{
    if (tensor->dtype != RAMET_DTYPE_FLOAT32 || tensor->rank != rank)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "%s must be float32 of rank %d, not %s of rank %d", what,
                        (int)rank, ramet_dtype_name(tensor->dtype), (int)tensor->rank);
    rmt_shape shape = {.rank = rank};
    memcpy(shape.dims, tensor->dims, sizeof shape.dims);
    int64_t elements = rmt_shape_elements(&shape);
    if (elements < 0)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "%s has a size below zero or is too large", what);
    if (elements > 0 && tensor->data == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%s has no data", what);
    return RAMET_STATUS_OK;
}

/* Row i of the one output -> the result of the selection's image i. */
static ramet_status read_rows(rmt_postprocessor *self, const ramet_tensor *output, const rmt_selection *selection,
                              char *results, ramet_error *error)
{
    ramet_status status = self->kind->accept(self, output, error);
    if (status == RAMET_STATUS_OK && output->dims[0] != (int64_t)selection->count)
        status = rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "an output of %lld rows cannot give %zu results",
                          (long long)output->dims[0], selection->count);
    for (size_t row = 0; status == RAMET_STATUS_OK && row < selection->count; row++) {
        size_t index = selection->places != NULL ? selection->places[row].index : row;
        const ramet_image *image = selection->images != NULL ? &selection->images[index] : NULL;
        status = self->kind->read(self, output, row, image, results + index * self->kind->result_bytes, error);
    }
    return status;
}

ramet_status rmt_postprocessor_run(rmt_postprocessor *self, const rmt_outputs *outputs, const rmt_selection *selection,
                                   void *results, ramet_error *error)
{
    ramet_status status = rmt_guard_enter(&self->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (self->kind->read_all != NULL)
        status = self->kind->read_all(self, outputs, selection, results, error);
    else
        status = read_rows(self, &outputs->tensors[0], selection, results, error);
    rmt_guard_leave(&self->guard);
    return status;
}

ramet_status rmt_postprocessor_run_tensor(rmt_postprocessor *self, const ramet_tensor *output, void *results,
                                          size_t count, ramet_error *error)
{
    if (self == NULL || output == NULL || (results == NULL && count > 0))
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a postprocessor needs a tensor and room for results");
    size_t bytes = self->kind->result_bytes;
    if (count > 0)
        memset(results, 0, count * bytes);
    rmt_selection selection = {.count = count};
    rmt_outputs outputs = {output, 1};
    ramet_status status = rmt_postprocessor_run(self, &outputs, &selection, results, error);
    for (size_t i = 0; status != RAMET_STATUS_OK && i < count; i++)
        self->kind->clear((char *)results + i * bytes);
    return status;
}
