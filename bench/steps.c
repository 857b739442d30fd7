/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the time of a model goes: every step of its plan, and sums by operator.
 *
 *     bench_steps MODEL x=1x3x224x224 [image=...] [--rounds N] [--threads N]
 *
 * An input that is not named keeps its declared shape, with 1 for what is open. Floats are a wave, integers zeros. Each
 * step shows its least and its median time over the rounds; all late nodes together are the one line "late".
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"
#include "formats/formats.h"
#include "os/os.h"

typedef struct setting {
    int rounds, threads, shape_count;
    char **shapes; /* NAME=AxBxC */
} setting;

/* The plan's operators are replaced by one that takes the time of the real one. */
static struct {
    const rmt_op **ops;
    uint64_t *taken; /* of this round, by step */
    int32_t at;
} watch;

static void stop(const char *what, const char *more)
{
    fprintf(stderr, "bench_steps: %s %s\n", what, more);
    exit(2);
}

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count + 1, bytes);
    if (memory == NULL)
        stop("out of memory", "");
    return memory;
}

static void check(ramet_status status, const ramet_error *error)
{
    if (status != RAMET_STATUS_OK)
        stop(error->message, error->place);
}

static void run_timed(const rmt_op_run *run)
{
    uint64_t start = rmt_os_now_ns();
    watch.ops[watch.at]->run(run);
    watch.taken[watch.at++] = rmt_os_now_ns() - start;
}

static rmt_op timed(const rmt_op *op)
{
    rmt_op copy = *op;
    copy.run = run_timed;
    return copy;
}

static void read_shape(const setting *s, const rmt_value *value, rmt_shape *shape)
{
    *shape = value->shape;
    for (int i = 0; i < s->shape_count; i++) {
        size_t length = strlen(value->name);
        const char *text = s->shapes[i];
        if (strncmp(text, value->name, length) != 0 || text[length] != '=')
            continue;
        shape->rank = 0;
        for (char *end = (char *)text + length; *end != '\0' && shape->rank < RMT_MAX_RANK;)
            shape->dims[shape->rank++] = strtoll(end + 1, &end, 10);
    }
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] < 1)
            shape->dims[i] = 1;
}

static rmt_view make_input(const setting *s, const rmt_value *value)
{
    rmt_shape shape;
    read_shape(s, value, &shape);
    int64_t count = 1;
    for (int32_t i = 0; i < shape.rank; i++)
        count *= shape.dims[i];
    void *data = allocate((size_t)count, sizeof(int64_t));
    for (int64_t i = 0; value->dtype == RAMET_DTYPE_FLOAT32 && i < count; i++)
        ((float *)data)[i] = sinf((float)i * 0.01f) + (shape.rank < 3 ? 1.5f : 0.0f);
    return rmt_view_dense(value->dtype, &shape, data);
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_shapes(const rmt_operand *operands, int32_t count)
{
    char shape[128];
    for (int32_t i = 0; i < count; i++)
        if (operands[i].kind != RMT_PLACE_ABSENT) {
            rmt_shape_print(&operands[i].view.shape, shape, sizeof shape);
            printf(" %s", shape);
        }
}

static void print_links(const rmt_step *step)
{
    const rmt_chain *chain = step->params;
    char shape[128];
    printf("  [%lld x %lld]", (long long)chain->rows, (long long)chain->columns);
    for (int32_t k = 0; k < chain->count; k++) {
        rmt_shape_print(&chain->links[k].out.shape, shape, sizeof shape);
        printf(" %s%s", chain->links[k].op->name, shape);
    }
}

typedef struct sum {
    const char *op;
    int count;
    double us;
} sum;

static void add_to_sums(sum *sums, const char *op, double us)
{
    while (sums->op != NULL && strcmp(sums->op, op) != 0)
        sums++;
    sums->op = op;
    sums->count++;
    sums->us += us;
}

static int compare_sums(const void *a, const void *b)
{
    double x = ((const sum *)a)->us, y = ((const sum *)b)->us;
    return (x < y) - (x > y);
}

static void print_sums(sum *sums, size_t most)
{
    size_t count = 0;
    double all = 0;
    while (count < most && sums[count].op != NULL)
        all += sums[count++].us;
    qsort(sums, count, sizeof *sums, compare_sums);
    printf("\n%10.1f us, medians of all steps\n", all);
    for (size_t i = 0; i < count; i++)
        printf("%10.1f us %5.1f %% %4d x %s\n", sums[i].us, 100 * sums[i].us / all, sums[i].count, sums[i].op);
}

/* times: [round][step], the last step stands for the late nodes. */
static void report(const rmt_model *model, const rmt_plan *plan, const uint64_t *times, int rounds)
{
    size_t steps = (size_t)plan->step_count + 1, count = (size_t)rounds;
    uint64_t *column = allocate(count, sizeof *column);
    sum *sums = allocate(steps, sizeof *sums);
    printf("step    least us  median us  operator, inputs -> outputs\n");
    for (size_t i = 0; i < steps; i++) {
        for (size_t r = 0; r < count; r++)
            column[r] = times[r * steps + i];
        qsort(column, count, sizeof *column, compare_times);
        double median = (double)column[count / 2] / 1e3;
        bool late = i + 1 == steps;
        if (late && plan->late_count == 0)
            break;
        add_to_sums(sums, late ? "late" : watch.ops[i]->name, median);
        printf("%4zu %11.1f %10.1f  %s", i, (double)column[0] / 1e3, median, late ? "late" : watch.ops[i]->name);
        if (!late) {
            const rmt_step *step = &plan->steps[i];
            print_shapes(step->in, step->in_count);
            printf(" ->");
            print_shapes(step->out, step->out_count);
            if (watch.ops[i] == &rmt_op_chain)
                print_links(step);
            printf("  %s", step->node < 0 ? "" : rmt_model_graph(model)->nodes[step->node].name);
        }
        printf("\n");
    }
    print_sums(sums, steps);
    free(sums);
    free(column);
}

static void measure(rmt_model *model, const rmt_view *inputs, const setting *s)
{
    ramet_error error;
    rmt_plan *plan;
    rmt_exec exec;
    check(rmt_exec_init(&exec, s->threads, &error), &error);
    check(rmt_model_get_plan(model, inputs, &plan, &error), &error);
    size_t steps = (size_t)plan->step_count + 1;
    rmt_view *outputs = allocate((size_t)plan->output_count, sizeof *outputs);
    rmt_op *ops = allocate(steps, sizeof *ops);
    uint64_t *times = allocate(steps * (size_t)s->rounds, sizeof *times);
    watch.ops = allocate(steps, sizeof *watch.ops);
    for (int32_t i = 0; i < plan->step_count; i++) {
        watch.ops[i] = plan->steps[i].op;
        ops[i] = timed(watch.ops[i]);
        plan->steps[i].op = &ops[i];
    }
    for (int r = -2; r < s->rounds; r++) {
        watch.taken = &times[(size_t)(r < 0 ? 0 : r) * steps];
        watch.at = 0;
        uint64_t start = rmt_os_now_ns();
        check(rmt_exec_run(&exec, model, plan, inputs, outputs, &error), &error);
        uint64_t whole = rmt_os_now_ns() - start;
        for (size_t i = 0; i + 1 < steps; i++)
            whole -= watch.taken[i];
        watch.taken[steps - 1] = whole;
    }
    report(model, plan, times, s->rounds);
    rmt_plan_release(plan);
    rmt_exec_clear(&exec);
    free(watch.ops);
    free(times);
    free(ops);
    free(outputs);
}

static void bench(const char *path, const setting *s)
{
    ramet_error error;
    rmt_model_files files;
    rmt_program program;
    rmt_model *model;
    check(rmt_model_files_find(path, NULL, NULL, &files, &error), &error);
    check(rmt_program_open(files.program, files.params, &program, &error), &error);
    rmt_model_option option = {.kernels = rmt_kernels_best(),
                               .threads = s->threads,
                               .plan_capacity = 1,
                               .memory_budget_bytes = UINT64_C(4) << 30};
    check(rmt_model_create(&program.graph, &option, &model, &error), &error);
    rmt_program_close(&program);
    const rmt_graph *graph = rmt_model_graph(model);
    rmt_view *inputs = allocate((size_t)graph->input_count, sizeof *inputs);
    for (size_t i = 0; i < (size_t)graph->input_count; i++)
        inputs[i] = make_input(s, &graph->values[graph->inputs[i]]);
    measure(model, inputs, s);
    for (size_t i = 0; i < (size_t)graph->input_count; i++)
        free(inputs[i].data);
    free(inputs);
    rmt_model_release(model);
}

int main(int count, char **words)
{
    setting s = {.rounds = 21, .threads = 1};
    if (count < 2 || words[1][0] == '-')
        stop("usage: bench_steps MODEL NAME=1x3x224x224... [--rounds N] [--threads N]", "");
    s.shapes = allocate((size_t)count, sizeof *s.shapes);
    for (int i = 2; i < count; i++)
        if (strcmp(words[i], "--rounds") == 0 && i + 1 < count)
            s.rounds = atoi(words[++i]);
        else if (strcmp(words[i], "--threads") == 0 && i + 1 < count)
            s.threads = atoi(words[++i]);
        else
            s.shapes[s.shape_count++] = words[i];
    if (s.rounds < 1 || s.threads < 1)
        stop("rounds and threads are at least 1", "");
    bench(words[1], &s);
    free(s.shapes);
    return 0;
}
