/* SPDX-License-Identifier: Apache-2.0 */
/* See multi_thread.h. The fleet hands out the images and delivers in their order; what one has to say is kept as text. */
#include "multi_thread.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_THREADS = 256 };

/* ---- flags ---- */

static flag *find_flag(flag *flags, const char *name)
{
    while (flags->name && strcmp(flags->name, name) != 0) {
        flags++;
    }
    return flags->name ? flags : NULL;
}

const char *text_of(const flag *flags, const char *name)
{
    while (strcmp(flags->name, name) != 0) {
        flags++;
    }
    return flags->value;
}

int number_of(const flag *flags, const char *name) { return (int)strtol(text_of(flags, name), NULL, 10); }

/* Whether the text is a whole number of at least 1, or -1 where that means all. */
static int is_count(const char *text, const char *kind)
{
    char *end;
    long number = strtol(text, &end, 10);
    return *end == '\0' && ((number >= 1 && number <= 1000000) || (number == -1 && strcmp(kind, "N|-1") == 0));
}

/* Takes over the values that are given; what is wrong with them, or NULL. */
static const char *read_values(flag *flags, char **arguments)
{
    for (; *arguments; arguments += 2) {
        flag *given = find_flag(flags, *arguments);
        if (!given || !arguments[1]) {
            return "an unknown flag, or one without a value";
        }
        given->value = arguments[1];
    }
    for (const flag *f = flags; f->name; f++) {
        if (!f->value) {
            return "a flag is missing";
        }
        if (f->kind[0] == 'N' && !is_count(f->value, f->kind)) {
            return "a number is not one, or too small";
        }
    }
    return number_of(flags, "--thread_num") > MOST_THREADS ? "more than 256 threads" : NULL;
}

static int explain_usage(const char *program, const flag *flags, const char *problem)
{
    fprintf(stderr, "%s\nusage: %s", problem, program);
    for (const flag *f = flags; f->name; f++) {
        fprintf(stderr, f->value ? " [%s %s]" : " %s %s", f->name, f->kind);
    }
    fputc('\n', stderr);
    return 2;
}

static const char *set_option(const flag *flags, ramet_runtime_option *option)
{
    const char *backend = text_of(flags, "--backend");
    ramet_runtime_option_init(option);
    option->cpu_thread_num = number_of(flags, "--cpu_thread_num");
    if (strcmp(backend, "openvino") == 0) {
        option->backend = RAMET_BACKEND_OPENVINO;
        option->num_streams = number_of(flags, "--thread_num");
    } else if (strcmp(backend, "default") != 0) {
        return "--backend must be default or openvino";
    }
    return strcmp(text_of(flags, "--device"), "cpu") == 0 ? NULL : "--device must be cpu: ramet runs on CPUs";
}

/* ---- images ---- */

static int is_image(const struct dirent *entry)
{
    const char *suffix = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && !(suffix && strcmp(suffix, ".md") == 0);
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void *must(void *memory)
{
    if (!memory) {
        fputs("no memory\n", stderr);
        exit(2);
    }
    return memory;
}

/* The file, or the files of the folder by name, below *paths; how many. */
static size_t list_images(const char *path, char ***paths)
{
    struct dirent **entries;
    struct stat about;
    int found = stat(path, &about) == 0 && S_ISDIR(about.st_mode) ? scandir(path, &entries, is_image, by_name) : -1;
    if (found < 0) {
        *paths = must(calloc(1, sizeof **paths));
        (*paths)[0] = must(strdup(path));
        return 1;
    }
    *paths = must(calloc((size_t)found + 1, sizeof **paths));
    for (int i = 0; i < found; i++) {
        size_t bytes = strlen(path) + strlen(entries[i]->d_name) + 2;
        (*paths)[i] = must(malloc(bytes));
        snprintf((*paths)[i], bytes, "%s/%s", path, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return (size_t)found;
}

/* ---- threads ---- */

/* What became of one image. */
typedef struct report {
    char *text;
    size_t bytes;
    int32_t worker;
    ramet_error error; /* status 0: it went well */
} report;

typedef struct job {
    const model_task *task;
    void *models[MOST_THREADS]; /* the first one was opened, the others are its clones */
    char **paths;
    report *reports; /* one for each path */
    int failed;
} job;

/* On worker `worker`, which alone uses models[worker]. */
static void predict_image(void *context, size_t index, int32_t worker)
{
    job *j = context;
    report *r = &j->reports[index];
    ramet_image image;
    FILE *out = must(open_memstream(&r->text, &r->bytes));
    r->worker = worker;
    if (ramet_image_load(j->paths[index], NULL, &image, &r->error) == RAMET_STATUS_OK) {
        j->task->predict(j->models[worker], &image, out, &r->error);
        ramet_image_clear(&image);
    }
    fclose(out);
}

/* In the order of the images, one at a time. An image that fails is one line and stops nothing. */
static int print_report(void *context, size_t index)
{
    job *j = context;
    report *r = &j->reports[index];
    if (r->error.status) {
        const char *place = r->error.place;
        printf(place[0] ? "%s: %s (%s)\n" : "%s: %s\n", j->paths[index], r->error.message, place);
        j->failed = 1;
    } else {
        printf("Thread Id: %d\n%.*s\n", (int)r->worker, (int)r->bytes, r->text);
    }
    free(r->text);
    return 0;
}

static ramet_status run_fleet(job *j, size_t count, int threads, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    for (int i = 1; i < threads && !status; i++) {
        status = j->task->clone(j->models[0], &j->models[i], error);
    }
    if (status) {
        return status;
    }
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = threads;
    ramet_fleet_job work = {j, predict_image, print_report};
    return ramet_fleet_run(&work, count, &option, NULL, error);
}

static ramet_status predict_all(job *j, const flag *flags, ramet_error *error)
{
    int threads = number_of(flags, "--thread_num");
    size_t count = list_images(text_of(flags, "--image_path"), &j->paths);
    j->reports = must(calloc(count + 1, sizeof *j->reports));
    ramet_status status = run_fleet(j, count, threads, error);
    for (size_t i = 0; i < count; i++) {
        free(j->paths[i]);
    }
    free(j->paths);
    free(j->reports);
    for (int i = 0; i < threads; i++) {
        j->task->close(j->models[i]);
    }
    return status;
}

int run_program(const model_task *task, flag *flags, char **arguments)
{
    ramet_runtime_option option;
    const char *problem = read_values(flags, arguments + 1);
    if (!problem) {
        problem = set_option(flags, &option);
    }
    if (problem) {
        return explain_usage(arguments[0], flags, problem);
    }
    job j = {.task = task};
    ramet_error error;
    if (task->open(flags, &option, &j.models[0], &error) || predict_all(&j, flags, &error)) {
        fprintf(stderr, "%s %s\n", error.message, error.place);
        return 2;
    }
    return j.failed;
}
