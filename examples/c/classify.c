/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classifies images on several threads: classify MODEL THREADS IMAGE...
 *
 * The model is opened once. Each thread works on a clone of it, which shares
 * the weights; the fleet hands out the images and delivers in their order.
 */
#include <ramet/ramet.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_THREADS = 64 };

/* What became of one image. */
typedef struct outcome {
    ramet_classify_result result;
    ramet_error error; /* status 0: it went well */
} outcome;

typedef struct job {
    char **paths;
    outcome *outcomes; /* one for each path */
    ramet_classify_model *models[MOST_THREADS];
} job;

/* On worker `worker`, which alone uses models[worker]. */
static void classify_image(void *context, size_t index, int32_t worker)
{
    job *j = context;
    outcome *o = &j->outcomes[index];
    ramet_image image;
    if (ramet_image_load(j->paths[index], NULL, &image, &o->error) == RAMET_STATUS_OK) {
        ramet_classify_model_predict(j->models[worker], &image, 1, &o->result, &o->error);
        ramet_image_clear(&image);
    }
}

/* In input order, one at a time. */
static int print_outcome(void *context, size_t index)
{
    job *j = context;
    outcome *o = &j->outcomes[index];
    if (o->error.status) {
        printf("%s: %s\n", j->paths[index], o->error.message);
    } else if (o->result.count > 0) {
        printf("%s: class %d, score %.6f\n", j->paths[index], (int)o->result.label_ids[0], o->result.scores[0]);
    }
    ramet_classify_result_clear(&o->result);
    return 0;
}

/* models[0] is opened, the others are its clones. */
static ramet_status open_models(job *j, const char *folder, int threads, ramet_error *error)
{
    ramet_status status = ramet_classify_model_open(folder, NULL, &j->models[0], error);
    for (int i = 1; i < threads && !status; i++) {
        status = ramet_classify_model_clone(j->models[0], &j->models[i], error);
    }
    return status;
}

static ramet_status run_fleet(job *j, size_t count, int threads, ramet_error *error)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = threads;
    ramet_fleet_job work = {j, classify_image, print_outcome};
    return ramet_fleet_run(&work, count, &option, NULL, error);
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 0;
    if (argc < 4 || threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: classify MODEL THREADS IMAGE...      (1 to %d threads)\n", MOST_THREADS);
        return 2;
    }
    size_t count = (size_t)(argc - 3);
    job j = {.paths = argv + 3, .outcomes = calloc(count, sizeof(outcome))};
    if (!j.outcomes) {
        return 1;
    }
    ramet_error error;
    ramet_status status = open_models(&j, argv[1], threads, &error);
    if (!status) {
        status = run_fleet(&j, count, threads, &error);
    }
    if (status) {
        fprintf(stderr, "%s %s\n", error.message, error.place);
    }
    for (int i = 0; i < threads; i++) {
        ramet_classify_model_close(j.models[i]);
    }
    free(j.outcomes);
    return status != RAMET_STATUS_OK;
}
