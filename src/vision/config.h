/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of a configuration, for all tasks: absent or null leaves what the
 * caller has put there, anything impossible is refused with key, file and line.
 */
#ifndef RMT_VISION_CONFIG_H
#define RMT_VISION_CONFIG_H

#include "formats/formats.h"

#define RMT_CONFIG_MAX_SIDE 65536 /* pixels that a configuration may ask for */

/* A configuration that is being read, and where complaints go. */
typedef struct rmt_config {
    const rmt_yaml_file *file;
    ramet_error *error;
} rmt_config;

/* "TEXT 'SUBJECT'", at the node's line. Returns status. */
ramet_status rmt_config_refuse(const rmt_config *config, const rmt_yaml *node, ramet_status status, const char *text,
                               const char *subject);
/* The same for a value that makes no sense; returns BAD_FORMAT. */
ramet_status rmt_config_bad_value(const rmt_config *config, const rmt_yaml *node, const char *key);

ramet_status rmt_config_bool(const rmt_config *config, const rmt_yaml *map, const char *key, bool *value);
/* A whole number, least..most. */
ramet_status rmt_config_int(const rmt_config *config, const rmt_yaml *map, const char *key, int64_t least, int64_t most,
                            int32_t *value);
ramet_status rmt_config_real(const rmt_config *config, const rmt_yaml *map, const char *key, double *value);
/* Three numbers, or one for all. */
ramet_status rmt_config_triple(const rmt_config *config, const rmt_yaml *map, const char *key, double values[3]);
/* One side in pixels, or two in the order of the file; *found tells whether the key is there. */
ramet_status rmt_config_sides(const rmt_config *config, const rmt_yaml *map, const char *key, int32_t sides[2],
                              bool *found);
/* The text of an entry that must hold one of two words (any case, or nothing) when it is there. */
ramet_status rmt_config_expect(const rmt_config *config, const rmt_yaml *map, const char *key, const char *first,
                               const char *second);

#endif
