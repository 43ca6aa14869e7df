/*
 * Distinct rows: the number of the value that stands in each row, and a row where each value stands.
 *
 * Metadata repeat: a million records have some hundred names, levels and dates. So what is known of
 * a value is worked out once for each distinct one and then gathered.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 16 /* of 32 bits in a row's key */

/* The key of row i is words[w][i * stride[w]] for each w. */
typedef struct row_keys {
    const uint32_t *words[MAX_WORDS];
    size_t strides[MAX_WORDS];
    size_t n_words;
} row_keys;

/* What was met so far. Open addressing; a place holds the number of a value plus 1, 0: free. */
typedef struct distinct {
    uint32_t *places;
    size_t n_places; /* a power of two, at least twice n */
    uint32_t *keys;  /* n x n_words */
    uint64_t *hashes;
    int64_t *rows; /* where each was met first */
    size_t n, capacity, n_words;
} distinct;

static void distinct_free(distinct *d)
{
    free(d->places);
    free(d->keys);
    free(d->hashes);
    free(d->rows);
}

static void put_place(uint32_t *places, size_t n_places, uint64_t hash, uint32_t number)
{
    size_t at = (size_t)(hash >> 32) & (n_places - 1);

    while (places[at] != 0)
        at = (at + 1) & (n_places - 1);
    places[at] = number + 1;
}

/* Room for twice as many. Addresses stay valid on failure. */
static bool grow(distinct *d)
{
    size_t capacity = d->capacity == 0 ? 64 : 2 * d->capacity;
    uint32_t *keys = realloc(d->keys, capacity * d->n_words * sizeof *keys);
    uint64_t *hashes;
    int64_t *rows;
    uint32_t *places;

    if (keys != NULL)
        d->keys = keys;
    hashes = realloc(d->hashes, capacity * sizeof *hashes);
    if (hashes != NULL)
        d->hashes = hashes;
    rows = realloc(d->rows, capacity * sizeof *rows);
    if (rows != NULL)
        d->rows = rows;
    places = calloc(2 * capacity, sizeof *places);
    if (keys == NULL || hashes == NULL || rows == NULL || places == NULL) {
        free(places);
        return false;
    }
    for (size_t i = 0; i < d->n; i++)
        put_place(places, 2 * capacity, d->hashes[i], (uint32_t)i);
    free(d->places);
    d->places = places;
    d->n_places = 2 * capacity;
    d->capacity = capacity;
    return true;
}

/* Number the n rows of `keys`; `first` is the number of the first among all. false: no memory. */
static bool number_rows(distinct *d, const row_keys *keys, int64_t first, size_t n, int32_t *codes)
{
    const size_t n_words = keys->n_words;
    uint32_t key[MAX_WORDS];
    size_t last = SIZE_MAX;

    if (n_words == 0 || n_words > MAX_WORDS) /* never: what calls this has checked */
        return false;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = UINT64_C(0x9E3779B97F4A7C15);
        size_t at;
        for (size_t w = 0; w < n_words; w++)
            key[w] = keys->words[w][i * keys->strides[w]];
        /* Neighbours often agree. */
        if (last != SIZE_MAX && memcmp(key, d->keys + last * n_words, n_words * sizeof *key) == 0) {
            codes[i] = (int32_t)last;
            continue;
        }
        for (size_t w = 0; w < n_words; w++) {
            hash = (hash ^ key[w]) * UINT64_C(0xD6E8FEB86659FD93);
            hash ^= hash >> 32;
        }
        hash *= UINT64_C(0xD6E8FEB86659FD93);
        if (d->n == d->capacity && !grow(d))
            return false;
        at = (size_t)(hash >> 32) & (d->n_places - 1);
        while (d->places[at] != 0 &&
               memcmp(key, d->keys + (d->places[at] - 1) * n_words, n_words * sizeof *key) != 0)
            at = (at + 1) & (d->n_places - 1);
        if (d->places[at] == 0) {
            memcpy(d->keys + d->n * n_words, key, n_words * sizeof *key);
            d->hashes[d->n] = hash;
            d->rows[d->n] = first + (int64_t)i;
            d->places[at] = (uint32_t)++d->n;
        }
        last = d->places[at] - 1;
        codes[i] = (int32_t)last;
    }
    return true;
}

/* (codes, rows) as bytes; steals `codes`. */
static PyObject *answer(distinct *d, PyObject *codes, bool done)
{
    PyObject *rows = NULL;

    if (!done)
        PyErr_NoMemory();
    else
        rows =
            PyBytes_FromStringAndSize((const char *)d->rows, (Py_ssize_t)(d->n * sizeof *d->rows));
    distinct_free(d);
    if (rows == NULL) {
        Py_DECREF(codes);
        return NULL;
    }
    return Py_BuildValue("(NN)", codes, rows);
}

/* distinct_rows(columns): buffers of items of 4 or 8 bytes, all of one length. */
PyObject *distinct_rows(PyObject *module, PyObject *columns)
{
    Py_buffer buffers[MAX_WORDS];
    distinct d = {0};
    row_keys keys = {.n_words = 0};
    Py_ssize_t n_columns, n_taken = 0, n = -1;
    PyObject *codes = NULL;
    bool done = false;

    (void)module;
    if (!PyTuple_Check(columns) || PyTuple_GET_SIZE(columns) == 0 ||
        PyTuple_GET_SIZE(columns) > MAX_WORDS) {
        PyErr_Format(PyExc_TypeError, "columns are a tuple of 1 to %d", MAX_WORDS);
        return NULL;
    }
    n_columns = PyTuple_GET_SIZE(columns);
    for (; n_taken < n_columns; n_taken++) {
        Py_buffer *buffer = &buffers[n_taken];
        Py_ssize_t n_items;
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(columns, n_taken), buffer, PyBUF_CONTIG_RO) < 0)
            goto out;
        n_items = buffer->itemsize > 0 ? buffer->len / buffer->itemsize : 0;
        if ((buffer->itemsize != 4 && buffer->itemsize != 8) || (n >= 0 && n_items != n) ||
            n_items > INT32_MAX || keys.n_words + (size_t)buffer->itemsize / 4 > MAX_WORDS) {
            PyBuffer_Release(buffer);
            PyErr_SetString(PyExc_ValueError, "columns are of one length, below 2^31, and of items "
                                              "of 4 or 8 bytes, 64 bytes a row at most");
            goto out;
        }
        n = n_items;
        for (Py_ssize_t word = 0; word < buffer->itemsize / 4; word++) {
            keys.words[keys.n_words] = (const uint32_t *)buffer->buf + word;
            keys.strides[keys.n_words++] = (size_t)buffer->itemsize / 4;
        }
    }
    codes = PyBytes_FromStringAndSize(NULL, n * (Py_ssize_t)sizeof(int32_t));
    if (codes == NULL)
        goto out;
    d.n_words = keys.n_words;
    Py_BEGIN_ALLOW_THREADS
    done = number_rows(&d, &keys, 0, (size_t)n, (int32_t *)(void *)PyBytes_AS_STRING(codes));
    Py_END_ALLOW_THREADS
    codes = answer(&d, codes, done);
out:
    while (n_taken-- > 0)
        PyBuffer_Release(&buffers[n_taken]);
    return codes;
}

/* -------------------------------------------------------------------------------------- text --- */

/* True when all n strings lie inside their views, as those of the format do. */
static bool all_short(const uint32_t *views, size_t n)
{
    uint32_t longest = 0;

    for (size_t i = 0; i < n; i++)
        longest = views[4 * i] > longest ? views[4 * i] : longest;
    return longest <= 12;
}

/*
 * Number the strings of one batch. 1: done, 0: not the layout that is looked for, -1: no memory.
 * codes has room for n_known + array->length numbers.
 */
static int number_batch(distinct *d, const struct ArrowArray *array, int64_t n_known,
                        int32_t *codes)
{
    row_keys keys = {.n_words = 4, .strides = {4, 4, 4, 4}};
    const uint32_t *views;

    if (array->length == 0)
        return 1;
    if ((array->null_count != 0 && array->buffers[0] != NULL) || array->n_buffers < 3)
        return 0;
    views = (const uint32_t *)array->buffers[1] + 4 * array->offset;
    if (!all_short(views, (size_t)array->length))
        return 0;
    for (size_t w = 0; w < 4; w++)
        keys.words[w] = views + w;
    return number_rows(d, &keys, n_known, (size_t)array->length, codes + n_known) ? 1 : -1;
}

/* All batches of a stream; result as number_batch. */
static int number_stream(distinct *d, struct ArrowArrayStream *stream, int32_t *codes, size_t n)
{
    int64_t n_known = 0;

    for (;;) {
        struct ArrowArray array = {.release = NULL};
        int result;
        if (stream->get_next(stream, &array) != 0)
            return 0;
        if (array.release == NULL)
            return (size_t)n_known == n;
        result = array.length < 0 || (uint64_t)array.length > n - (size_t)n_known
                     ? 0
                     : number_batch(d, &array, n_known, codes);
        n_known += array.length;
        array.release(&array);
        if (result <= 0)
            return result;
    }
}

/* distinct_texts(stream, n): None when the n strings are not short views without nulls. */
PyObject *distinct_texts(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    struct ArrowArrayStream *stream;
    struct ArrowSchema schema = {.release = NULL};
    distinct d = {.n_words = 4};
    PyObject *codes;
    int64_t n;
    int result = 0;

    (void)module;
    if (!has_args("distinct_texts", n_args, 2, 2) || !as_index(args[1], &n))
        return NULL;
    stream = PyCapsule_GetPointer(args[0], "arrow_array_stream");
    if (stream == NULL)
        return NULL;
    if (n < 0 || n > INT32_MAX || stream->release == NULL)
        return PyErr_Format(PyExc_ValueError, "a fresh stream of fewer than 2^31 rows is needed");
    codes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n * (Py_ssize_t)sizeof(int32_t));
    if (codes == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    if (stream->get_schema(stream, &schema) == 0) {
        if (schema.format != NULL && strcmp(schema.format, "vu") == 0)
            result =
                number_stream(&d, stream, (int32_t *)(void *)PyBytes_AS_STRING(codes), (size_t)n);
        if (schema.release != NULL)
            schema.release(&schema);
    }
    Py_END_ALLOW_THREADS
    if (result == 0) {
        distinct_free(&d);
        Py_DECREF(codes);
        Py_RETURN_NONE;
    }
    return answer(&d, codes, result > 0);
}
