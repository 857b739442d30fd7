/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers written as text, whatever the caller's locale. */
#ifndef RMT_FORMATS_NUMBERS_H
#define RMT_FORMATS_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* The whole text is one number ("1e-5", "-3", "inf", "nan"). False otherwise; then *value is untouched. */
bool rmt_number_read(const char *text, double *value);
bool rmt_number_read_int(const char *text, int64_t *value);

#endif
