/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of measured times. */
#include "cli.h"

#include <stdlib.h>

static int compare_values(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void cli_sort_values(double *values, size_t count) { qsort(values, count, sizeof *values, compare_values); }

double cli_quantile(const double *sorted, size_t count, double part)
{
    double place = part * (double)(count - 1);
    size_t below = (size_t)place, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}
