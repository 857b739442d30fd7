/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded bytes to pixels: finds the kind, runs its decoder, applies the
 * orientation.
 *
 * Invariant: a call either returns OK and an image that owns its pixels, or a
 * zeroed image. No pixel is allocated before the claimed size is within
 * max_pixels.
 */
#include "image/decoders.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)

static bool begins_with(const rmt_encoded *file, const char *signature, size_t bytes)
{
    return file->count >= bytes && memcmp(file->bytes, signature, bytes) == 0;
}

static bool is_jpeg(const rmt_encoded *file) { return begins_with(file, "\xff\xd8\xff", 3); }
static bool is_png(const rmt_encoded *file) { return begins_with(file, "\x89PNG\r\n\x1a\n", 8); }
static bool is_bmp(const rmt_encoded *file) { return begins_with(file, "BM", 2); }

static bool is_webp(const rmt_encoded *file)
{
    return file->count >= 12 && begins_with(file, "RIFF", 4) && memcmp(file->bytes + 8, "WEBP", 4) == 0;
}

static bool is_pnm(const rmt_encoded *file)
{
    return file->count >= 3 && file->bytes[0] == 'P' && file->bytes[1] >= '1' && file->bytes[1] <= '6' &&
           strchr(" \t\r\n#", file->bytes[2]) && file->bytes[2];
}

static const struct {
    bool (*matches)(const rmt_encoded *file);
    rmt_decoder decode;
} kinds[] = {
    {is_jpeg, rmt_decode_jpeg}, {is_png, rmt_decode_png}, {is_webp, rmt_decode_webp},
    {is_bmp, rmt_decode_bmp},   {is_pnm, rmt_decode_pnm},
};

static rmt_decoder find_decoder(const rmt_encoded *file)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].matches(file))
            return kinds[i].decode;
    return NULL;
}

ramet_status rmt_decode_check(const rmt_encoded *file, int64_t width, int64_t height, ramet_error *error)
{
    if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX)
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the image claims %lld x %lld pixels", (long long)width,
                        (long long)height);
    if (width * height > file->max_pixels)
        return rmt_fail(error, RAMET_STATUS_OVER_BUDGET,
                        "the image claims %lld x %lld pixels; max_pixels allows %lld pixels", (long long)width,
                        (long long)height, (long long)file->max_pixels);
    return RAMET_STATUS_OK;
}

ramet_status rmt_decode_create(const rmt_encoded *file, int64_t width, int64_t height, ramet_image *image,
                               ramet_error *error)
{
    ramet_status status = rmt_decode_check(file, width, height, error);
    return status == RAMET_STATUS_OK ? rmt_image_create((int32_t)width, (int32_t)height, image, error) : status;
}

/* Replaces *image by itself as it should be looked at. */
static ramet_status apply_orientation(ramet_image *image, int orientation, ramet_error *error)
{
    ramet_image turned;
    ramet_status status = rmt_image_orient(image, orientation, &turned, error);
    if (status != RAMET_STATUS_OK)
        return status;
    ramet_image_clear(image);
    *image = turned;
    return RAMET_STATUS_OK;
}

static ramet_status decode(const rmt_encoded *file, bool ignore_orientation, ramet_image *image, ramet_error *error)
{
    if (file->count == 0)
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the file is empty; an image was expected");
    rmt_decoder decoder = find_decoder(file);
    if (!decoder)
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT,
                        "the bytes are no image that ramet reads: JPEG, PNG, BMP, PNM (P1 to P6) and WebP work");
    int orientation = 1;
    ramet_status status = decoder(file, image, &orientation, error);
    if (status == RAMET_STATUS_OK && orientation != 1 && !ignore_orientation)
        status = apply_orientation(image, orientation, error);
    if (status != RAMET_STATUS_OK)
        ramet_image_clear(image);
    return status;
}

void ramet_image_option_init(ramet_image_option *option)
{
    if (option)
        *option = (ramet_image_option){.struct_bytes = sizeof *option};
}

/* Both entries: `used` gets the caller's options with defaults in place of zeros. */
static ramet_status read_option(const ramet_image_option *option, ramet_image_option *used, ramet_error *error)
{
    ramet_status status = rmt_option_read(used, sizeof *used, option, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (used->max_pixels < 0)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "max_pixels is %lld; it cannot be negative",
                        (long long)used->max_pixels);
    if (used->max_pixels == 0)
        used->max_pixels = RMT_IMAGE_MAX_PIXELS;
    return RAMET_STATUS_OK;
}

ramet_status ramet_image_decode(const void *bytes, size_t count, const ramet_image_option *option, ramet_image *image,
                                ramet_error *error)
{
    if (!image || (!bytes && count))
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "ramet_image_decode() needs bytes and an image");
    *image = (ramet_image){0};
    ramet_image_option used;
    ramet_status status = read_option(option, &used, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_encoded file = {bytes, count, used.max_pixels};
    return decode(&file, used.ignore_orientation != 0, image, error);
}

ramet_status ramet_image_load(const char *path, const ramet_image_option *option, ramet_image *image,
                              ramet_error *error)
{
    if (!image || !path)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "ramet_image_load() needs a path and an image");
    *image = (ramet_image){0};
    unsigned char *bytes;
    size_t count;
    int failed = rmt_os_read_file(path, FILE_MAX_BYTES, &bytes, &count);
    if (failed)
        return rmt_fail_errno(error, failed, "read", path);
    ramet_status status = ramet_image_decode(bytes, count, option, image, error);
    free(bytes);
    return status == RAMET_STATUS_OK ? status : rmt_fail_at(error, status, "%s", path);
}
