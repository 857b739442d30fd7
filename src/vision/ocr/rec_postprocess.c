/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text recognition: the dictionary, and each row of probabilities to its text.
 */
#include "vision/ocr/ocr.h"

#include <stdlib.h>

struct ramet_rec_postprocessor {
    rmt_postprocessor base;
    rmt_ctc_dictionary dictionary;
    rmt_scratch path;
};

void ramet_rec_result_clear(ramet_rec_result *result)
{
    if (result == NULL)
        return;
    free(result->text);
    *result = (ramet_rec_result){0};
}

static ramet_status accept_output(const rmt_postprocessor *base, const ramet_tensor *output, ramet_error *error)
{
    const ramet_rec_postprocessor *self = (const ramet_rec_postprocessor *)base;
    ramet_status status = rmt_tensor_check(output, 3, "the probabilities of a recogniser", error);
    return status == RAMET_STATUS_OK ? rmt_ctc_check(&self->dictionary, output->dims[2], error) : status;
}

static ramet_status read_row(rmt_postprocessor *base, const ramet_tensor *output, size_t row, const ramet_image *image,
                             void *result, ramet_error *error)
{
    (void)image;
    ramet_rec_postprocessor *self = (ramet_rec_postprocessor *)base;
    rmt_ctc_steps line = {NULL, (size_t)output->dims[1], (size_t)output->dims[2]};
    line.values = (const float *)output->data + row * line.steps * line.classes;
    return rmt_ctc_decode(&self->dictionary, &line, &self->path, result, error);
}

static void clear_result(void *result) { ramet_rec_result_clear(result); }

/* ---- the dictionary ---------------------------------------------------------------------------------------------- */

static ramet_status read_config(const char *path, rmt_texts **characters, ramet_error *error)
{
    rmt_yaml_file file;
    ramet_status status = rmt_yaml_open(path, &file, error);
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_yaml *list = rmt_yaml_get(rmt_yaml_get(file.root, "PostProcess"), "character_dict");
    if (list != NULL && list->kind == RMT_YAML_LIST)
        status = rmt_texts_from_yaml(list, path, characters, error);
    else
        status = rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                          "'%.160s' holds no PostProcess.character_dict; give a dictionary file", path);
    rmt_yaml_close(&file);
    return status;
}

static ramet_status read_dictionary(const char *config_file, const char *dictionary_file, rmt_texts **characters,
                                    ramet_error *error)
{
    if (dictionary_file != NULL)
        return rmt_texts_from_file(dictionary_file, characters, error);
    if (config_file[0] != '\0')
        return read_config(config_file, characters, error);
    return rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                    "there is no inference.yml beside the recogniser to take the dictionary from; give a file");
}

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_postprocessor *base, const rmt_postprocessor *from)
{
    const rmt_ctc_dictionary *dictionary = &((const ramet_rec_postprocessor *)from)->dictionary;
    ((ramet_rec_postprocessor *)base)->dictionary =
        (rmt_ctc_dictionary){rmt_texts_retain(dictionary->characters), dictionary->add_space};
}

static void release(rmt_postprocessor *base)
{
    ramet_rec_postprocessor *self = (ramet_rec_postprocessor *)base;
    rmt_texts_release(self->dictionary.characters);
    rmt_scratch_clear(&self->path);
}

static const rmt_postprocessor_kind KIND = {
    .bytes = sizeof(ramet_rec_postprocessor),
    .result_bytes = sizeof(ramet_rec_result),
    .accept = accept_output,
    .read = read_row,
    .clear = clear_result,
    .configure = configure,
    .release = release,
};

ramet_status rmt_rec_postprocessor_open(const char *config_file, const ramet_rec_option *option,
                                        ramet_rec_postprocessor **postprocessor, ramet_error *error)
{
    *postprocessor = NULL;
    ramet_rec_postprocessor *self = (ramet_rec_postprocessor *)rmt_postprocessor_create(&KIND, error);
    if (self == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    self->dictionary.add_space = !option->no_space_char;
    ramet_status status = read_dictionary(config_file, option->dictionary, &self->dictionary.characters, error);
    if (status == RAMET_STATUS_OK)
        *postprocessor = self;
    else
        rmt_postprocessor_destroy(&self->base);
    return status;
}

ramet_status ramet_rec_postprocessor_create(const char *model, const ramet_rec_option *option,
                                            ramet_rec_postprocessor **postprocessor, ramet_error *error)
{
    ramet_rec_option resolved;
    if (postprocessor == NULL)
        return rmt_fail_no_place(error);
    *postprocessor = NULL;
    ramet_status status = rmt_rec_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (resolved.dictionary != NULL)
        return rmt_rec_postprocessor_open("", &resolved, postprocessor, error);
    if (model == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a recogniser needs a dictionary or a model's folder");
    rmt_model_files *files = malloc(sizeof *files);
    if (files == NULL)
        return rmt_fail_memory(error, sizeof *files);
    status = rmt_model_files_find(model, NULL, NULL, files, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_rec_postprocessor_open(files->config, &resolved, postprocessor, error);
    free(files);
    return status;
}

void ramet_rec_postprocessor_destroy(ramet_rec_postprocessor *postprocessor)
{
    rmt_postprocessor_destroy((rmt_postprocessor *)postprocessor);
}

ramet_status rmt_rec_postprocessor_check_model(const ramet_rec_postprocessor *self, const ramet_runtime *runtime,
                                               ramet_error *error)
{
    ramet_tensor output;
    ramet_status status = ramet_runtime_output_info(runtime, 0, &output);
    if (status != RAMET_STATUS_OK || output.rank != 3 || output.dims[2] < 0)
        return RAMET_STATUS_OK;
    return rmt_ctc_check(&self->dictionary, output.dims[2], error);
}

ramet_status ramet_rec_postprocessor_run(ramet_rec_postprocessor *postprocessor, const ramet_tensor *probabilities,
                                         ramet_rec_result *results, size_t count, ramet_error *error)
{
    return rmt_postprocessor_run_tensor((rmt_postprocessor *)postprocessor, probabilities, results, count, error);
}
