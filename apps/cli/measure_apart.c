/* SPDX-License-Identifier: Apache-2.0 */
/* A measurement in a child process; its value comes back as JSON. */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

typedef struct apart {
    measure_function measure;
    const measure_point *point;
    json_t *value;
    ramet_error *error;
} apart;

static ramet_status work(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink, ramet_error *error)
{
    (void)input;
    const apart *a = context;
    json_t *value = a->measure(a->point, error);
    if (!value)
        return error->status;
    char *text = cli_must(json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)));
    ramet_status status = ramet_fleet_sink_write(sink, text, strlen(text));
    free(text);
    json_decref(value);
    return status;
}

static int deliver(void *context, const ramet_fleet_parcel *result, const ramet_error *lost)
{
    apart *a = context;
    if (lost)
        *a->error = *lost;
    else
        a->value = cli_must(json_loadb(result->data, result->bytes, JSON_DECODE_ANY, NULL));
    return 0;
}

json_t *measure_apart(measure_function measure, const measure_point *point, ramet_error *error)
{
    apart a = {measure, point, NULL, error};
    ramet_fleet_process_job job = {.context = &a, .deliver = deliver, .work = work};
    return ramet_fleet_run_processes(&job, 1, NULL, NULL, error) ? NULL : a.value;
}
