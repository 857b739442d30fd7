/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameter files: a file of every type that PaddlePaddle wrote, and records built here byte by byte, sane and damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "formats/formats.h"
#include "formats/params.h"

#define DATA RAMET_TEST_DATA

/* ---- records of PaddlePaddle ------------------------------------------------------------------------------- */

/* Entry i of tensor k is k + i; half floats are compared by their bits. */
static double entry(const rmt_value *value, size_t i)
{
    union {
        float f4;
        double f8;
        int8_t i1;
        uint8_t u1;
        int16_t i2;
        uint16_t u2;
        int32_t i4;
        int64_t i8;
    } element = {0};
    size_t bytes = ramet_dtype_bytes(value->dtype);
    memcpy(&element, (const char *)value->data + i * bytes, bytes);
    switch (value->dtype) {
    case RAMET_DTYPE_FLOAT32: return (double)element.f4;
    case RAMET_DTYPE_FLOAT64: return element.f8;
    case RAMET_DTYPE_INT8: return element.i1;
    case RAMET_DTYPE_UINT8:
    case RAMET_DTYPE_BOOL: return element.u1;
    case RAMET_DTYPE_INT16: return element.i2;
    case RAMET_DTYPE_INT32: return element.i4;
    case RAMET_DTYPE_INT64: return (double)element.i8;
    case RAMET_DTYPE_FLOAT16:
    case RAMET_DTYPE_BFLOAT16: break;
    }
    return element.u2;
}

static void every_type_is_read_in_the_order_of_names(void **state)
{
    (void)state;
    static const double halves[] = {0x4000, 0x4200, 0x4400, 0x4500, 0x4600}; /* 2 3 4 5 6 */
    static const struct {
        const char *name;
        ramet_dtype dtype;
        rmt_shape shape;
    } cases[] = {
        {"param_8.w_0", RAMET_DTYPE_FLOAT32, {2, {2, 3}}},   {"param_9.w_0", RAMET_DTYPE_FLOAT64, {1, {1}}},
        {"param_10.w_0", RAMET_DTYPE_FLOAT16, {1, {5}}},     {"param_11.w_0", RAMET_DTYPE_INT8, {2, {3, 1}}},
        {"param_12.w_0", RAMET_DTYPE_UINT8, {3, {2, 2, 2}}}, {"param_13.w_0", RAMET_DTYPE_INT16, {1, {7}}},
        {"param_14.w_0", RAMET_DTYPE_INT32, {1, {1}}},       {"param_15.w_0", RAMET_DTYPE_INT64, {3, {1, 1, 4}}},
        {"param_16.w_0", RAMET_DTYPE_BOOL, {1, {3}}},
    };
    rmt_program program;
    assert_int_equal(rmt_program_open(DATA "/formats/types.pdmodel", DATA "/formats/types.pdiparams", &program, NULL),
                     RAMET_STATUS_OK);
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        int32_t index = rmt_graph_find_value(&program.graph, cases[k].name);
        assert_true(rmt_value_is_constant(&program.graph, index));
        const rmt_value *value = &program.graph.values[index];
        assert_int_equal(value->dtype, cases[k].dtype);
        assert_true(rmt_shape_equal(&value->shape, &cases[k].shape));
        for (size_t i = 0; i < (size_t)rmt_shape_elements(&value->shape); i++) {
            double expected = cases[k].dtype == RAMET_DTYPE_FLOAT16 ? halves[i]
                              : cases[k].dtype == RAMET_DTYPE_BOOL  ? 1.0
                                                                    : (double)(k + i);
            assert_true(entry(value, i) == expected);
        }
    }
    rmt_program_close(&program);
}

/* ---- records built here -------------------------------------------------------------------------------------- */

typedef struct record {
    unsigned char bytes[256];
    size_t count;
} record;

static void put(record *to, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to->bytes[to->count++] = (unsigned char)(number >> (8 * i));
}

/* One record: float32 [2] = {1, 2} unless the description says otherwise. */
static record make_record(uint32_t version, uint64_t lod_levels, uint32_t tensor_version, const char *description,
                          int32_t description_bytes)
{
    record made = {{0}, 0};
    put(&made, version, 4);
    put(&made, lod_levels, 8);
    for (uint64_t i = 0; i < lod_levels && i < 2; i++) {
        put(&made, 8, 8);
        put(&made, i, 8);
    }
    put(&made, tensor_version, 4);
    put(&made, (uint32_t)description_bytes, 4);
    memcpy(made.bytes + made.count, description, strlen(description));
    made.count += strlen(description);
    put(&made, 0x3f800000, 4);
    put(&made, 0x40000000, 4);
    return made;
}

#define FLOAT32_OF_2 "\x08\x05\x10\x02" /* data_type 5, dims [2] */

static ramet_status read_only_record(const record *from, rmt_param *param, ramet_error *error)
{
    rmt_params params = {.source = {from->bytes, from->count, "p.pdiparams"}};
    ramet_status status = rmt_params_next(&params, "w", param, error);
    return status == RAMET_STATUS_OK ? rmt_params_end(&params, error) : status;
}

static void sane_records_are_read(void **state)
{
    (void)state;
    static const struct {
        uint64_t lod_levels;
        const char *description;
        rmt_shape shape;
        size_t spare_bytes; /* of the 8 bytes of data */
    } cases[] = {
        {0, FLOAT32_OF_2, {1, {2}}, 0},
        {1, FLOAT32_OF_2, {1, {2}}, 0},
        {2, FLOAT32_OF_2, {1, {2}}, 0},
        {0, "\x08\x05\x12\x02\x02\x01", {2, {2, 1}}, 0}, /* packed dims */
        {0, "\x08\x05", {0, {0}}, 4},                    /* no dims: one element */
        {0, "\x08\x05\x10\x02\x20\x07", {1, {2}}, 0},    /* an unknown field */
        {0, "\x08\x06\x10\x01", {1, {1}}, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        record made =
            make_record(0, cases[i].lod_levels, 0, cases[i].description, (int32_t)strlen(cases[i].description));
        made.count -= cases[i].spare_bytes;
        rmt_param param = {0};
        ramet_error error = {0};
        assert_int_equal(read_only_record(&made, &param, &error), RAMET_STATUS_OK);
        assert_true(rmt_shape_equal(&param.shape, &cases[i].shape));
        assert_memory_equal(param.data, "\0\0\x80\x3f", 4);
    }
}

static void an_empty_tensor_has_a_place_in_the_file(void **state)
{
    (void)state;
    record made = {.count = 16}; /* no lod, both versions 0 */
    put(&made, 5, 4);
    memcpy(made.bytes + made.count, "\x08\x05\x12\x01\x00", 5);
    made.count += 5;
    rmt_param param = {0};
    assert_int_equal(read_only_record(&made, &param, NULL), RAMET_STATUS_OK);
    assert_int_equal(rmt_shape_elements(&param.shape), 0);
}

static void damaged_records_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        uint32_t version;
        uint64_t lod_levels;
        uint32_t tensor_version;
        const char *description;
        int32_t description_bytes; /* 0: its length */
        const char *said;
    } cases[] = {
        {1, 0, 0, FLOAT32_OF_2, 0, "version 0"},
        {0, 1000, 0, FLOAT32_OF_2, 0, "lod levels"},
        {0, UINT64_MAX, 0, FLOAT32_OF_2, 0, "lod levels"},
        {0, 0, 7, FLOAT32_OF_2, 0, "tensor version 0"},
        {0, 0, 0, FLOAT32_OF_2, -1, "at most 4096"},
        {0, 0, 0, FLOAT32_OF_2, 5000, "at most 4096"},
        {0, 0, 0, FLOAT32_OF_2, 13, "tensor description"},
        {0, 0, 0, "\x08\x05\x10\x04", 0, "elements of a tensor"},
        {0, 0, 0, "\x08\x05\x10\x01", 0, "bytes are left"},
        {0, 0, 0, "\x08\x17\x10\x02", 0, "element type"},
        {0, 0, 0, "\x10\x02", 0, "element type"},
        {0, 0, 0, "\x08\x05\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0, "not negative"},
        {0, 0, 0, "\x08\x05\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 0, "too many elements"},
        {0, 0, 0, "\x08\x05\x10\x80\x80\x80\x80\x10\x10\x80\x80\x80\x80\x10", 0, "too many elements"},
        {0, 0, 0, "\x08\x05\x12\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01", 0, "overflow"},
        {0, 0, 0, "\x08\x05\x0a\x7f", 0, "damaged"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t bytes =
            cases[i].description_bytes != 0 ? cases[i].description_bytes : (int32_t)strlen(cases[i].description);
        record made =
            make_record(cases[i].version, cases[i].lod_levels, cases[i].tensor_version, cases[i].description, bytes);
        rmt_param param = {0};
        ramet_error error = {0};
        assert_int_equal(read_only_record(&made, &param, &error), RAMET_STATUS_BAD_FORMAT);
        if (strstr(error.message, cases[i].said) == NULL)
            fail_msg("case %zu says \"%s\", not \"%s\"", i, error.message, cases[i].said);
        assert_non_null(strstr(error.place, "p.pdiparams: offset "));
    }
}

static void a_record_may_end_only_at_its_end(void **state)
{
    (void)state;
    record made = make_record(0, 1, 0, FLOAT32_OF_2, 4);
    size_t whole = made.count;
    for (made.count = 1; made.count < whole; made.count++) {
        rmt_param param = {0};
        ramet_error error = {0};
        assert_int_equal(read_only_record(&made, &param, &error), RAMET_STATUS_BAD_FORMAT);
        assert_non_null(strstr(error.message, "'w' (record 0)"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_in_the_order_of_names),
        cmocka_unit_test(sane_records_are_read),
        cmocka_unit_test(an_empty_tensor_has_a_place_in_the_file),
        cmocka_unit_test(damaged_records_are_refused_with_their_place),
        cmocka_unit_test(a_record_may_end_only_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
