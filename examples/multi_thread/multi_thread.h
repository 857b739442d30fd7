/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the C examples share: the flags of FastDeploy's tutorial, a list of images, and threads that work through it,
 * each with a clone of one model. A program brings its own flags and its kind of model (task); what is found in an
 * image is printed as FastDeploy prints it, in the order of the images.
 */
#ifndef MULTI_THREAD_H
#define MULTI_THREAD_H

#include <ramet/ramet.h>
#include <stdio.h>

/* `--name value` on the command line. */
typedef struct flag {
    const char *name;
    const char *kind;  /* what the value is, as the usage says it; "N" and "N|-1" are checked */
    const char *value; /* the default; NULL: the flag must be given */
} flag;

/* The end of every program's table: the flags that all take. */
#define COMMON_FLAGS                                                                                              \
    {"--image_path", "FILE_OR_FOLDER", NULL}, {"--device", "cpu", "cpu"},                                         \
        {"--backend", "default|openvino", "default"}, {"--cpu_thread_num", "N", "1"}, {"--thread_num", "N", "1"}, \
    {                                                                                                             \
        NULL, NULL, NULL                                                                                          \
    }

/* The value of a flag that is in the table. */
const char *text_of(const flag *flags, const char *name);
int number_of(const flag *flags, const char *name);

/* One kind of model, as the threads see it. */
typedef struct model_task {
    ramet_status (*open)(const flag *flags, const ramet_runtime_option *option, void **model, ramet_error *error);
    ramet_status (*clone)(void *model, void **clone, ramet_error *error);
    void (*close)(void *model);
    ramet_status (*predict)(void *model, const ramet_image *image, FILE *out, ramet_error *error); /* and prints */
} model_task;

/*
 * The whole program. Reads the command line into the table of flags, opens the model and has --thread_num clones work
 * through --image_path. Exit code: 0 all good, 1 some images failed, 2 a wrong call or a model that cannot be opened.
 */
int run_program(const model_task *task, flag *flags, char **arguments);

#endif
