/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation: the transform of a configuration as a preprocessor.
 */
#include "vision/segment/segment.h"

void ramet_segment_option_init(ramet_segment_option *option)
{
    if (option != NULL)
        *option = (ramet_segment_option){.struct_bytes = sizeof *option};
}

ramet_status ramet_segment_preprocessor_create(const char *config_file, ramet_segment_preprocessor **preprocessor,
                                               ramet_error *error)
{
    rmt_segment_config config;
    if (preprocessor == NULL)
        return rmt_fail_no_place(error);
    *preprocessor = NULL;
    ramet_status status = rmt_segment_config_open(config_file, &config, error);
    if (status != RAMET_STATUS_OK)
        return status;
    *preprocessor = (ramet_segment_preprocessor *)rmt_transformer_create(&config.transform, error);
    return *preprocessor != NULL ? RAMET_STATUS_OK : RAMET_STATUS_OUT_OF_MEMORY;
}

void ramet_segment_preprocessor_destroy(ramet_segment_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

ramet_status ramet_segment_preprocessor_set_option(ramet_segment_preprocessor *preprocessor,
                                                   const ramet_segment_option *option, ramet_error *error)
{
    rmt_preprocessor *self = (rmt_preprocessor *)preprocessor;
    ramet_segment_option read;
    ramet_status status = rmt_option_read(&read, sizeof read, option, error);
    if (status == RAMET_STATUS_OK && self == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "there is no preprocessor to set options of");
    if (status == RAMET_STATUS_OK)
        status = rmt_guard_enter(&self->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_segment_set_vertical(rmt_transformer_transform(self), read.is_vertical_screen != 0);
    rmt_guard_leave(&self->guard);
    return RAMET_STATUS_OK;
}

ramet_status ramet_segment_preprocessor_disable(ramet_segment_preprocessor *preprocessor, int32_t steps,
                                                ramet_error *error)
{
    return rmt_preprocessor_disable((rmt_preprocessor *)preprocessor, steps, error);
}

ramet_status ramet_segment_preprocessor_run(ramet_segment_preprocessor *preprocessor, const ramet_image *images,
                                            size_t count, ramet_tensor *tensor, ramet_error *error)
{
    return rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, images, count, tensor, error);
}
