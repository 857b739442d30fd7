/* SPDX-License-Identifier: Apache-2.0 */
/* Segments images on threads: segmentation --model MODEL_DIR --image_path IMAGES [--thread_num N] */
#include "../multi_thread.h"

static ramet_status open_model(const flag *flags, const ramet_runtime_option *option, void **model, ramet_error *error)
{
    ramet_segment_model *opened;
    ramet_status status = ramet_segment_model_open(text_of(flags, "--model"), option, &opened, error);
    *model = opened;
    return status;
}

static ramet_status clone_model(void *model, void **clone, ramet_error *error)
{
    ramet_segment_model *made;
    ramet_status status = ramet_segment_model_clone(model, &made, error);
    *clone = made;
    return status;
}

static void close_model(void *model) { ramet_segment_model_close(model); }

/* The classes of the first hundred pixels, in rows of ten, and the size of the map. */
static void print(const ramet_segment_result *result, FILE *out)
{
    size_t count = (size_t)result->height * (size_t)result->width;
    size_t shown = count < 100 ? count : 100;
    fprintf(out, "SegmentationResult Image masks 10 rows x 10 cols: \n");
    for (size_t i = 0; i < shown; i++) {
        fprintf(out, i % 10 == 0 ? "[%d, " : "%d, ", (int)result->label_map[i]);
        if (i % 10 == 9 || i + 1 == shown) {
            fprintf(out, ".....]\n");
        }
    }
    fprintf(out, "...........\nresult shape is: [%d %d]", (int)result->height, (int)result->width);
}

static ramet_status predict(void *model, const ramet_image *image, FILE *out, ramet_error *error)
{
    ramet_segment_result result = {0};
    ramet_status status = ramet_segment_model_predict(model, image, 1, &result, error);
    if (!status) {
        print(&result, out);
    }
    ramet_segment_result_clear(&result);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc;
    const model_task segmentation = {open_model, clone_model, close_model, predict};
    flag flags[] = {{"--model", "FOLDER", NULL}, COMMON_FLAGS};
    return run_program(&segmentation, flags, argv);
}
