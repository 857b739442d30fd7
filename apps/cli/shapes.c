/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of inputs, as --input names them. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "1x3x224x224" */
static bool read_dimensions(const char *text, ramet_tensor *tensor)
{
    for (tensor->rank = 0; tensor->rank < RAMET_MAX_RANK && *text >= '0' && *text <= '9'; text++) {
        char *end;
        errno = 0;
        tensor->dims[tensor->rank++] = strtoll(text, &end, 10);
        if (errno || (*end && *end != 'x'))
            return false;
        if (!*end)
            return true;
        text = end;
    }
    return false;
}

/* The dtype that the model declares for the input of that name, or at that position. */
static ramet_dtype declared_dtype(const ramet_runtime *runtime, const char *name, size_t position)
{
    ramet_tensor info;
    for (size_t i = 0; i < ramet_runtime_input_count(runtime); i++)
        if (!ramet_runtime_input_info(runtime, i, &info) && (name ? !strcmp(name, info.name) : i == position))
            return info.dtype;
    return RAMET_DTYPE_FLOAT32;
}

ramet_status cli_shape_read(const ramet_runtime *runtime, const char *text, size_t position, ramet_tensor *tensor,
                            ramet_error *error)
{
    const char *equals = strchr(text, '=');
    if (!read_dimensions(equals ? equals + 1 : text, tensor))
        return cli_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "--input '%s': NAME=1x3x224x224 is wanted", text);
    tensor->name = equals ? cli_must(strndup(text, (size_t)(equals - text))) : NULL;
    tensor->dtype = declared_dtype(runtime, tensor->name, position);
    return RAMET_STATUS_OK;
}
