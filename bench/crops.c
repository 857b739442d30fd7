/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times perspective crops, at the word of bench/images.py: the library does not offer them alone.
 *
 *     bench_crops < words
 *
 * Words, in binary: int32 width, height, count; height * width * 3 bytes of pixels; count times the size of a crop
 * (int32 width, height) and its quad (8 floats). Then one byte a round, which is answered by int64 nanoseconds for all
 * crops; "c" gives the bytes of all crops before it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "image/image.h"
#include "os/os.h"

typedef struct crop_job {
    int32_t width, height;
    float quad[8];
} crop_job;

static void stop(const char *what)
{
    fprintf(stderr, "bench_crops: %s\n", what);
    exit(2);
}

static void take(void *into, size_t bytes)
{
    if (fread(into, 1, bytes, stdin) != bytes)
        stop("the words end early");
}

static void give(const void *from, size_t bytes)
{
    if (fwrite(from, 1, bytes, stdout) != bytes)
        stop("nobody listens");
}

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count + 1, bytes);
    if (memory == NULL)
        stop("out of memory");
    return memory;
}

static ramet_image new_image(int32_t width, int32_t height)
{
    ramet_image image;
    if (width < 1 || height < 1 || rmt_image_create(width, height, &image, NULL) != RAMET_STATUS_OK)
        stop("no such image");
    return image;
}

static void make_crops(const ramet_image *page, const crop_job *jobs, ramet_image *crops, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (rmt_image_warp_quad(page, jobs[i].quad, &crops[i], NULL) != RAMET_STATUS_OK)
            stop("a quad that is none");
}

int main(void)
{
    int32_t head[3];
    take(head, sizeof head);
    int32_t count = head[2];
    ramet_image page = new_image(head[0], head[1]);
    take(page.data, (size_t)page.pitch * (size_t)page.height);
    crop_job *jobs = allocate((size_t)count, sizeof *jobs);
    ramet_image *crops = allocate((size_t)count, sizeof *crops);
    take(jobs, (size_t)count * sizeof *jobs);
    for (int32_t i = 0; i < count; i++)
        crops[i] = new_image(jobs[i].width, jobs[i].height);
    for (int word = getchar(); word != EOF; word = getchar()) {
        uint64_t start = rmt_os_now_ns();
        make_crops(&page, jobs, crops, count);
        int64_t taken = (int64_t)(rmt_os_now_ns() - start);
        for (int32_t i = 0; word == 'c' && i < count; i++)
            give(crops[i].data, (size_t)crops[i].pitch * (size_t)crops[i].height);
        give(&taken, sizeof taken);
        fflush(stdout);
    }
    for (int32_t i = 0; i < count; i++)
        ramet_image_clear(&crops[i]);
    ramet_image_clear(&page);
    free(crops);
    free(jobs);
    return 0;
}
