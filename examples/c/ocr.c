/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the text in images, one after the other: ocr DETECTOR RECOGNIZER DICTIONARY IMAGE...
 *
 * The models are folders as PaddleOCR exports them; the dictionary has one
 * character a line. Prints score, the top left corner and the text.
 */
#include <ramet/ramet.h>
#include <stdio.h>

static int complain(const ramet_error *error)
{
    fprintf(stderr, "%s %s\n", error->message, error->place);
    return 1;
}

static int read_image(ramet_ocr *ocr, const char *path)
{
    ramet_error error;
    ramet_image image;
    if (ramet_image_load(path, NULL, &image, &error)) {
        return complain(&error);
    }
    ramet_ocr_result result = {0};
    ramet_status status = ramet_ocr_predict(ocr, &image, 1, &result, &error);
    ramet_image_clear(&image);
    if (status) {
        return complain(&error);
    }
    for (size_t i = 0; i < result.count; i++) {
        const float *corner = result.boxes[i].points[0];
        printf("%s  %.3f  (%.0f, %.0f)  %s\n", path, result.rec_scores[i], corner[0], corner[1], result.texts[i]);
    }
    ramet_ocr_result_clear(&result);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: ocr DETECTOR RECOGNIZER DICTIONARY IMAGE...\n");
        return 2;
    }
    ramet_error error;
    ramet_ocr *ocr;
    ramet_ocr_files files = {.detector = argv[1], .recognizer = argv[2], .dictionary = argv[3]};
    if (ramet_ocr_open(&files, NULL, &ocr, &error)) {
        return complain(&error);
    }
    int failed = 0;
    for (int i = 4; i < argc; i++) {
        failed |= read_image(ocr, argv[i]);
    }
    ramet_ocr_close(ocr);
    return failed;
}
