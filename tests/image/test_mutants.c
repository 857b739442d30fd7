/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged image files: whatever is cut, flipped or inflated, the answer is a status, soon, and within bounds.
 *
 * The pseudo-random numbers are ours, so that a finding can be repeated. Every
 * mutant is decoded from a block of exactly its size and under a small pixel
 * limit, so that an over-read is seen and time is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "os/os.h"
#include "support/tensorpack.h"

enum { MUTANTS_A_FILE = 400, MAX_PIXELS = 1 << 20 };

#define SLOWEST_NS UINT64_C(5000000000) /* sanitizers and busy machines included */

static uint64_t random_state;

/* SplitMix64 */
static uint64_t random_bits(void)
{
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static size_t random_below(size_t end) { return (size_t)(random_bits() % end); }

/* Headers decide most; so half of the places lie in the first 64 bytes. */
static size_t random_place(size_t bytes) { return random_below(random_bits() % 2 || bytes < 64 ? bytes : 64); }

static void flip_bits(unsigned char *file, size_t bytes)
{
    for (size_t n = 1 + random_below(4); n > 0; n--)
        file[random_place(bytes)] ^= (unsigned char)(1u << random_below(8));
}

static void set_extremes(unsigned char *file, size_t bytes)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    size_t start = random_place(bytes), count = 1 + random_below(8);
    unsigned char value = values[random_below(sizeof values)];
    for (size_t i = start; i < bytes && i < start + count; i++)
        file[i] = value;
}

/* Copies a stretch of the file over another place. */
static void repeat_stretch(unsigned char *file, size_t bytes)
{
    size_t count = 1 + random_below(bytes), from = random_below(bytes - count + 1),
           to = random_below(bytes - count + 1);
    memmove(file + to, file + from, count);
}

/* A mutant of `file` in a block of exactly its size. */
static unsigned char *make_mutant(const unsigned char *file, size_t bytes, size_t *mutant_bytes)
{
    size_t count = bytes;
    if (random_bits() % 4 == 0)
        count = 1 + random_below(bytes); /* cut */
    else if (random_bits() % 4 == 0)
        count = bytes + random_below(64); /* inflated: the tail repeats the head */
    unsigned char *mutant = malloc(count);
    assert_non_null(mutant);
    for (size_t i = 0; i < count; i++)
        mutant[i] = file[i % bytes];
    switch (random_bits() % 4) {
    case 0: flip_bits(mutant, count); break;
    case 1: set_extremes(mutant, count); break;
    case 2: repeat_stretch(mutant, count); break;
    default: flip_bits(mutant, count), set_extremes(mutant, count); break;
    }
    *mutant_bytes = count;
    return mutant;
}

/* Reads every pixel, so that a sanitizer sees what was never written. */
static uint32_t sum_pixels(const ramet_image *image)
{
    uint32_t sum = 0;
    for (int32_t y = 0; y < image->height; y++)
        for (int32_t x = 0; x < 3 * image->width; x++)
            sum += image->data[y * image->pitch + x];
    return sum;
}

static bool is_expected(ramet_status status)
{
    return status == RAMET_STATUS_OK || status == RAMET_STATUS_BAD_FORMAT || status == RAMET_STATUS_OVER_BUDGET ||
           status == RAMET_STATUS_UNSUPPORTED;
}

static void try_mutant(const char *name, int number, const unsigned char *mutant, size_t bytes)
{
    ramet_image_option option;
    ramet_image_option_init(&option);
    option.max_pixels = MAX_PIXELS;
    ramet_image image;
    ramet_error error = {.status = RAMET_STATUS_OK};
    uint64_t start = rmt_os_now_ns();
    ramet_status status = ramet_image_decode(mutant, bytes, &option, &image, &error);
    if (rmt_os_now_ns() - start > SLOWEST_NS)
        fail_msg("%s, mutant %d took too long", name, number);
    if (!is_expected(status) || error.status != status)
        fail_msg("%s, mutant %d: status %d, message '%s'", name, number, (int)status, error.message);
    if (status == RAMET_STATUS_OK) {
        assert_true((int64_t)image.width * image.height <= MAX_PIXELS);
        assert_true(sum_pixels(&image) != UINT32_MAX);
    } else {
        assert_null(image.data);
        assert_true(error.message[0] != 0);
    }
    ramet_image_clear(&image);
}

static void every_mutant_is_answered_with_a_status(void **state)
{
    (void)state;
    tensorpack pack; /* its names are the files' */
    assert_true(tensorpack_open(RAMET_TEST_DATA "/image/decode.rmtp", &pack));
    for (size_t i = 0; i < pack.count; i++) {
        char path[512];
        unsigned char *file;
        size_t bytes, mutant_bytes;
        snprintf(path, sizeof path, "%s/image/files/%s", RAMET_TEST_DATA, pack.records[i].name);
        assert_int_equal(rmt_os_read_file(path, 1 << 24, &file, &bytes), 0);
        random_state = i;
        for (int number = 0; number < MUTANTS_A_FILE; number++) {
            unsigned char *mutant = make_mutant(file, bytes, &mutant_bytes);
            try_mutant(pack.records[i].name, number, mutant, mutant_bytes);
            free(mutant);
        }
        free(file);
    }
    tensorpack_close(&pack);
}

/* A valid start of each kind that is read by our own code, then noise. */
static void noise_behind_a_signature_is_answered_with_a_status(void **state)
{
    (void)state;
    static const char *const starts[] = {"P1 ", "P2 ",          "P3 ",       "P4 ", "P5 ",
                                         "P6 ", "P5 9 9 255\n", "P3 9 9 9 ", "BM",  "BM"};
    random_state = 12345;
    for (int number = 0; number < 5000; number++) {
        unsigned char noise[200];
        const char *start = starts[random_below(sizeof starts / sizeof *starts)];
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] =
                random_bits() % 2 ? (unsigned char)("0123456789 #\n"[random_below(13)]) : (unsigned char)random_bits();
        memcpy(noise, start, strlen(start));
        if (noise[0] == 'B') /* a plausible second header, so that the noise reaches the pixels */
            memcpy(noise + 10, "\x36\0\0\0\x28\0\0\0\x05\0\0\0\x07\0\0\0\x01\0\x08\0\x01\0\0\0", 24);
        size_t bytes = 1 + random_below(sizeof noise);
        unsigned char *file = malloc(bytes);
        assert_non_null(file);
        memcpy(file, noise, bytes);
        try_mutant(start, number, file, bytes);
        free(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mutant_is_answered_with_a_status),
        cmocka_unit_test(noise_behind_a_signature_is_answered_with_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
