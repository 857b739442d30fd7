/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classification: the transform of a configuration as a preprocessor.
 */
#include "vision/classify/classify.h"

ramet_status ramet_classify_preprocessor_create(const char *config_file, ramet_classify_preprocessor **preprocessor,
                                                ramet_error *error)
{
    rmt_transform transform;
    rmt_yaml_file file;
    if (preprocessor == NULL)
        return rmt_fail_no_place(error);
    *preprocessor = NULL;
    if (config_file == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a preprocessor needs a configuration file");
    ramet_status status = rmt_yaml_open(config_file, &file, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = rmt_classify_transform_read(&file, &transform, error);
    rmt_yaml_close(&file);
    if (status != RAMET_STATUS_OK)
        return status;
    *preprocessor = (ramet_classify_preprocessor *)rmt_transformer_create(&transform, error);
    return *preprocessor != NULL ? RAMET_STATUS_OK : RAMET_STATUS_OUT_OF_MEMORY;
}

void ramet_classify_preprocessor_destroy(ramet_classify_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

ramet_status ramet_classify_preprocessor_disable(ramet_classify_preprocessor *preprocessor, int32_t steps,
                                                 ramet_error *error)
{
    return rmt_preprocessor_disable((rmt_preprocessor *)preprocessor, steps, error);
}

ramet_status ramet_classify_preprocessor_run(ramet_classify_preprocessor *preprocessor, const ramet_image *images,
                                             size_t count, ramet_tensor *tensor, ramet_error *error)
{
    return rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, images, count, tensor, error);
}
