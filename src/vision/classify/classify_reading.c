/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostProcess of a PaddleClas configuration: which form reads the outputs, and
 * its options. Where there are several, main_indicator names the one that
 * counts, else the first does; SavePreLabel only copies files and is left out.
 */
#include "vision/classify/classify.h"

#include <string.h>

typedef struct form_option {
    const char *key; /* of thresholds[i] */
    double standard;
} form_option;

typedef struct form_reader {
    const char *name;
    rmt_classify_form form;
    form_option options[RMT_CLASSIFY_THRESHOLDS]; /* up to the first without a key */
} form_reader;

static const form_reader FORMS[] = {
    {"Topk", RMT_CLASSIFY_TOPK, {{NULL, 0}}},
    {"ThreshOutput", RMT_CLASSIFY_THRESHOLD, {{"threshold", 0}}},
    {"MultiLabelThreshOutput", RMT_CLASSIFY_MULTI_LABEL, {{"threshold", 0.5}}},
    {"ScoreOutput", RMT_CLASSIFY_SCORES, {{NULL, 0}}},
    {"NormalizeFeatures", RMT_CLASSIFY_FEATURE, {{NULL, 0}}},
    {"PersonAttribute", RMT_CLASSIFY_PERSON, {{"threshold", 0.5}, {"glasses_threshold", 0.3}, {"hold_threshold", 0.6}}},
    {"VehicleAttribute", RMT_CLASSIFY_VEHICLE, {{"color_threshold", 0.5}, {"type_threshold", 0.5}}},
    {"FaceAttribute", RMT_CLASSIFY_FACE, {{"threshold", 0.65}}},
    {"TableAttribute",
     RMT_CLASSIFY_TABLE,
     {{"source_threshold", 0.5},
      {"number_threshold", 0.5},
      {"color_threshold", 0.5},
      {"clarity_threshold", 0.5},
      {"obstruction_threshold", 0.5},
      {"angle_threshold", 0.5}}},
};

/* The entry of PostProcess that counts; NULL when there is none. */
static const rmt_yaml *choose_form(const rmt_yaml *forms)
{
    const rmt_yaml *wanted = rmt_yaml_get(forms, "main_indicator");
    if (!rmt_yaml_is_null(wanted) && wanted->kind == RMT_YAML_SCALAR) {
        const rmt_yaml *named = rmt_yaml_get(forms, wanted->text);
        if (named != NULL)
            return named;
    }
    for (const rmt_yaml *form = forms != NULL && forms->kind == RMT_YAML_MAP ? forms->first : NULL; form != NULL;
         form = form->next)
        if (strcmp(form->key, "main_indicator") != 0 && strcmp(form->key, "SavePreLabel") != 0)
            return form;
    return NULL;
}

/* label_0 and label_1, "0" and "1" by default. */
static ramet_status read_pair(const rmt_config *config, const rmt_yaml *form, rmt_texts **pair)
{
    static const char *const keys[2] = {"label_0", "label_1"}, *const standard[2] = {"0", "1"};
    *pair = rmt_texts_create(2);
    bool complete = *pair != NULL;
    for (size_t i = 0; complete && i < 2; i++) {
        const rmt_yaml *node = rmt_yaml_get(form, keys[i]);
        bool named = node != NULL && node->kind == RMT_YAML_SCALAR;
        complete = rmt_texts_set(*pair, i, named ? node->text : standard[i]);
    }
    return complete ? RAMET_STATUS_OK : rmt_fail_memory(config->error, sizeof **pair);
}

/* Options that only some forms have. */
static ramet_status read_further(const rmt_config *config, const rmt_yaml *form, rmt_classify_reading *reading)
{
    bool chinese = false;
    ramet_status status = RAMET_STATUS_OK;
    if (reading->form == RMT_CLASSIFY_THRESHOLD) {
        status = rmt_config_int(config, form, "default_label_index", 0, INT32_MAX, &reading->default_class);
        if (status == RAMET_STATUS_OK)
            status = read_pair(config, form, &reading->pair);
    }
    if (reading->form == RMT_CLASSIFY_FACE)
        status = rmt_config_bool(config, form, "convert_cn", &chinese);
    if (chinese)
        return rmt_config_refuse(config, form, RAMET_STATUS_UNSUPPORTED,
                                 "FaceAttribute has no Chinese texts:", "convert_cn");
    return status;
}

static ramet_status read_form(const rmt_config *config, const rmt_yaml *form, rmt_classify_reading *reading)
{
    const form_reader *reader = NULL;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++)
        if (strcmp(form->key, FORMS[i].name) == 0)
            reader = &FORMS[i];
    if (reader == NULL)
        return rmt_config_refuse(config, form, RAMET_STATUS_UNSUPPORTED, "ramet does not know the postprocessing",
                                 form->key);
    reading->form = reader->form;
    ramet_status status = RAMET_STATUS_OK;
    for (int i = 0; status == RAMET_STATUS_OK && i < RMT_CLASSIFY_THRESHOLDS && reader->options[i].key != NULL; i++) {
        reading->thresholds[i] = reader->options[i].standard;
        status = rmt_config_real(config, form, reader->options[i].key, &reading->thresholds[i]);
    }
    if (status == RAMET_STATUS_OK)
        status = rmt_labels_read(config->file, form, &reading->labels, config->error);
    return status == RAMET_STATUS_OK ? read_further(config, form, reading) : status;
}

ramet_status rmt_classify_reading_open(const char *config_file, rmt_classify_reading *reading, ramet_error *error)
{
    rmt_yaml_file file;
    *reading = (rmt_classify_reading){.form = RMT_CLASSIFY_TOPK};
    if (config_file == NULL)
        return RAMET_STATUS_OK;
    ramet_status status = rmt_yaml_open(config_file, &file, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_config config = {&file, error};
    const rmt_yaml *form = choose_form(rmt_yaml_get(file.root, "PostProcess"));
    if (form != NULL)
        status = read_form(&config, form, reading);
    rmt_yaml_close(&file);
    if (status != RAMET_STATUS_OK)
        rmt_classify_reading_release(reading);
    return status;
}

rmt_classify_reading rmt_classify_reading_retain(const rmt_classify_reading *reading)
{
    rmt_texts_retain(reading->labels);
    rmt_texts_retain(reading->pair);
    return *reading;
}

void rmt_classify_reading_release(rmt_classify_reading *reading)
{
    rmt_texts_release(reading->labels);
    rmt_texts_release(reading->pair);
    *reading = (rmt_classify_reading){0};
}
