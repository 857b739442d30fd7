/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebP (lossy and lossless) through libwebp. Alpha is dropped without being
 * applied, as cv2.imread does. Animations are refused: libwebp's plain decoder
 * does not read them.
 */
#include "image/decoders.h"

#include <webp/decode.h>

static ramet_status fail_webp(VP8StatusCode code, ramet_error *error)
{
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for a WebP image");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the WebP uses a feature that libwebp cannot decode");
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "damaged WebP: the file ends early");
    default: return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "damaged WebP: its data cannot be decoded");
    }
}

ramet_status rmt_decode_webp(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error)
{
    (void)orientation;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "this libwebp is not the one that ramet was built for");
    VP8StatusCode code = WebPGetFeatures(file->bytes, file->count, &config.input);
    if (code != VP8_STATUS_OK)
        return fail_webp(code, error);
    if (config.input.has_animation)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the WebP is an animation; save one of its frames alone");
    ramet_status status = rmt_decode_create(file, config.input.width, config.input.height, image, error);
    if (status != RAMET_STATUS_OK)
        return status;
    config.output.colorspace = MODE_BGR;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image->data;
    config.output.u.RGBA.stride = (int)image->pitch;
    config.output.u.RGBA.size = (size_t)image->pitch * (size_t)image->height;
    code = WebPDecode(file->bytes, file->count, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? RAMET_STATUS_OK : fail_webp(code, error);
}
