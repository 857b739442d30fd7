/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of a configuration: what every task asks a YAML map for.
 */
#include "vision/config.h"

ramet_status rmt_config_refuse(const rmt_config *config, const rmt_yaml *node, ramet_status status, const char *text,
                               const char *subject)
{
    rmt_fail(config->error, status, "%s '%.64s'", text, subject);
    return rmt_fail_at(config->error, status, "%.160s: line %d", config->file->path, (int)node->line);
}

ramet_status rmt_config_bad_value(const rmt_config *config, const rmt_yaml *node, const char *key)
{
    return rmt_config_refuse(config, node, RAMET_STATUS_BAD_FORMAT, "the configuration has an impossible value for",
                             key);
}

ramet_status rmt_config_bool(const rmt_config *config, const rmt_yaml *map, const char *key, bool *value)
{
    const rmt_yaml *node = rmt_yaml_get(map, key);
    if (rmt_yaml_is_null(node) || rmt_yaml_read_bool(node, value))
        return RAMET_STATUS_OK;
    return rmt_config_bad_value(config, node, key);
}

ramet_status rmt_config_int(const rmt_config *config, const rmt_yaml *map, const char *key, int64_t least, int64_t most,
                            int32_t *value)
{
    const rmt_yaml *node = rmt_yaml_get(map, key);
    int64_t number;
    if (rmt_yaml_is_null(node))
        return RAMET_STATUS_OK;
    if (!rmt_yaml_read_int(node, &number) || number < least || number > most)
        return rmt_config_bad_value(config, node, key);
    *value = (int32_t)number;
    return RAMET_STATUS_OK;
}

ramet_status rmt_config_real(const rmt_config *config, const rmt_yaml *map, const char *key, double *value)
{
    const rmt_yaml *node = rmt_yaml_get(map, key);
    if (rmt_yaml_is_null(node) || rmt_yaml_read_float(node, value))
        return RAMET_STATUS_OK;
    return rmt_config_bad_value(config, node, key);
}

ramet_status rmt_config_triple(const rmt_config *config, const rmt_yaml *map, const char *key, double values[3])
{
    const rmt_yaml *node = rmt_yaml_get(map, key);
    if (rmt_yaml_is_null(node))
        return RAMET_STATUS_OK;
    size_t count = rmt_yaml_read_floats(node, values, 3);
    if (count == 1)
        values[1] = values[2] = values[0];
    return count == 1 || count == 3 ? RAMET_STATUS_OK : rmt_config_bad_value(config, node, key);
}

ramet_status rmt_config_sides(const rmt_config *config, const rmt_yaml *map, const char *key, int32_t sides[2],
                              bool *found)
{
    const rmt_yaml *node = rmt_yaml_get(map, key);
    double values[2];
    *found = !rmt_yaml_is_null(node);
    if (!*found)
        return RAMET_STATUS_OK;
    size_t count = rmt_yaml_read_floats(node, values, 2);
    if (count == 1)
        values[1] = values[0];
    if (count < 1 || count > 2)
        return rmt_config_bad_value(config, node, key);
    for (int i = 0; i < 2; i++) {
        if (!(values[i] >= 1 && values[i] <= RMT_CONFIG_MAX_SIDE) || (double)(int32_t)values[i] != values[i])
            return rmt_config_bad_value(config, node, key);
        sides[i] = (int32_t)values[i];
    }
    return RAMET_STATUS_OK;
}

ramet_status rmt_config_expect(const rmt_config *config, const rmt_yaml *map, const char *key, const char *first,
                               const char *second)
{
    const rmt_yaml *node = rmt_yaml_get(map, key);
    if (rmt_yaml_is_null(node))
        return RAMET_STATUS_OK;
    if (node->kind == RMT_YAML_SCALAR && (node->text[0] == '\0' || rmt_text_equal_nocase(node->text, first) ||
                                          rmt_text_equal_nocase(node->text, second)))
        return RAMET_STATUS_OK;
    return rmt_config_refuse(config, node, RAMET_STATUS_UNSUPPORTED, "ramet cannot do this value of", key);
}
