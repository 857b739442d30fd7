/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX model of one product: a handful of protocol buffer fields, written out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/wide_product.h"

typedef struct message {
    unsigned char *bytes;
    size_t count;
} message;

static void put(message *m, const void *data, size_t count)
{
    m->bytes = realloc(m->bytes, m->count + count + 1);
    assert_non_null(m->bytes);
    memcpy(m->bytes + m->count, data, count);
    m->count += count;
}

static void put_varint(message *m, uint64_t number)
{
    do {
        unsigned char byte = (unsigned char)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        put(m, &byte, 1);
        number >>= 7;
    } while (number > 0);
}

static void put_number(message *m, unsigned field, uint64_t number)
{
    put_varint(m, field << 3);
    put_varint(m, number);
}

static void put_bytes(message *m, unsigned field, const void *data, size_t count)
{
    put_varint(m, field << 3 | 2);
    put_varint(m, count);
    put(m, data, count);
}

static void put_text(message *m, unsigned field, const char *text) { put_bytes(m, field, text, strlen(text)); }

static void put_message(message *m, unsigned field, message *inner)
{
    put_bytes(m, field, inner->bytes, inner->count);
    free(inner->bytes);
    *inner = (message){0};
}

/* A ValueInfoProto of float32 [1, size]. */
static void put_value(message *graph, unsigned field, const char *name, int64_t size)
{
    message dims[2] = {{0}}, shape = {0}, tensor = {0}, type = {0}, value = {0};
    put_number(&dims[0], 1, 1);
    put_number(&dims[1], 1, (uint64_t)size);
    put_message(&shape, 1, &dims[0]);
    put_message(&shape, 1, &dims[1]);
    put_number(&tensor, 1, 1);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, &type);
    put_message(graph, field, &value);
}

static void put_weights(message *graph, int64_t rows, int64_t columns, uint32_t seed)
{
    size_t count = (size_t)(rows * columns);
    float *numbers = malloc(count * sizeof *numbers);
    message tensor = {0};
    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        numbers[i] = (float)(seed >> 8) / (float)(1 << 23) - 1;
    }
    put_number(&tensor, 1, (uint64_t)rows);
    put_number(&tensor, 1, (uint64_t)columns);
    put_number(&tensor, 2, 1);
    put_text(&tensor, 8, "w");
    put_bytes(&tensor, 9, numbers, count * sizeof *numbers);
    put_message(graph, 5, &tensor);
    free(numbers);
}

wide_product wide_product_make(int64_t rows, int64_t columns, uint32_t seed)
{
    message node = {0}, graph = {0}, opset = {0}, model = {0};
    put_text(&node, 1, "x");
    put_text(&node, 1, "w");
    put_text(&node, 2, "y");
    put_text(&node, 4, "MatMul");
    put_message(&graph, 1, &node);
    put_text(&graph, 2, "product");
    put_weights(&graph, rows, columns, seed);
    put_value(&graph, 11, "x", rows);
    put_value(&graph, 12, "y", columns);
    put_number(&opset, 2, 13);
    put_number(&model, 1, 8);
    put_message(&model, 7, &graph);
    put_message(&model, 8, &opset);
    return (wide_product){model.bytes, model.count, rows, columns};
}

void wide_product_free(wide_product *model)
{
    free(model->bytes);
    *model = (wide_product){0};
}

void wide_product_write(const wide_product *model, const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(model->bytes, 1, model->count, file), model->count);
    assert_int_equal(fclose(file), 0);
}

void wide_product_place_make(wide_product_place *place, int64_t rows, int64_t columns)
{
    snprintf(place->root, sizeof place->root, "/tmp/ramet-test-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    snprintf(place->model, sizeof place->model, "%s/model.onnx", place->root);
    wide_product product = wide_product_make(rows, columns, 1);
    wide_product_write(&product, place->model);
    wide_product_free(&product);
}

int wide_product_place_remove(const wide_product_place *place)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->root);
    return system(command) == 0 ? 0 : 1;
}

uint64_t wide_product_run(ramet_runtime *runtime)
{
    ramet_tensor input, output;
    ramet_error error = {0};
    assert_int_equal(ramet_runtime_input_info(runtime, 0, &input), RAMET_STATUS_OK);
    size_t count = (size_t)input.dims[1];
    float *numbers = malloc(count * sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (float)(i % 11) - 5;
    input.data = numbers;
    if (ramet_runtime_run(runtime, &input, 1, &output, 1, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    free(numbers);
    uint64_t hash = UINT64_C(14695981039346656037);
    const unsigned char *bytes = output.data;
    for (size_t i = 0; i < (size_t)output.dims[1] * sizeof(float); i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}
