/* SPDX-License-Identifier: Apache-2.0 */
/* Finds objects in images on threads: detection --model MODEL_DIR --image_path IMAGES [--thread_num N] */
#include "../multi_thread.h"

static ramet_status open_model(const flag *flags, const ramet_runtime_option *option, void **model, ramet_error *error)
{
    ramet_detect_model *opened;
    ramet_status status = ramet_detect_model_open(text_of(flags, "--model"), option, NULL, &opened, error);
    *model = opened;
    return status;
}

static ramet_status clone_model(void *model, void **clone, ramet_error *error)
{
    ramet_detect_model *made;
    ramet_status status = ramet_detect_model_clone(model, &made, error);
    *clone = made;
    return status;
}

static void close_model(void *model) { ramet_detect_model_close(model); }

static void print_corners(const float *numbers, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(out, i % 4 == 0 ? "%f," : "%f, ", numbers[i]);
    }
}

static void print(const ramet_detect_result *result, FILE *out)
{
    fprintf(out, "DetectionResult: [%s, score, label_id%s]\n",
            result->rotated_boxes ? "x1, y1, x2, y2, x3, y3, x4, y4" : "xmin, ymin, xmax, ymax",
            result->contain_masks ? ", mask_shape" : "");
    for (size_t i = 0; i < result->count; i++) {
        if (result->rotated_boxes) {
            print_corners(result->rotated_boxes[i], 8, out);
        } else {
            print_corners(result->boxes[i], 4, out);
        }
        fprintf(out, "%f, %d", result->scores[i], (int)result->label_ids[i]);
        if (result->masks) {
            fprintf(out, ", Mask(%d,%d)", (int)result->masks[i].height, (int)result->masks[i].width);
        }
        fputc('\n', out);
    }
}

static ramet_status predict(void *model, const ramet_image *image, FILE *out, ramet_error *error)
{
    ramet_detect_result result = {0};
    ramet_status status = ramet_detect_model_predict(model, image, 1, &result, error);
    if (!status) {
        print(&result, out);
    }
    ramet_detect_result_clear(&result);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc;
    const model_task detection = {open_model, clone_model, close_model, predict};
    flag flags[] = {{"--model", "FOLDER", NULL}, COMMON_FLAGS};
    return run_program(&detection, flags, argv);
}
