/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one to three handles or processes of each kind, and what one more of them takes. */
#include "measure.h"

enum { MOST_HANDLES = 3 };

typedef struct holder {
    const char *name;
    measure_kind kind;
    measure_function measure;
} holder;

static const holder holders[] = {
    {"clones", MEASURE_THREADS, measure_memory}, {"opened", MEASURE_THREADS, measure_memory_opened},
    {"forked", MEASURE_FORKED, measure_memory},  {"cached", MEASURE_CACHED, measure_memory},
    {"memfd", MEASURE_HANDED, measure_memory},   {"apart", MEASURE_APART, measure_memory},
};

static json_t *name_row(const measure_engine *engine, const holder *held)
{
    json_t *row = cli_must(json_object());
    cli_json_set(row, "engine", cli_json_text(engine->name));
    cli_json_set(row, "handles", cli_json_text(held->name));
    return row;
}

/* One more handle or process, from the first to the last row: what it takes, its arena, and what is left of it. */
static json_t *describe_further(const measure_engine *engine, const holder *held, json_t *const rows[MOST_HANDLES])
{
    static const char key[] = "after_predict_bytes";
    json_t *row = name_row(engine, held);
    int64_t first = json_integer_value(json_object_get(rows[0], key));
    int64_t last = json_integer_value(json_object_get(rows[MOST_HANDLES - 1], key));
    int64_t arena = json_integer_value(json_object_get(rows[0], "arena_bytes")),
            more = (last - first) / (MOST_HANDLES - 1);
    cli_json_set(row, "further_bytes", cli_json_int(more));
    cli_json_set(row, "arena_bytes", arena ? cli_json_int(arena) : cli_must(json_null()));
    cli_json_set(row, "beyond_arena_bytes", arena ? cli_json_int(more - arena) : cli_must(json_null()));
    return row;
}

static bool add_holder(const measure_setting *setting, const measure_engine *engine, const holder *held,
                       json_t *document, ramet_error *error)
{
    json_t *rows[MOST_HANDLES];
    for (int32_t count = 1; count <= MOST_HANDLES; count++) {
        measure_point point = {setting, engine, held->kind, count};
        json_t *value = measure_apart(held->measure, &point, error), *row = name_row(engine, held);
        cli_json_set(row, "count", cli_json_int(count));
        if (value)
            json_object_update(row, value);
        cli_json_append(json_object_get(document, "memory"), row);
        rows[count - 1] = row;
        json_decref(value);
        if (!value)
            return false;
    }
    cli_json_append(json_object_get(document, "further"), describe_further(engine, held, rows));
    return true;
}

bool measure_add_memory(const measure_setting *setting, json_t *document, ramet_error *error)
{
    bool good = true;
    cli_json_set(document, "memory", cli_must(json_array()));
    cli_json_set(document, "further", cli_must(json_array()));
    for (size_t e = 0; e < setting->engine_count; e++)
        for (size_t h = 0; h < CLI_COUNT(holders) && good; h++)
            if (measure_can(setting, &setting->engines[e], holders[h].kind))
                good = add_holder(setting, &setting->engines[e], &holders[h], document, error);
    return good;
}
