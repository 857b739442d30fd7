/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NumPy's array files.
 *
 * A file is a magic, a version, the length of a header, the header (a Python
 * dictionary with descr, fortran_order and shape) and the elements. Every count
 * in it is checked against the bytes that are there before anything is
 * allocated; a file that is too long is refused as well.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

enum { HEADER_MAX_BYTES = 65536, HEADER_UNIT = 64 };

/* NumPy's names of the dtypes. */
static const struct {
    const char *descr;
    ramet_dtype dtype;
} dtypes[] = {
    {"<f4", RAMET_DTYPE_FLOAT32}, {"<f8", RAMET_DTYPE_FLOAT64}, {"<f2", RAMET_DTYPE_FLOAT16},
    {"|i1", RAMET_DTYPE_INT8},    {"|u1", RAMET_DTYPE_UINT8},   {"<i2", RAMET_DTYPE_INT16},
    {"<i4", RAMET_DTYPE_INT32},   {"<i8", RAMET_DTYPE_INT64},   {"|b1", RAMET_DTYPE_BOOL},
};

/* ---- the header's text ----------------------------------------------------------------------------------- */

typedef struct header {
    char descr[16];
    bool fortran_order;
    ramet_tensor tensor; /* dtype, rank, dims */
    unsigned seen;       /* a bit for each key */
} header;

enum { SEEN_DESCR = 1, SEEN_ORDER = 2, SEEN_SHAPE = 4, SEEN_ALL = 7 };

/* Each of these moves *at over what it expects, or returns false. Behind the text stands a NUL. */
static void skip_space(const char **at) { *at += strspn(*at, " \t\r\n"); }

static bool skip_sign(const char **at, char sign)
{
    skip_space(at);
    bool found = **at == sign;
    *at += found;
    return found;
}

static bool read_quoted(const char **at, char *text, size_t size)
{
    skip_space(at);
    char quote = **at;
    if (quote != '\'' && quote != '"')
        return false;
    const char *end = strchr(*at + 1, quote);
    size_t length = end ? (size_t)(end - *at - 1) : size;
    if (length >= size)
        return false;
    memcpy(text, *at + 1, length);
    text[length] = 0;
    *at = end + 1;
    return true;
}

static bool read_truth(const char **at, bool *truth)
{
    skip_space(at);
    *truth = !strncmp(*at, "True", 4);
    if (!*truth && strncmp(*at, "False", 5) != 0)
        return false;
    *at += *truth ? 4 : 5;
    return true;
}

static bool read_dimension(const char **at, int64_t *dimension)
{
    skip_space(at);
    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    char *end;
    *dimension = strtoll(*at, &end, 10);
    *at = end + (*end == 'L'); /* as Python 2 wrote them */
    return errno == 0;
}

/* "()", "(3,)", "(2, 3)" */
static bool read_shape(const char **at, ramet_tensor *tensor)
{
    tensor->rank = 0;
    bool more = skip_sign(at, '(');
    while (more && !skip_sign(at, ')')) {
        if (tensor->rank == RAMET_MAX_RANK || !read_dimension(at, &tensor->dims[tensor->rank++]))
            return false;
        more = skip_sign(at, ',') || (skip_space(at), **at == ')');
    }
    return more;
}

static bool read_entry(const char **at, header *made)
{
    char key[16];
    if (!read_quoted(at, key, sizeof key) || !skip_sign(at, ':'))
        return false;
    unsigned bit = 0;
    bool good = false;
    if (!strcmp(key, "descr")) {
        bit = SEEN_DESCR;
        good = read_quoted(at, made->descr, sizeof made->descr);
    } else if (!strcmp(key, "fortran_order")) {
        bit = SEEN_ORDER;
        good = read_truth(at, &made->fortran_order);
    } else if (!strcmp(key, "shape")) {
        bit = SEEN_SHAPE;
        good = read_shape(at, &made->tensor);
    }
    good = good && !(made->seen & bit);
    made->seen |= bit;
    return good;
}

/* "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }" and white space. */
static bool read_dictionary(const char *text, size_t length, header *made)
{
    const char *at = text;
    bool more = skip_sign(&at, '{');
    while (more && !skip_sign(&at, '}'))
        more = read_entry(&at, made) && (skip_sign(&at, ',') || *at == '}');
    skip_space(&at);
    return more && at == text + length && made->seen == SEEN_ALL;
}

static ramet_status find_dtype(header *made, const char *path, ramet_error *error)
{
    for (size_t i = 0; i < CLI_COUNT(dtypes); i++) {
        if (!strcmp(made->descr, dtypes[i].descr)) {
            made->tensor.dtype = dtypes[i].dtype;
            return RAMET_STATUS_OK;
        }
    }
    return cli_fail(
        error, RAMET_STATUS_UNSUPPORTED,
        "'%s' holds elements of '%s'; little-endian numbers and booleans can be fed, as '<f4', '<i8', '|b1'", path,
        made->descr);
}

/* ---- the file -------------------------------------------------------------------------------------------- */

typedef struct npy_file {
    const char *path;
    FILE *file;
    size_t bytes_left; /* behind what was read */
} npy_file;

static ramet_status fail_format(const npy_file *npy, const char *what, ramet_error *error)
{
    return cli_fail(error, RAMET_STATUS_BAD_FORMAT, "'%s' is no NumPy file that can be used: %s", npy->path, what);
}

static ramet_status read_bytes(npy_file *npy, void *into, size_t bytes, ramet_error *error)
{
    if (bytes > npy->bytes_left)
        return fail_format(npy, "it ends too early", error);
    if (fread(into, 1, bytes, npy->file) != bytes)
        return cli_fail(error, RAMET_STATUS_IO, "cannot read '%s'", npy->path);
    npy->bytes_left -= bytes;
    return RAMET_STATUS_OK;
}

static size_t little_endian(const unsigned char *bytes, size_t count)
{
    size_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* Magic, version and the length of the header, which follows. */
static ramet_status read_preamble(npy_file *npy, size_t *header_bytes, ramet_error *error)
{
    unsigned char start[sizeof magic + 2], length[4];
    ramet_status status = read_bytes(npy, start, sizeof start, error);
    if (status)
        return status;
    unsigned version = start[sizeof magic];
    if (memcmp(start, magic, sizeof magic) != 0 || version < 1 || version > 3)
        return fail_format(npy, "it does not begin as version 1, 2 or 3 does", error);
    size_t width = version == 1 ? 2 : 4;
    status = read_bytes(npy, length, width, error);
    *header_bytes = little_endian(length, width);
    if (!status && *header_bytes > HEADER_MAX_BYTES)
        status = fail_format(npy, "its header is too long", error);
    return status;
}

static ramet_status read_header(npy_file *npy, header *made, ramet_error *error)
{
    size_t bytes = 0;
    ramet_status status = read_preamble(npy, &bytes, error);
    if (status)
        return status;
    char *text = cli_must(calloc(bytes + 1, 1));
    status = read_bytes(npy, text, bytes, error);
    if (!status && !read_dictionary(text, bytes, made))
        status = fail_format(npy, "its header is not understood", error);
    free(text);
    return status ? status : find_dtype(made, npy->path, error);
}

/* Bytes of the elements; false when they do not fit in a size. */
static bool count_bytes(const ramet_tensor *tensor, size_t *bytes)
{
    *bytes = ramet_dtype_bytes(tensor->dtype);
    bool fits = true;
    for (int32_t i = 0; i < tensor->rank; i++)
        fits = fits && !__builtin_mul_overflow(*bytes, (uint64_t)tensor->dims[i], bytes);
    return fits;
}

/* Turns column-major elements into row-major ones. */
static void *to_row_major(const ramet_tensor *tensor, const char *columns, size_t bytes)
{
    size_t size = ramet_dtype_bytes(tensor->dtype), strides[RAMET_MAX_RANK], stride = size;
    for (int32_t i = 0; i < tensor->rank; i++) {
        strides[i] = stride;
        stride *= (size_t)tensor->dims[i];
    }
    char *rows = cli_must(malloc(bytes));
    int64_t at[RAMET_MAX_RANK] = {0};
    size_t from = 0;
    for (size_t to = 0; to < bytes; to += size) {
        memcpy(rows + to, columns + from, size);
        for (int32_t i = tensor->rank; i-- > 0;) { /* the next element, in row-major order */
            from += strides[i];
            if (++at[i] < tensor->dims[i])
                break;
            from -= strides[i] * (size_t)tensor->dims[i];
            at[i] = 0;
        }
    }
    return rows;
}

static ramet_status read_elements(npy_file *npy, const header *made, ramet_tensor *tensor, ramet_error *error)
{
    size_t bytes;
    if (!count_bytes(&made->tensor, &bytes) || bytes != npy->bytes_left)
        return fail_format(npy, "its size is not what its shape asks for", error);
    char *data = malloc(bytes ? bytes : 1);
    if (!data) {
        return cli_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for the %zu bytes of '%s'", bytes,
                        npy->path);
    }
    ramet_status status = read_bytes(npy, data, bytes, error);
    if (status) {
        free(data);
        return status;
    }
    *tensor = made->tensor;
    tensor->data = data;
    if (made->fortran_order && tensor->rank > 1 && bytes > 0) {
        tensor->data = to_row_major(tensor, data, bytes);
        free(data);
    }
    return RAMET_STATUS_OK;
}

ramet_status cli_npy_read(const char *path, ramet_tensor *tensor, ramet_error *error)
{
    *tensor = (ramet_tensor){0};
    npy_file npy = {.path = path, .file = fopen(path, "re")};
    if (!npy.file)
        return cli_fail(error, RAMET_STATUS_NOT_FOUND, "cannot open '%s': %s", path, strerror(errno));
    struct stat info;
    header made = {.seen = 0};
    ramet_status status;
    if (fstat(fileno(npy.file), &info) != 0 || !S_ISREG(info.st_mode)) {
        status = cli_fail(error, RAMET_STATUS_IO, "'%s' is no ordinary file", path);
    } else {
        npy.bytes_left = (size_t)info.st_size;
        status = read_header(&npy, &made, error);
    }
    if (!status)
        status = read_elements(&npy, &made, tensor, error);
    fclose(npy.file);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static const char *descr_of(ramet_dtype dtype)
{
    for (size_t i = 0; i < CLI_COUNT(dtypes); i++)
        if (dtypes[i].dtype == dtype)
            return dtypes[i].descr;
    return NULL;
}

/* Preamble and header, filled up with blanks so that the elements begin at a multiple of 64. Returns its length. */
static size_t print_header(char *text, size_t size, const char *descr, const ramet_tensor *tensor)
{
    size_t start = sizeof magic + 4;
    size_t length = start;
    length +=
        (size_t)snprintf(text + length, size - length, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int32_t i = 0; i < tensor->rank; i++) {
        const char *comma = i + 1 < tensor->rank ? ", " : tensor->rank == 1 ? "," : "";
        length += (size_t)snprintf(text + length, size - length, "%lld%s", (long long)tensor->dims[i], comma);
    }
    length += (size_t)snprintf(text + length, size - length, "), }");
    while ((length + 1) % HEADER_UNIT)
        text[length++] = ' ';
    text[length++] = '\n';
    memcpy(text, magic, sizeof magic);
    memcpy(text + sizeof magic, (const unsigned char[]){1, 0}, 2);
    text[start - 2] = (char)((length - start) & 0xFF);
    text[start - 1] = (char)((length - start) >> 8);
    return length;
}

ramet_status cli_npy_write(const char *path, const ramet_tensor *tensor, ramet_error *error)
{
    char text[512];
    const char *descr = descr_of(tensor->dtype);
    size_t bytes;
    if (!descr || !count_bytes(tensor, &bytes)) {
        return cli_fail(error, RAMET_STATUS_UNSUPPORTED, "NumPy has no '%s'; '%s' is not written",
                        ramet_dtype_name(tensor->dtype), path);
    }
    size_t header_bytes = print_header(text, sizeof text, descr, tensor);
    FILE *file = fopen(path, "we");
    bool good = file && fwrite(text, 1, header_bytes, file) == header_bytes;
    good = good && fwrite(tensor->data, 1, bytes, file) == bytes;
    int errnum = errno;
    if (file && fclose(file) && good) {
        errnum = errno;
        good = false;
    }
    return good ? RAMET_STATUS_OK : cli_fail(error, RAMET_STATUS_IO, "cannot write '%s': %s", path, strerror(errnum));
}
