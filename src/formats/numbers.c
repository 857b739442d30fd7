/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strtod and strtoll, held to the whole text. The "C" locale is asked for by name, because the caller's may write a
 * comma where files write a point; it is a constant of the C library and costs nothing.
 */
#include "formats/numbers.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>

/* What a number of a file may start with; the C functions would skip spaces and read hexadecimal. */
static bool starts_plainly(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    bool hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    bool word = *digits == 'i' || *digits == 'I' || *digits == 'n' || *digits == 'N';
    return ((*digits >= '0' && *digits <= '9') || *digits == '.' || word) && !hexadecimal;
}

bool rmt_number_read(const char *text, double *value)
{
    if (!starts_plainly(text))
        return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0)
        return false;
    char *end = NULL;
    double number = strtod_l(text, &end, plain);
    freelocale(plain);
    if (end == text || *end != '\0')
        return false;
    *value = number;
    return true;
}

bool rmt_number_read_int(const char *text, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    long long number = starts_plainly(text) ? strtoll(text, &end, 10) : 0;
    if (end == NULL || end == text || *end != '\0' || errno == ERANGE)
        return false;
    *value = number;
    return true;
}
