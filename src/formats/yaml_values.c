/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the nodes of a configuration mean. The rules are those that PyYAML applies to these files: a plain `null` or `~`
 * is nothing, a plain `yes` is true, and whatever stands in quotes is text.
 */
#include "formats/formats.h"

#include <math.h>
#include <string.h>

#include "formats/numbers.h"

enum { QUOTIENT_BYTES = 64 }; /* of the text of one side of "1.0/255.0" */

const rmt_yaml *rmt_yaml_get(const rmt_yaml *map, const char *key)
{
    const rmt_yaml *found = NULL;
    if (map == NULL || map->kind != RMT_YAML_MAP)
        return NULL;
    for (const rmt_yaml *entry = map->first; entry != NULL; entry = entry->next)
        found = strcmp(entry->key, key) == 0 ? entry : found; /* of equal keys the last counts */
    return found;
}

static bool is_plain(const rmt_yaml *node) { return node != NULL && node->kind == RMT_YAML_SCALAR && !node->quoted; }

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

bool rmt_yaml_is_null(const rmt_yaml *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    return node == NULL || (is_plain(node) && is_one_of(node->text, nulls, sizeof(nulls) / sizeof(nulls[0])));
}

bool rmt_yaml_read_int(const rmt_yaml *node, int64_t *value)
{
    return is_plain(node) && rmt_number_read_int(node->text, value);
}

bool rmt_yaml_read_bool(const rmt_yaml *node, bool *value)
{
    static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
    static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};
    if (!is_plain(node))
        return false;
    bool is_yes = is_one_of(node->text, yes, sizeof(yes) / sizeof(yes[0]));
    if (!is_yes && !is_one_of(node->text, no, sizeof(no) / sizeof(no[0])))
        return false;
    *value = is_yes;
    return true;
}

/* "1.0/255.0": both sides numbers, the divisor not 0. */
static bool read_quotient(const char *text, double *value)
{
    const char *slash = strchr(text, '/');
    char dividend[QUOTIENT_BYTES];
    double above = 0.0;
    double below = 0.0;
    size_t length = slash != NULL ? (size_t)(slash - text) : sizeof(dividend);
    if (length >= sizeof(dividend))
        return false;
    memcpy(dividend, text, length);
    dividend[length] = '\0';
    if (!rmt_number_read(dividend, &above) || !rmt_number_read(slash + 1, &below) || !(fabs(below) > 0.0))
        return false;
    *value = above / below;
    return true;
}

bool rmt_yaml_read_float(const rmt_yaml *node, double *value)
{
    double number = 0.0;
    if (node == NULL || node->kind != RMT_YAML_SCALAR)
        return false;
    if (!rmt_number_read(node->text, &number) && !read_quotient(node->text, &number))
        return false;
    if (!isfinite(number))
        return false;
    *value = number;
    return true;
}

size_t rmt_yaml_read_floats(const rmt_yaml *node, double *values, size_t capacity)
{
    bool is_list = node != NULL && node->kind == RMT_YAML_LIST;
    const rmt_yaml *entry = is_list ? node->first : node;
    size_t count = 0;
    for (; entry != NULL; entry = is_list ? entry->next : NULL) {
        double number = 0.0;
        if (!rmt_yaml_read_float(entry, &number))
            return 0;
        if (count < capacity)
            values[count] = number;
        count++;
    }
    return count;
}
