/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that lie. Small programs, parameters and configurations are damaged in a fixed, repeatable way: cut, flipped,
 * and, because blind damage rarely gets far, edited field by field with all enclosing lengths kept true. Each mutant
 * must open into a graph that holds its invariants, or be refused with a message; quickly, and without taking memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <cmocka.h>

#include "formats/formats.h"
#include "formats/pir_json.h"

#define DATA RAMET_TEST_DATA
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- bytes under edit ------------------------------------------------------------------------------------------ */

typedef struct blob {
    unsigned char *data;
    size_t bytes;
} blob;

static blob blob_read(const char *path)
{
    blob made = {0};
    assert_int_equal(rmt_os_read_file(path, (size_t)64 << 20, &made.data, &made.bytes), 0);
    return made;
}

static blob blob_copy(const unsigned char *data, size_t bytes)
{
    blob made = {malloc(bytes > 0 ? bytes : 1), bytes};
    assert_non_null(made.data);
    memcpy(made.data, data, bytes);
    return made;
}

/* A copy in which `removed` bytes at `at` are replaced; of exact size, so that a sanitizer sees every overrun. */
static blob blob_splice(const blob *from, size_t at, size_t removed, const void *with, size_t added)
{
    size_t bytes = from->bytes - removed + added;
    blob made = {malloc(bytes > 0 ? bytes : 1), bytes};
    assert_non_null(made.data);
    memcpy(made.data, from->data, at);
    memcpy(made.data + at, with, added);
    memcpy(made.data + at + added, from->data + at + removed, from->bytes - at - removed);
    return made;
}

/* ---- the judge --------------------------------------------------------------------------------------------------- */

static size_t mutants_seen, mutants_opened;

/* A scale or bias of a batch_norm whose file has none: the node's name and the input's number. */
static bool is_made_up(const char *name)
{
    const char *end = strrchr(name, '.');
    return strstr(name, "batch_norm_") != NULL && end != NULL && (strcmp(end, ".1") == 0 || strcmp(end, ".2") == 0);
}

/* Constants lie in the parameters; those that a program says itself, or lacks, in memory that a sanitizer watches. */
static void judge_graph(const rmt_graph *graph, const blob *params, bool says_constants)
{
    uint64_t sum = 0;
    assert_int_equal(rmt_graph_check(graph, NULL), RAMET_STATUS_OK);
    for (size_t i = 0; i < graph->value_count; i++) {
        const rmt_value *value = &graph->values[i];
        if (value->data != NULL && value->data_bytes > 0) {
            size_t offset = (uintptr_t)value->data - (uintptr_t)params->data;
            assert_true(says_constants || is_made_up(value->name) ||
                        rmt_range_fits(offset, value->data_bytes, params->bytes));
            sum = rmt_hash(sum, value->data, value->data_bytes);
        }
    }
    assert_true(sum != 1);
    rmt_buffer text;
    rmt_buffer_init(&text, 16 << 20);
    assert_true(rmt_graph_print(graph, &text));
    rmt_buffer_clear(&text);
}

/* started: processor time, because other programs may keep this one waiting. */
static void judge_answer(ramet_status status, const ramet_error *error, clock_t started)
{
    assert_true(clock() - started < CLOCKS_PER_SEC);
    mutants_seen++;
    mutants_opened += status == RAMET_STATUS_OK;
    if (status != RAMET_STATUS_OK) {
        assert_int_equal(error->status, status);
        assert_int_not_equal(error->message[0], '\0');
        assert_int_not_equal(error->place[0], '\0');
    }
}

static void judge_program(const blob *program, const blob *params, bool says_constants)
{
    rmt_program opened;
    ramet_error error = {0};
    clock_t started = clock();
    ramet_status status =
        rmt_program_open_memory(program->data, program->bytes, params->data, params->bytes, &opened, &error);
    judge_answer(status, &error, started);
    if (status == RAMET_STATUS_OK) {
        judge_graph(&opened.graph, params, says_constants);
        rmt_program_close(&opened);
    }
}

static void judge_yaml(const blob *text)
{
    rmt_yaml_file file;
    ramet_error error = {0};
    clock_t started = clock();
    ramet_status status = rmt_yaml_open_memory(text->data, text->bytes, "x.yml", &file, &error);
    judge_answer(status, &error, started);
    if (status == RAMET_STATUS_OK) {
        assert_non_null(file.root);
        rmt_yaml_close(&file);
    }
}

/* What is under test: a program with its parameters (either may be damaged), or a configuration. */
typedef struct subject {
    blob program, params;
    bool damage_params, is_yaml, is_json, is_onnx;
} subject;

static const blob *damaged_part(const subject *s) { return s->damage_params ? &s->params : &s->program; }

/* Takes the mutant. */
static void judge(const subject *s, blob mutant)
{
    if (s->is_yaml)
        judge_yaml(&mutant);
    else
        judge_program(s->damage_params ? &s->program : &mutant, s->damage_params ? &mutant : &s->params,
                      s->is_json || s->is_onnx);
    free(mutant.data);
}

static subject subject_open(const char *stem)
{
    char path[512];
    subject made = {0};
    (void)snprintf(path, sizeof(path), DATA "/%s.json", stem);
    made.is_json = rmt_os_is_file(path);
    if (!made.is_json)
        (void)snprintf(path, sizeof(path), DATA "/%s.onnx", stem);
    made.is_onnx = !made.is_json && rmt_os_is_file(path);
    if (!made.is_json && !made.is_onnx)
        (void)snprintf(path, sizeof(path), DATA "/%s.pdmodel", stem);
    made.program = blob_read(path);
    (void)snprintf(path, sizeof(path), DATA "/%s.pdiparams", stem);
    made.params = rmt_os_is_file(path) ? blob_read(path) : blob_copy((const unsigned char *)"", 0);
    return made;
}

static void subject_close(subject *s)
{
    free(s->program.data);
    free(s->params.data);
}

/* ---- blind damage ------------------------------------------------------------------------------------------------ */

static void cut_everywhere(const subject *s, size_t header_bytes)
{
    const blob *whole = damaged_part(s);
    size_t step = whole->bytes / 100 > 0 ? whole->bytes / 100 : 1;
    for (size_t end = 0; end < whole->bytes; end += end < header_bytes ? 1 : step)
        judge(s, blob_copy(whole->data, end));
}

/* Every bit of every `stride`-th byte; and the byte at its extremes. */
static void flip_bits(const subject *s, size_t stride)
{
    static const unsigned char masks[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};
    const blob *whole = damaged_part(s);
    for (size_t at = 0; at < whole->bytes; at += stride) {
        for (size_t i = 0; i < COUNT(masks); i++) {
            blob mutant = blob_copy(whole->data, whole->bytes);
            mutant.data[at] ^= masks[i];
            judge(s, mutant);
        }
    }
}

static void append_and_repeat(const subject *s)
{
    static const unsigned char tail[] = {0, 0x0a, 0xff, 0x0a, 0x80};
    const blob *whole = damaged_part(s);
    for (size_t i = 1; i <= sizeof(tail); i++)
        judge(s, blob_splice(whole, whole->bytes, 0, tail, i));
    judge(s, blob_splice(whole, whole->bytes, 0, whole->data, whole->bytes));
}

/* ---- fields of a program ----------------------------------------------------------------------------------------- */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

typedef enum message {
    NONE,
    PROGRAM,
    BLOCK,
    VAR,
    VAR_TYPE,
    LOD_TENSOR,
    TENSOR,
    OP,
    SLOT,
    ATTR,
    SCALAR,
    ONNX_MODEL,
    ONNX_OPSET,
    ONNX_GRAPH,
    ONNX_NODE,
    ONNX_ATTR,
    ONNX_TENSOR,
    ONNX_VALUE,
    ONNX_TYPE,
    ONNX_TENSOR_TYPE,
    ONNX_SHAPE,
    ONNX_DIM
} message;

typedef struct field {
    size_t start;                 /* of the tag */
    size_t length_at, value, end; /* length_at: of the length; value: of the content */
    int wire_type;
    message holds;
    int parent; /* -1: none */
} field;

typedef struct field_list {
    field items[8192];
    size_t count;
} field_list;

static message message_of(message parent, uint64_t number)
{
    static const struct {
        message parent;
        uint64_t number;
        message child;
    } schema[] = {
        {PROGRAM, 1, BLOCK},
        {BLOCK, 3, VAR},
        {BLOCK, 4, OP},
        {VAR, 2, VAR_TYPE},
        {VAR_TYPE, 3, LOD_TENSOR},
        {LOD_TENSOR, 1, TENSOR},
        {OP, 1, SLOT},
        {OP, 2, SLOT},
        {OP, 4, ATTR},
        {ATTR, 20, SCALAR},
        {ATTR, 21, SCALAR},
        {ONNX_MODEL, 7, ONNX_GRAPH},
        {ONNX_MODEL, 8, ONNX_OPSET},
        {ONNX_GRAPH, 1, ONNX_NODE},
        {ONNX_GRAPH, 5, ONNX_TENSOR},
        {ONNX_GRAPH, 11, ONNX_VALUE},
        {ONNX_GRAPH, 12, ONNX_VALUE},
        {ONNX_GRAPH, 13, ONNX_VALUE},
        {ONNX_NODE, 5, ONNX_ATTR},
        {ONNX_ATTR, 5, ONNX_TENSOR},
        {ONNX_ATTR, 6, ONNX_GRAPH},
        {ONNX_VALUE, 2, ONNX_TYPE},
        {ONNX_TYPE, 1, ONNX_TENSOR_TYPE},
        {ONNX_TENSOR_TYPE, 2, ONNX_SHAPE},
        {ONNX_SHAPE, 1, ONNX_DIM},
    };
    for (size_t i = 0; i < COUNT(schema); i++)
        if (schema[i].parent == parent && schema[i].number == number)
            return schema[i].child;
    return NONE;
}

static uint64_t take_varint(const unsigned char *data, size_t *at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = data[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static size_t make_varint(uint64_t value, unsigned char *bytes)
{
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[count++] = (unsigned char)(value | 0x80);
    bytes[count++] = (unsigned char)value;
    return count;
}

/* The fields of one sane message. */
static void scan_message(const blob *from, size_t start, size_t end, message kind, int parent, field_list *fields)
{
    for (size_t at = start; at < end;) {
        field found = {.start = at, .parent = parent};
        uint64_t tag = take_varint(from->data, &at);
        found.wire_type = (int)(tag & 7);
        found.length_at = found.value = at;
        if (found.wire_type == WIRE_VARINT) {
            (void)take_varint(from->data, &at);
        } else if (found.wire_type == WIRE_BYTES) {
            uint64_t length = take_varint(from->data, &at);
            found.value = at;
            found.holds = message_of(kind, tag >> 3);
            at += length;
        } else {
            at += found.wire_type == WIRE_64 ? 8 : 4;
        }
        found.end = at;
        assert_true(at <= end && fields->count < COUNT(fields->items));
        fields->items[fields->count++] = found;
    }
}

/* All fields at all depths: the list is its own queue. */
static void scan_program(const blob *program, message kind, field_list *fields)
{
    fields->count = 0;
    scan_message(program, 0, program->bytes, kind, -1, fields);
    for (size_t i = 0; i < fields->count; i++) {
        field at = fields->items[i];
        if (at.holds != NONE)
            scan_message(program, at.value, at.end, at.holds, (int)i, fields);
    }
}

/* Replaces bytes inside the message that `parent` holds, and makes all enclosing lengths true again. */
static blob edit(const blob *from, const field_list *fields, int parent, size_t at, size_t removed, const void *with,
                 size_t added)
{
    blob made = blob_splice(from, at, removed, with, added);
    size_t grown = added;
    size_t shrunk = removed;
    for (int up = parent; up >= 0; up = fields->items[up].parent) {
        const field *outer = &fields->items[up];
        unsigned char length[10];
        size_t count = make_varint(outer->end - outer->value + grown - shrunk, length);
        blob next = blob_splice(&made, outer->length_at, outer->value - outer->length_at, length, count);
        free(made.data);
        made = next;
        grown += count;
        shrunk += outer->value - outer->length_at;
    }
    return made;
}

static const uint64_t numbers[] = {
    0,
    1,
    2,
    0x7f,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    UINT64_C(0x7fffffffffffffff),
    UINT64_C(0x8000000000000000),
    UINT64_MAX,
};

/* A number becomes each of the above: dims, types, columns, flags, counts. */
static void replace_number(const subject *s, const field_list *fields, const field *at)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        unsigned char bytes[10];
        size_t count = make_varint(numbers[i], bytes);
        judge(s, edit(&s->program, fields, at->parent, at->value, at->end - at->value, bytes, count));
    }
}

/* The length alone becomes each of the above: it no longer says how much follows. */
static void inflate_length(const subject *s, const field *at)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        unsigned char bytes[10];
        size_t count = make_varint(numbers[i], bytes);
        judge(s, blob_splice(&s->program, at->length_at, at->value - at->length_at, bytes, count));
    }
}

static void replace_content(const subject *s, const field_list *fields, const field *at)
{
    static const char *const texts[] = {"", "feed", "relu", "@EMPTY@", "x", "\xff\xfe", "a name that nothing else has"};
    static unsigned char giant[70000];
    for (size_t i = 0; i < COUNT(texts); i++) {
        unsigned char field_bytes[64];
        size_t count = make_varint(strlen(texts[i]), field_bytes);
        memcpy(field_bytes + count, texts[i], strlen(texts[i]));
        judge(s, edit(&s->program, fields, at->parent, at->length_at, at->end - at->length_at, field_bytes,
                      count + strlen(texts[i])));
    }
    size_t count = make_varint(sizeof(giant) - 3, giant);
    memset(giant + count, 'n', sizeof(giant) - count);
    judge(s, edit(&s->program, fields, at->parent, at->length_at, at->end - at->length_at, giant, sizeof(giant)));
    const char nul[] = {3, 'a', '\0', 'b'};
    judge(s, edit(&s->program, fields, at->parent, at->length_at, at->end - at->length_at, nul, sizeof(nul)));
}

/* The field goes, comes twice, comes many times, or swaps with its successor. */
static void delete_and_repeat(const subject *s, const field_list *fields, size_t index)
{
    const field *at = &fields->items[index];
    size_t bytes = at->end - at->start;
    judge(s, edit(&s->program, fields, at->parent, at->start, bytes, "", 0));
    judge(s, edit(&s->program, fields, at->parent, at->start, 0, s->program.data + at->start, bytes));
    if (bytes <= 64) {
        static unsigned char many[64 * 1024];
        for (size_t i = 0; i < 1024; i++)
            memcpy(many + i * bytes, s->program.data + at->start, bytes);
        judge(s, edit(&s->program, fields, at->parent, at->start, 0, many, 1024 * bytes));
    }
    const field *next = index + 1 < fields->count ? &fields->items[index + 1] : NULL;
    if (next != NULL && next->parent == at->parent && next->start == at->end && next->end - at->start <= 4096) {
        unsigned char swapped[4096];
        memcpy(swapped, s->program.data + next->start, next->end - next->start);
        memcpy(swapped + (next->end - next->start), s->program.data + at->start, bytes);
        judge(s,
              edit(&s->program, fields, at->parent, at->start, next->end - at->start, swapped, next->end - at->start));
    }
}

/* The same value under each wire type: a number where a message should be, and so on. */
static void change_wire_type(const subject *s, const field *at)
{
    for (unsigned char type = 0; type < 8; type++) {
        blob mutant = blob_copy(s->program.data, s->program.bytes);
        mutant.data[at->start] = (unsigned char)((mutant.data[at->start] & ~7U) | type);
        judge(s, mutant);
    }
}

static void edit_fields(const subject *s, size_t stride)
{
    static field_list fields;
    scan_program(&s->program, s->is_onnx ? ONNX_MODEL : PROGRAM, &fields);
    for (size_t i = 0; i < fields.count; i += stride) {
        const field *at = &fields.items[i];
        change_wire_type(s, at);
        delete_and_repeat(s, &fields, i);
        if (at->wire_type == WIRE_VARINT) {
            replace_number(s, &fields, at);
        } else if (at->wire_type == WIRE_BYTES) {
            inflate_length(s, at);
            replace_content(s, &fields, at);
        }
    }
}

/* ---- values of a PIR program ------------------------------------------------------------------------------------- */

static void replace_value(const subject *s, size_t start, size_t end)
{
    static const char *const values[] = {
        "null",
        "true",
        "0",
        "-1",
        "1",
        "2",
        "7",
        "300",
        "-9223372036854775808",
        "1e999",
        "0.5",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "[[[]]]",
        "2e9",
        "9223372036854775807",
        "\"1.relu\"",
        "\"0.combine\"",
        "\"1.while\"",
        "\"2.yield\"",
        "\"p\"",
        "\"\\u0000\"",
        "{\"%\":1}",
        "[1,2]",
    };
    static char nested[4096];
    for (size_t i = 0; i < COUNT(values); i++)
        judge(s, blob_splice(&s->program, start, end - start, values[i], strlen(values[i])));
    memset(nested, '[', sizeof(nested));
    judge(s, blob_splice(&s->program, start, end - start, nested, sizeof(nested)));
}

/* The value goes, with what separates it from the next one; comes twice; comes many times. */
static void delete_and_repeat_value(const subject *s, size_t start, size_t next)
{
    static char many[64 * 1024];
    size_t bytes = next - start;
    judge(s, blob_splice(&s->program, start, bytes, "", 0));
    judge(s, blob_splice(&s->program, start, 0, s->program.data + start, bytes));
    size_t count = sizeof(many) / bytes;
    for (size_t i = 0; i < count; i++)
        memcpy(many + i * bytes, s->program.data + start, bytes);
    judge(s, blob_splice(&s->program, start, 0, many, count * bytes));
}

/* Each value, at all depths: keys, texts, numbers, lists, whole operators. */
static void edit_values(const subject *s, size_t stride)
{
    rmt_json json;
    const rmt_source source = {s->program.data, s->program.bytes, "program"};
    assert_int_equal(rmt_json_read(&source, &json, NULL), RAMET_STATUS_OK);
    for (size_t i = 0; i < json.count; i += stride) {
        const rmt_json_node *at = &json.nodes[i];
        size_t quote = at->kind == RMT_JSON_TEXT;
        replace_value(s, at->start - quote, at->end + quote);
        size_t next = at->next < json.count ? json.nodes[at->next].start : 0;
        if (next > at->end && s->program.data[at->end + quote] == ',')
            delete_and_repeat_value(s, at->start - quote, at->end + quote + 1);
    }
    rmt_json_clear(&json);
}

/* ---- the tests --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *stem;
    size_t flip_stride, edit_stride; /* larger models are sampled */
} models[] = {
    {"formats/attributes", 1, 1},
    {"formats/rewrites", 1, 1},
    {"formats/uncovered", 1, 1},
    {"formats/control_flow", 1, 1},
    {"formats/types", 23, 17},
    {"operators/slice_ends_tensor_only/inference", 11, 7},
    {"operators/rnn_lstm/inference", 29, 19},
    {"operators/conv2d_then_batch_norm/inference", 29, 19},
    {"operators/network_lcnet_block/inference", 43, 31},
    {"operators/network_text_recogniser_head/inference", 43, 29},
    {"pir/array_of_a_loop/inference", 7, 3},
    {"pir/branches/inference", 41, 17},
    {"pir/lists/inference", 41, 17},
    {"pir/constant_operands/inference", 61, 29},
    {"pir/network/inference", 83, 41},
    {"onnx/model_typed_fields/model", 3, 1},
    {"onnx/model_loop_collects/model", 7, 1},
    {"onnx/model_if_true/model", 7, 1},
    {"onnx/model_text_head/model", 17, 3},
    {"onnx/lstm_both_ways/model", 37, 1},
    {"onnx/resize_cubic_own/model", 5, 1},
    {"onnx/slice_steps/model", 5, 1},
    {"onnx/pad_axes/model", 5, 1},
    {"onnx/conv_line_groups/model", 5, 1},
    {"formats/onnx_uncovered", 5, 1},
};

static void damaged_programs_are_refused_or_sound(void **state)
{
    (void)state;
    mutants_seen = mutants_opened = 0;
    for (size_t i = 0; i < COUNT(models); i++) {
        subject s = subject_open(models[i].stem);
        cut_everywhere(&s, 64);
        flip_bits(&s, models[i].flip_stride);
        append_and_repeat(&s);
        if (s.is_json)
            edit_values(&s, models[i].edit_stride);
        else
            edit_fields(&s, models[i].edit_stride);
        subject_close(&s);
    }
    print_message("%zu mutants of programs, %zu opened\n", mutants_seen, mutants_opened);
    assert_true(mutants_seen >= 4000);
    assert_true(mutants_opened > 0 && mutants_opened < mutants_seen);
}

static void damaged_parameters_are_refused_or_sound(void **state)
{
    (void)state;
    mutants_seen = mutants_opened = 0;
    for (size_t i = 0; i < COUNT(models); i++) {
        subject s = subject_open(models[i].stem);
        s.damage_params = true;
        if (!s.is_onnx) { /* which has no parameter file */
            cut_everywhere(&s, 64);
            flip_bits(&s, s.params.bytes / 300 + 1);
            append_and_repeat(&s);
        }
        subject_close(&s);
    }
    print_message("%zu mutants of parameters, %zu opened\n", mutants_seen, mutants_opened);
    assert_true(mutants_seen >= 4000);
    assert_true(mutants_opened > 0 && mutants_opened < mutants_seen);
}

static void damaged_configurations_are_refused_or_trees(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[",
                                         "]",
                                         "{",
                                         "}",
                                         ":",
                                         ": ",
                                         ",",
                                         "- ",
                                         "&a ",
                                         "*a",
                                         "!",
                                         "!!str ",
                                         "|\n",
                                         ">\n",
                                         "'",
                                         "\"",
                                         "%",
                                         "@",
                                         "`",
                                         "\n",
                                         "\t",
                                         "\xff",
                                         "\xc0",
                                         "---\n",
                                         "...\n",
                                         "? ",
                                         "#",
                                         "\\",
                                         "\xef\xbb\xbf",
                                         "\xff\xfe",
                                         "<<: *a\n"};
    mutants_seen = mutants_opened = 0;
    subject s = {.is_yaml = true, .program = blob_read(DATA "/formats/classifier.yaml")};
    cut_everywhere(&s, s.program.bytes);
    flip_bits(&s, 1);
    append_and_repeat(&s);
    for (size_t at = 0; at < s.program.bytes; at += 3)
        for (size_t i = 0; i < COUNT(pieces); i++)
            judge(&s, blob_splice(&s.program, at, 0, pieces[i], strlen(pieces[i])));
    subject_close(&s);
    print_message("%zu mutants of a configuration, %zu opened\n", mutants_seen, mutants_opened);
    assert_true(mutants_seen >= 4000);
    assert_true(mutants_opened > 0 && mutants_opened < mutants_seen);
}

/* What would make a naive reader slow or deep. */
static void repetition_does_not_slow_a_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *start, *unit;
    } cases[] = {
        {"", "["},           {"", "{a: "},       {"", "- "},         {"", "- a\n"},        {"", "a: b\n"},
        {"", "\n"},          {"", "#\n"},        {"", "? a\n"},      {"k: ", "a "},        {"k: \"", "\\n"},
        {"k: '", "''"},      {"k: |\n", " a\n"}, {"k: |\n", " \n"},  {"k: >\n", " a\n\n"}, {"k: [", "[a],"},
        {"k: [", "{a: b},"}, {"k: [", "&a a,"},  {"k: {", "a: b, "}, {"k: !", "a"},        {"k: &", "a"},
        {"%TAG ! ", "a"},    {"k: \"", " \n"},   {"", "- - a\n"},    {"", "\t"},
    };
    enum { BYTES = 256 << 10 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t start = strlen(cases[i].start);
        blob text = {malloc(BYTES), BYTES};
        assert_non_null(text.data);
        memcpy(text.data, cases[i].start, start);
        for (size_t at = start; at < BYTES; at++)
            text.data[at] = (unsigned char)cases[i].unit[(at - start) % strlen(cases[i].unit)];
        subject s = {.is_yaml = true};
        judge(&s, text);
    }
}

/* The peak of all of the above, which ran in this process. */
static void memory_stays_small(void **state)
{
    (void)state;
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(usage.ru_maxrss < 64L * 1024); /* KiB */
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_programs_are_refused_or_sound),
        cmocka_unit_test(damaged_parameters_are_refused_or_sound),
        cmocka_unit_test(damaged_configurations_are_refused_or_trees),
        cmocka_unit_test(repetition_does_not_slow_a_configuration),
        cmocka_unit_test(memory_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
