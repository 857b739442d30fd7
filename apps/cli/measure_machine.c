/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processors did meanwhile, as the kernel counts it: how much a hypervisor gave to other machines, and how
 * much other programs took. Both belong to a figure: on a machine that was not idle it says less. The kernel
 * counts in ticks of 10 ms.
 */
#include "measure.h"

#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

enum { USER, NICE, SYSTEM, IDLE, IO_WAIT, IRQ, SOFT_IRQ, STEAL, FIELDS };

static double seconds_of(int who)
{
    struct rusage used = {0};
    getrusage(who, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

measure_machine measure_machine_read(void)
{
    measure_machine now = {.own = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN)};
    unsigned long long ticks[FIELDS];
    double second = (double)sysconf(_SC_CLK_TCK);
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return now;
    now.known = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[USER], &ticks[NICE], &ticks[SYSTEM],
                       &ticks[IDLE], &ticks[IO_WAIT], &ticks[IRQ], &ticks[SOFT_IRQ], &ticks[STEAL]) == FIELDS;
    fclose(file);
    for (int i = 0; now.known && i < FIELDS; i++) {
        double seconds = (double)ticks[i] / second;
        now.all += seconds;
        if (i == STEAL)
            now.stolen = seconds;
        else if (i != IDLE && i != IO_WAIT)
            now.busy += seconds;
    }
    return now;
}

void measure_machine_add(measure_machine *sum, const measure_machine *before, const measure_machine *after)
{
    sum->known = before->known && after->known;
    sum->all += after->all - before->all;
    sum->stolen += after->stolen - before->stolen;
    sum->busy += after->busy - before->busy;
    sum->own += after->own - before->own;
}

static json_t *percent(const measure_machine *sum, double part)
{
    return sum->known && sum->all > 0 ? cli_json_real((float)(100 * fmax(part, 0) / sum->all)) : cli_must(json_null());
}

void measure_machine_describe(const measure_machine *sum, json_t *object)
{
    cli_json_set(object, "steal_percent", percent(sum, sum->stolen));
    cli_json_set(object, "others_percent", percent(sum, sum->busy - sum->own));
}
