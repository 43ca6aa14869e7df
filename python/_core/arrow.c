/*
 * Tables for Arrow: capsules of the C stream interface (Arrow PyCapsule interface) over one table or
 * several, one batch each.
 */
#include "core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Streams of several tables, given out one after the other. */
typedef struct chain {
    struct ArrowArrayStream *streams;
    size_t n, now;
} chain;

static int chain_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    chain *self = stream->private_data;

    return self->streams[0].get_schema(&self->streams[0], out);
}

static int chain_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    chain *self = stream->private_data;

    for (;;) {
        struct ArrowArrayStream *one = &self->streams[self->now];
        int failed = one->get_next(one, out);
        if (failed != 0 || out->release != NULL || self->now + 1 == self->n)
            return failed;
        self->now++;
    }
}

static const char *chain_last_error(struct ArrowArrayStream *stream)
{
    chain *self = stream->private_data;

    return self->streams[self->now].get_last_error(&self->streams[self->now]);
}

static void chain_free(chain *self)
{
    for (size_t i = 0; i < self->n; i++)
        self->streams[i].release(&self->streams[i]);
    free(self->streams);
    free(self);
}

static void chain_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
    chain_free(stream->private_data);
}

/* ---------------------------------------------------------------------------------- capsules --- */

#define STREAM_NAME "arrow_array_stream"
#define SCHEMA_NAME "arrow_schema"

/* A consumer that takes a structure over sets its `release` to NULL; else it is ours to release. */
static void stream_capsule_free(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, STREAM_NAME);

    if (stream != NULL && stream->release != NULL)
        stream->release(stream);
    free(stream);
}

static void schema_capsule_free(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, SCHEMA_NAME);

    if (schema != NULL && schema->release != NULL)
        schema->release(schema);
    free(schema);
}

/* Columns by name; false with KeyError. */
static bool take_names(PyObject *names, f24_column *columns, size_t *n)
{
    Py_ssize_t n_names;

    if (!PyTuple_Check(names)) {
        PyErr_SetString(PyExc_TypeError, "columns are a tuple of names");
        return false;
    }
    n_names = PyTuple_GET_SIZE(names);
    if (n_names > F24_N_COLUMNS) {
        PyErr_SetString(PyExc_ValueError, "a column is asked for twice");
        return false;
    }
    for (Py_ssize_t i = 0; i < n_names; i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        const char *text = PyUnicode_AsUTF8(name);
        int column = 0;
        if (text == NULL)
            return false;
        while (column < F24_N_COLUMNS && strcmp(f24_column_name((f24_column)column), text) != 0)
            column++;
        if (column == F24_N_COLUMNS) {
            PyErr_Format(PyExc_KeyError, "a table has no column %R", name);
            return false;
        }
        columns[i] = (f24_column)column;
    }
    *n = (size_t)n_names;
    return true;
}

/* The form of text that a requested schema, a capsule or None, asks for. */
static bool take_request(PyObject *request, f24_arrow_text *text)
{
    const struct ArrowSchema *schema = NULL;

    if (request != Py_None) {
        schema = PyCapsule_GetPointer(request, SCHEMA_NAME);
        if (schema == NULL)
            return false;
    }
    *text = f24_arrow_text_requested(schema);
    return true;
}

/* Add the stream of one part, (table, rows or None, first, path or None), to the chain. */
static bool add_part(core_state *state, chain *self, PyObject *part, f24_arrow_options *options)
{
    struct ArrowArrayStream *stream = &self->streams[self->n];
    TableObject *table;
    PyObject *rows;
    Py_buffer buffer = {0};
    long long first;
    f24_status status;
    f24_error err;

    if (!PyTuple_Check(part)) {
        PyErr_SetString(PyExc_TypeError, "a part is a tuple (table, rows, first, path)");
        return false;
    }
    if (!PyArg_ParseTuple(part, "O!OLz", state->table_type, &table, &rows, &first, &options->path))
        return false;
    if (table->table == NULL) {
        PyErr_SetString(PyExc_TypeError, "only tables that the library read are given to Arrow");
        return false;
    }
    options->first = first;
    options->rows = NULL;
    if (rows != Py_None) {
        if (PyObject_GetBuffer(rows, &buffer, PyBUF_CONTIG_RO) < 0)
            return false;
        options->rows = buffer.buf;
        options->n_rows = (size_t)buffer.len / sizeof *options->rows;
    }
    Py_BEGIN_ALLOW_THREADS
    status = f24_arrow_stream(table->table, options, stream, &err);
    Py_END_ALLOW_THREADS
    if (rows != Py_None)
        PyBuffer_Release(&buffer);
    if (status != F24_OK) {
        raise_core(state, &err, NULL, NULL);
        return false;
    }
    self->n++;
    return true;
}

/* arrow_stream(parts, columns, requested_schema) */
PyObject *arrow_stream(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    core_state *state = state_of_module(module);
    f24_arrow_options options = F24_ARROW_INIT;
    f24_column columns[F24_N_COLUMNS];
    struct ArrowArrayStream *stream;
    PyObject *capsule;
    Py_ssize_t n_parts;
    chain *self;

    if (!has_args("arrow_stream", n_args, 3, 3) ||
        !take_names(args[1], columns, &options.n_columns) || !take_request(args[2], &options.text))
        return NULL;
    if (!PyTuple_Check(args[0]) || PyTuple_GET_SIZE(args[0]) == 0) {
        PyErr_SetString(PyExc_TypeError, "parts are a tuple of one or more");
        return NULL;
    }
    options.columns = columns;
    n_parts = PyTuple_GET_SIZE(args[0]);
    self = calloc(1, sizeof *self);
    stream = calloc(1, sizeof *stream);
    if (self != NULL)
        self->streams = calloc((size_t)n_parts, sizeof *self->streams);
    if (self == NULL || stream == NULL || self->streams == NULL) {
        free(stream);
        if (self != NULL)
            chain_free(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < n_parts; i++) {
        if (!add_part(state, self, PyTuple_GET_ITEM(args[0], i), &options)) {
            free(stream);
            chain_free(self);
            return NULL;
        }
    }
    *stream =
        (struct ArrowArrayStream){chain_schema, chain_next, chain_last_error, chain_release, self};
    capsule = PyCapsule_New(stream, STREAM_NAME, stream_capsule_free);
    if (capsule == NULL) {
        stream->release(stream);
        free(stream);
    }
    return capsule;
}

/* arrow_schema(columns, requested_schema) */
PyObject *arrow_schema(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    f24_arrow_options options = F24_ARROW_INIT;
    f24_column columns[F24_N_COLUMNS];
    struct ArrowSchema *schema;
    PyObject *capsule;
    f24_error err;

    if (!has_args("arrow_schema", n_args, 2, 2) ||
        !take_names(args[0], columns, &options.n_columns) || !take_request(args[1], &options.text))
        return NULL;
    options.columns = columns;
    options.path = ""; /* the type does not depend on it */
    schema = calloc(1, sizeof *schema);
    if (schema == NULL)
        return PyErr_NoMemory();
    if (f24_arrow_schema(&options, schema, &err) != F24_OK) {
        free(schema);
        return raise_core(state_of_module(module), &err, NULL, NULL);
    }
    capsule = PyCapsule_New(schema, SCHEMA_NAME, schema_capsule_free);
    if (capsule == NULL) {
        schema->release(schema);
        free(schema);
    }
    return capsule;
}
