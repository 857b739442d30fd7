/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C values as JSON values, whatever they are: names of files need not be text,
 * scores of a damaged model need not be numbers. Each function returns a value
 * or ends the command.
 */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 character at text (1..4), 0 when there is none: overlong forms and surrogates are none. */
static size_t character_length(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *text < 0x80 ? 1 : *text < 0xC0 ? 0 : *text < 0xE0 ? 2 : *text < 0xF0 ? 3 : *text < 0xF8 ? 4 : 0;
    uint32_t code = length > 1 ? *text & (0x7Fu >> length) : *text;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    bool valid = length && code >= least[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    return valid ? length : 0;
}

/* A copy with U+FFFD for each byte that belongs to no character. */
static char *repaired_text(const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    char *repaired = cli_must(malloc(strlen(text) * strlen(replacement) + 1)), *end = repaired;
    while (*text) {
        size_t length = character_length((const unsigned char *)text);
        end = mempcpy(end, length ? text : replacement, length ? length : strlen(replacement));
        text += length ? length : 1;
    }
    *end = 0;
    return repaired;
}

json_t *cli_json_text(const char *text)
{
    json_t *made = json_string(text ? text : "");
    if (!made) {
        char *repaired = repaired_text(text);
        made = cli_must(json_string(repaired));
        free(repaired);
    }
    return made;
}

/* The decimal number with the fewest digits that is this float and no other. */
static double shortest_decimal(float value)
{
    char digits[32];
    double decimal = (double)value;
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
        decimal = strtod(digits, NULL);
        if ((float)decimal == value)
            break;
    }
    return decimal;
}

json_t *cli_json_real(float value)
{
    return cli_must(isfinite(value) ? json_real(shortest_decimal(value)) : json_null());
}

json_t *cli_json_int(int64_t value) { return cli_must(json_integer(value)); }

json_t *cli_json_reals(const float *values, size_t count)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++)
        cli_json_append(array, cli_json_real(values[i]));
    return array;
}

json_t *cli_json_ints(const int32_t *values, size_t count)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++)
        cli_json_append(array, cli_json_int(values[i]));
    return array;
}

json_t *cli_json_texts(const char *const *texts, size_t count)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++)
        cli_json_append(array, cli_json_text(texts[i]));
    return array;
}

json_t *cli_json_shape(const ramet_tensor *tensor)
{
    json_t *array = cli_must(json_array());
    for (int32_t i = 0; i < tensor->rank; i++)
        cli_json_append(array, cli_json_int(tensor->dims[i]));
    return array;
}

void cli_json_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(object, key, value))
        cli_must(NULL);
}

void cli_json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        cli_must(NULL);
}
