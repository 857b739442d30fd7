/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the file, without recursion: the containers that are open stand on a stack of fixed depth. What is wrong
 * is kept in `failed` and ends the pass; the place is the offset that was reached.
 */
#include "formats/pir_json.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/numbers.h"

typedef struct parser {
    rmt_json *json;
    size_t at;
    uint32_t open[RMT_LIMIT_JSON_DEPTH]; /* containers around the place */
    size_t depth;
    bool exhausted;
    const char *failed; /* what was expected at `at` */
} parser;

static bool expect(parser *p, bool holds, const char *what)
{
    if (p->failed == NULL && !holds)
        p->failed = what;
    return p->failed == NULL;
}

/* The next byte, or 0 at the end: no byte of a program outside of texts is 0. */
static unsigned char peek(const parser *p)
{
    const rmt_source *source = p->json->source;
    return p->at < source->bytes ? source->data[p->at] : 0;
}

static void skip_space(parser *p)
{
    for (unsigned char c = peek(p); c == ' ' || c == '\n' || c == '\t' || c == '\r'; c = peek(p))
        p->at++;
}

static bool take(parser *p, unsigned char c, const char *what)
{
    if (!expect(p, peek(p) == c, what))
        return false;
    p->at++;
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static void add_node(parser *p, rmt_json_kind kind, size_t start, size_t end)
{
    rmt_json *json = p->json;
    void *nodes = json->nodes;
    if (!rmt_grow(&nodes, &json->capacity, json->count, sizeof(rmt_json_node), RMT_LIMIT_JSON_NODES)) {
        p->exhausted = json->count < RMT_LIMIT_JSON_NODES;
        (void)expect(p, false, "fewer values");
        return;
    }
    json->nodes = nodes;
    json->nodes[json->count] = (rmt_json_node){(uint32_t)start, (uint32_t)end, (uint32_t)json->count + 1, kind};
    json->count++;
}

static bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

static int hex_digit(unsigned char c)
{
    if (is_digit(c))
        return c - '0';
    unsigned char lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void scan_escape(parser *p)
{
    p->at++;
    unsigned char c = peek(p);
    if (!expect(p, c != 0 && strchr("\"\\/bfnrtu", c) != NULL, "an escape sequence"))
        return;
    p->at++;
    for (int i = 0; i < 4 && c == 'u' && expect(p, hex_digit(peek(p)) >= 0, "four hexadecimal digits"); i++)
        p->at++;
}

static void scan_text(parser *p)
{
    size_t start = ++p->at;
    for (unsigned char c = peek(p); c != '"' && p->failed == NULL; c = peek(p))
        if (c == '\\')
            scan_escape(p);
        else if (expect(p, c >= ' ', "the end of a text"))
            p->at++;
    if (p->failed == NULL)
        add_node(p, RMT_JSON_TEXT, start, p->at++);
}

static void scan_digits(parser *p)
{
    if (!expect(p, is_digit(peek(p)), "a digit"))
        return;
    while (is_digit(peek(p)))
        p->at++;
}

static void scan_number(parser *p)
{
    size_t start = p->at;
    p->at += peek(p) == '-';
    if (peek(p) == '0')
        p->at++;
    else
        scan_digits(p);
    if (peek(p) == '.') {
        p->at++;
        scan_digits(p);
    }
    if (peek(p) == 'e' || peek(p) == 'E') {
        p->at++;
        p->at += peek(p) == '-' || peek(p) == '+';
        scan_digits(p);
    }
    if (p->failed == NULL)
        add_node(p, RMT_JSON_NUMBER, start, p->at);
}

static void scan_word(parser *p, const char *word, rmt_json_kind kind)
{
    const rmt_source *source = p->json->source;
    size_t length = strlen(word);
    bool there = rmt_range_fits(p->at, length, source->bytes) && memcmp(source->data + p->at, word, length) == 0;
    if (!expect(p, there, "a value"))
        return;
    add_node(p, kind, p->at, p->at + length);
    p->at += length;
}

static void open_container(parser *p, rmt_json_kind kind)
{
    if (!expect(p, p->depth < RMT_LIMIT_JSON_DEPTH, "values that are nested less deeply"))
        return;
    p->open[p->depth++] = (uint32_t)p->json->count;
    add_node(p, kind, p->at, p->at + 1);
    p->at++;
}

static void scan_value(parser *p)
{
    switch (peek(p)) {
    case '{': open_container(p, RMT_JSON_OBJECT); break;
    case '[': open_container(p, RMT_JSON_LIST); break;
    case '"': scan_text(p); break;
    case 't': scan_word(p, "true", RMT_JSON_TRUE); break;
    case 'f': scan_word(p, "false", RMT_JSON_FALSE); break;
    case 'n': scan_word(p, "null", RMT_JSON_NULL); break;
    default:
        if (expect(p, peek(p) == '-' || is_digit(peek(p)), "a value"))
            scan_number(p);
    }
}

/* ---- containers --------------------------------------------------------------------------------------------- */

static void check_keys(parser *p, uint32_t object)
{
    const rmt_json_node *nodes = p->json->nodes;
    rmt_span keys[RMT_LIMIT_JSON_KEYS];
    size_t count = 0;
    for (uint32_t at = object + 1; at < nodes[object].next && p->failed == NULL; at = nodes[at + 1].next) {
        if (!expect(p, count < RMT_LIMIT_JSON_KEYS, "an object with fewer keys"))
            return;
        keys[count] = rmt_json_text(p->json, at);
        for (size_t i = 0; i < count; i++)
            (void)expect(p, rmt_span_compare(keys[i], keys[count]) != 0, "an object whose keys differ");
        count++;
    }
}

static void close_container(parser *p, uint32_t container)
{
    rmt_json_node *node = &p->json->nodes[container];
    node->next = (uint32_t)p->json->count;
    node->end = (uint32_t)++p->at;
    p->depth--;
    if (node->kind == RMT_JSON_OBJECT)
        check_keys(p, container);
}

/* One more entry of the innermost container, or its end. */
static void scan_entry(parser *p)
{
    uint32_t container = p->open[p->depth - 1];
    bool is_object = p->json->nodes[container].kind == RMT_JSON_OBJECT;
    bool is_first = p->json->count == (size_t)container + 1;
    skip_space(p);
    if (peek(p) == (is_object ? '}' : ']')) {
        close_container(p, container);
        return;
    }
    if (!is_first && !take(p, ',', is_object ? "',' or '}'" : "',' or ']'"))
        return;
    skip_space(p);
    if (is_object && expect(p, peek(p) == '"', "a key")) {
        scan_text(p);
        skip_space(p);
        (void)take(p, ':', "':'");
        skip_space(p);
    }
    if (p->failed == NULL)
        scan_value(p);
}

ramet_status rmt_json_read(const rmt_source *source, rmt_json *json, ramet_error *error)
{
    *json = (rmt_json){.source = source};
    parser p = {.json = json};
    (void)expect(&p, source->bytes <= UINT32_MAX, "a smaller file");
    skip_space(&p);
    if (expect(&p, peek(&p) == '{', "an object"))
        scan_value(&p);
    while (p.depth > 0 && p.failed == NULL)
        scan_entry(&p);
    if (p.failed == NULL)
        skip_space(&p);
    (void)expect(&p, p.at == source->bytes, "the end of the file");
    if (p.failed == NULL)
        return RAMET_STATUS_OK;
    if (p.exhausted)
        return rmt_fail_memory(error, json->count * sizeof(rmt_json_node));
    ramet_status status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "damaged JSON: expected %s", p.failed);
    return rmt_source_place(source, source->data + p.at, error, status);
}

void rmt_json_clear(rmt_json *json)
{
    free(json->nodes);
    *json = (rmt_json){0};
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

bool rmt_json_is(const rmt_json *json, uint32_t at, rmt_json_kind kind) { return json->nodes[at].kind == kind; }

rmt_span rmt_json_text(const rmt_json *json, uint32_t at)
{
    const rmt_json_node *node = &json->nodes[at];
    if (node->kind != RMT_JSON_TEXT)
        return (rmt_span){json->source->data + node->start, 0};
    return (rmt_span){json->source->data + node->start, node->end - node->start};
}

uint32_t rmt_json_get(const rmt_json *json, uint32_t object, const char *key)
{
    const rmt_json_node *nodes = json->nodes;
    if (nodes[object].kind != RMT_JSON_OBJECT)
        return 0;
    for (uint32_t at = object + 1; at < nodes[object].next; at = nodes[at + 1].next)
        if (rmt_span_is(rmt_json_text(json, at), key))
            return at + 1;
    return 0;
}

size_t rmt_json_length(const rmt_json *json, uint32_t list)
{
    size_t length = 0;
    if (rmt_json_is(json, list, RMT_JSON_LIST))
        for (uint32_t at = list + 1; at < json->nodes[list].next; at = json->nodes[at].next)
            length++;
    return length;
}

/* The number's text, NUL-terminated; false when it is none or longer than any number needs to be. */
static bool number_text(const rmt_json *json, uint32_t at, char text[64])
{
    const rmt_json_node *node = &json->nodes[at];
    size_t bytes = node->end - node->start;
    if (node->kind != RMT_JSON_NUMBER || bytes > 63)
        return false;
    memcpy(text, json->source->data + node->start, bytes);
    text[bytes] = '\0';
    return true;
}

bool rmt_json_float(const rmt_json *json, uint32_t at, double *value)
{
    char text[64];
    return number_text(json, at, text) && rmt_number_read(text, value);
}

bool rmt_json_int(const rmt_json *json, uint32_t at, int64_t *value)
{
    const double end = 9223372036854775808.0; /* 2^63 */
    char text[64];
    double number = 0.0;
    if (rmt_json_is(json, at, RMT_JSON_TRUE) || rmt_json_is(json, at, RMT_JSON_FALSE)) {
        *value = rmt_json_is(json, at, RMT_JSON_TRUE);
        return true;
    }
    if (!number_text(json, at, text))
        return false;
    if (rmt_number_read_int(text, value))
        return true;
    if (!rmt_number_read(text, &number) || !(number > -end && number < end) || (double)(int64_t)number != number)
        return false;
    *value = (int64_t)number;
    return true;
}

/* ---- texts -------------------------------------------------------------------------------------------------- */

static unsigned read_hex(const unsigned char *digits)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | (unsigned)hex_digit(digits[i]);
    return value;
}

static bool append_utf8(rmt_buffer *text, unsigned code)
{
    unsigned char bytes[4];
    size_t count = 0;
    if (code < 0x80) {
        bytes[count++] = (unsigned char)code;
    } else if (code < 0x800) {
        bytes[count++] = (unsigned char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        bytes[count++] = (unsigned char)(0xe0 | code >> 12);
    } else {
        bytes[count++] = (unsigned char)(0xf0 | code >> 18);
        bytes[count++] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
    }
    if (code >= 0x800)
        bytes[count++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    if (code >= 0x80)
        bytes[count++] = (unsigned char)(0x80 | (code & 0x3f));
    return rmt_buffer_append(text, bytes, count);
}

/* An escape sequence at the front of rest, which the grammar has seen to; two for a character beyond 16 bits. */
static bool decode_escape(rmt_span *rest, rmt_buffer *text)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    unsigned char c = rest->data[1];
    size_t used = c == 'u' ? 6 : 2;
    const char *found = strchr(from, c);
    unsigned code = found != NULL ? (unsigned char)to[found - from] : c;
    if (c == 'u')
        code = read_hex(rest->data + 2);
    bool high = c == 'u' && code >= 0xd800 && code < 0xdc00;
    if (high && rest->bytes >= 12 && rest->data[6] == '\\' && rest->data[7] == 'u') {
        unsigned low = read_hex(rest->data + 8);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            used = 12;
        }
    }
    rest->data += used;
    rest->bytes -= used;
    bool is_none = code == 0 || (code >= 0xd800 && code < 0xe000); /* a NUL, half of a pair */
    return append_utf8(text, is_none ? 0xfffd : code);
}

bool rmt_json_decode(const rmt_json *json, uint32_t at, rmt_buffer *text)
{
    rmt_span rest = rmt_json_text(json, at);
    bool fits = rmt_buffer_append(text, "", 0);
    while (rest.bytes > 0 && fits) {
        const unsigned char *escape = memchr(rest.data, '\\', rest.bytes);
        size_t plain = escape != NULL ? (size_t)(escape - rest.data) : rest.bytes;
        fits = rmt_buffer_append(text, rest.data, plain);
        rest.data += plain;
        rest.bytes -= plain;
        if (rest.bytes > 0)
            fits = fits && decode_escape(&rest, text);
    }
    return fits;
}
