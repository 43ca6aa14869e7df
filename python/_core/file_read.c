/* Values of records: the methods of File that read, and how an array is described to numpy. */
#include "core.h"

#include <math.h>

/* ----------------------------------------------------------------------------- descriptions --- */

/* Place of an array's type in core_state.type_codes; module.c makes that tuple in this order. */
static Py_ssize_t array_code(const f24_array *array)
{
    Py_ssize_t power = array->item_bytes == 1   ? 0
                       : array->item_bytes == 2 ? 1
                       : array->item_bytes == 4 ? 2
                       : array->item_bytes == 8 ? 3
                                                : 4;

    return ((Py_ssize_t)array->kind - F24_FLOAT) * 5 + power;
}

PyObject *array_type(core_state *state, const f24_array *array)
{
    return PyTuple_GET_ITEM(state->type_codes, array_code(array));
}

PyObject *array_shape(const f24_array *array)
{
    if (array->n_dims == 1)
        return Py_BuildValue("(L)", (long long)array->shape[0]);
    if (array->shape[2] == 1)
        return Py_BuildValue("(LL)", (long long)array->shape[0], (long long)array->shape[1]);
    return Py_BuildValue("(LLL)", (long long)array->shape[0], (long long)array->shape[1],
                         (long long)array->shape[2]);
}

int parse_missing(PyObject *argument, FileObject *self)
{
    PyObject *integer;
    int kind;

    if (!PyArg_ParseTuple(argument, "idO:missing", &kind, &self->missing_real, &integer))
        return -1;
    self->missing = (f24_missing)kind;
    self->has_integer = integer != Py_None;
    return self->has_integer && !as_index(integer, &self->missing_integer) ? -1 : 0;
}

/* Whether integers of this type can be `value`. */
static bool can_hold(const f24_array *array, int64_t value)
{
    int bits = 8 * array->item_bytes;

    if (array->kind == F24_UINT)
        return value >= 0 && (bits == 64 || value < INT64_C(1) << bits);
    return bits == 64 || (value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1));
}

/* A value that integers of the record cannot be gives them the reference's. */
f24_read_options file_options(const FileObject *self, const f24_array *array)
{
    f24_read_options options = F24_READ_INIT;

    options.missing = self->missing;
    options.missing_real = self->missing_real;
    options.missing_integer = self->missing_integer;
    if (self->missing == F24_MISSING_VALUE && array->kind != F24_FLOAT &&
        !(self->has_integer && can_hold(array, self->missing_integer)))
        options.missing = F24_MISSING_REFERENCE;
    return options;
}

/* ----------------------------------------------------------------------------------- methods --- */

/* What every method begins with: the row, the file entered, the array described. */
typedef struct reading {
    core_state *state;
    FileObject *file;
    int64_t row;
    f24_array array;
    f24_error err;
} reading;

static bool reading_begin(reading *r, PyObject *object, PyObject *row)
{
    f24_status status;

    r->state = state_of_type(Py_TYPE(object));
    r->file = (FileObject *)object;
    if (!as_index(row, &r->row) || !file_enter(r->state, r->file))
        return false;
    /* Describing looks at the table alone: no reading, no reason to drop the GIL. */
    status = f24_describe(r->file->handle, r->row, &r->array, &r->err);
    if (status == F24_OK)
        return true;
    file_leave(r->file);
    file_raise(r->state, r->file, &r->err);
    return false;
}

PyObject *File_describe(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    reading r;

    if (!has_args("describe", n_args, 1, 1) || !reading_begin(&r, object, args[0]))
        return NULL;
    file_leave(r.file);
    return Py_BuildValue("(ONNL)", array_type(r.state, &r.array), array_shape(&r.array),
                         PyBool_FromLong(r.array.has_missing), (long long)r.array.nk_stored);
}

PyObject *File_decode(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    BlockObject *block, *mask = NULL;
    f24_read_options options;
    f24_status status;
    PyObject *shape;
    reading r;
    int want_mask = 0;

    if (!has_args("decode", n_args, 1, 2))
        return NULL;
    if (n_args > 1 && (want_mask = PyObject_IsTrue(args[1])) < 0)
        return NULL;
    if (!reading_begin(&r, object, args[0]))
        return NULL;
    block = block_new(r.state, r.array.n_bytes, r.file->path, r.row);
    if (block != NULL && want_mask && r.array.has_missing) {
        mask = block_new(r.state, (uint64_t)r.array.n_values, r.file->path, r.row);
        if (mask == NULL)
            Py_CLEAR(block);
    }
    if (block == NULL) {
        file_leave(r.file);
        return NULL;
    }
    options = file_options(r.file, &r.array);
    options.mask = mask != NULL ? mask->memory.bytes : NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_read(r.file->handle, r.row, &options, block->memory.bytes, (size_t)r.array.n_bytes,
                      &r.err);
    file_leave(r.file);
    Py_END_ALLOW_THREADS
    if (status != F24_OK) {
        Py_DECREF(block);
        Py_XDECREF(mask);
        return file_raise(r.state, r.file, &r.err);
    }
    shape = array_shape(&r.array);
    if (mask == NULL)
        return Py_BuildValue("(NOON)", block, Py_None, array_type(r.state, &r.array), shape);
    return Py_BuildValue("(NNON)", block, mask, array_type(r.state, &r.array), shape);
}

PyObject *File_view(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    const void *bytes = NULL;
    f24_hold *hold = NULL;
    PyObject *view;
    f24_status status;
    reading r;

    if (!has_args("view", n_args, 1, 1) || !reading_begin(&r, object, args[0]))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_view(r.file->handle, r.row, &bytes, &hold, &r.err);
    file_leave(r.file);
    Py_END_ALLOW_THREADS
    if (status != F24_OK)
        return file_raise(r.state, r.file, &r.err);
    if (bytes == NULL)
        Py_RETURN_NONE;
    /* numpy copes with values that are not aligned, but much code on top of it does not. */
    if ((uintptr_t)bytes % (uintptr_t)r.array.item_bytes != 0) {
        f24_hold_release(hold);
        Py_RETURN_NONE;
    }
    view = view_new(r.state, bytes, r.array.n_bytes, hold, r.file->memory);
    if (view == NULL)
        return NULL;
    return Py_BuildValue("(NON)", view, array_type(r.state, &r.array), array_shape(&r.array));
}

/* Memory to write n_bytes to, in the array's own order. */
static bool take_out(PyObject *argument, const char *what, uint64_t n_bytes, Py_buffer *out)
{
    if (PyObject_GetBuffer(argument, out, PyBUF_WRITABLE | PyBUF_STRIDES) < 0)
        return false;
    if (!PyBuffer_IsContiguous(out, 'F') && !(out->ndim <= 1 && PyBuffer_IsContiguous(out, 'C')))
        PyErr_Format(PyExc_ValueError, "%s is not contiguous in Fortran order: order='F'", what);
    else if ((uint64_t)out->len != n_bytes)
        PyErr_Format(PyExc_ValueError, "%s has %zd bytes, %llu are needed", what, out->len,
                     (unsigned long long)n_bytes);
    else
        return true;
    PyBuffer_Release(out);
    return false;
}

PyObject *File_read_into(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    f24_read_options options;
    Py_buffer out, mask = {0};
    f24_status status;
    reading r;

    if (!has_args("read_into", n_args, 2, 3) || !reading_begin(&r, object, args[0]))
        return NULL;
    if (!take_out(args[1], "out", r.array.n_bytes, &out)) {
        file_leave(r.file);
        return NULL;
    }
    if (n_args > 2 && args[2] != Py_None &&
        !take_out(args[2], "mask", (uint64_t)r.array.n_values, &mask)) {
        file_leave(r.file);
        PyBuffer_Release(&out);
        return NULL;
    }
    options = file_options(r.file, &r.array);
    options.mask = r.array.has_missing ? mask.buf : NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_read(r.file->handle, r.row, &options, out.buf, (size_t)out.len, &r.err);
    file_leave(r.file);
    if (mask.buf != NULL && !r.array.has_missing)
        memset(mask.buf, 0, (size_t)mask.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&out);
    if (mask.obj != NULL)
        PyBuffer_Release(&mask);
    if (status != F24_OK)
        return file_raise(r.state, r.file, &r.err);
    Py_RETURN_NONE;
}

PyObject *File_read_box(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    uint64_t n_bytes;
    long long start[3], count[3];
    f24_read_options options;
    BlockObject *block;
    f24_status status;
    f24_box box;
    reading r;

    if (!has_args("read_box", n_args, 3, 3))
        return NULL;
    if (!PyTuple_Check(args[1]) || !PyTuple_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "start and count are tuples of three numbers");
        return NULL;
    }
    if (!PyArg_ParseTuple(args[1], "LLL:start", &start[0], &start[1], &start[2]) ||
        !PyArg_ParseTuple(args[2], "LLL:count", &count[0], &count[1], &count[2]))
        return NULL;
    if (!reading_begin(&r, object, args[0]))
        return NULL;
    n_bytes = (uint64_t)r.array.item_bytes;
    for (int d = 0; d < 3; d++) {
        box.start[d] = start[d];
        box.count[d] = count[d];
        /* The library checks the box; the memory must not be asked for before. */
        if (start[d] < 0 || count[d] < 0 || count[d] > r.array.shape[d] ||
            start[d] > r.array.shape[d] - count[d] || r.array.n_dims == 1) {
            file_leave(r.file);
            PyErr_SetString(PyExc_IndexError, "the box leaves the record");
            return NULL;
        }
        n_bytes *= (uint64_t)count[d];
    }
    block = block_new(r.state, n_bytes, r.file->path, r.row);
    if (block == NULL) {
        file_leave(r.file);
        return NULL;
    }
    options = file_options(r.file, &r.array);
    Py_BEGIN_ALLOW_THREADS
    status = n_bytes == 0 ? F24_OK
                          : f24_read_box(r.file->handle, r.row, &box, &options, block->memory.bytes,
                                         (size_t)n_bytes, &r.err);
    file_leave(r.file);
    Py_END_ALLOW_THREADS
    if (status != F24_OK) {
        Py_DECREF(block);
        return file_raise(r.state, r.file, &r.err);
    }
    return Py_BuildValue("(NO)", block, array_type(r.state, &r.array));
}

/* Most texts are read once, into `near`; a longer one again, with the room that it needs. */
PyObject *File_json(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    core_state *state = state_of_type(Py_TYPE(object));
    FileObject *self = (FileObject *)object;
    char near[8192], *text = near;
    size_t n_bytes = 0;
    PyObject *result;
    f24_status status;
    f24_error err;
    int64_t row;

    if (!has_args("json", n_args, 1, 1) || !as_index(args[0], &row) || !file_enter(state, self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_read_json(self->handle, row, near, sizeof near, &n_bytes, &err);
    if (status == F24_EINVAL && n_bytes >= sizeof near) {
        text = PyMem_RawMalloc(n_bytes + 1);
        if (text != NULL)
            status = f24_read_json(self->handle, row, text, n_bytes + 1, &n_bytes, &err);
    }
    file_leave(self);
    Py_END_ALLOW_THREADS
    if (text == NULL)
        return PyErr_NoMemory();
    if (status != F24_OK)
        result = file_raise(state, self, &err);
    else
        result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)n_bytes, "replace");
    if (text != near)
        PyMem_RawFree(text);
    return result;
}

PyObject *File_stored(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    core_state *state = state_of_type(Py_TYPE(object));
    FileObject *self = (FileObject *)object;
    PyObject *bytes = NULL;
    f24_record record;
    f24_status status;
    f24_error err;
    int64_t row;

    if (!has_args("stored", n_args, 1, 1) || !as_index(args[0], &row) || !file_enter(state, self))
        return NULL;
    status = f24_get_record(self->handle, row, &record, &err);
    if (status == F24_OK && record.n_bytes <= self->info.n_bytes)
        bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)record.n_bytes);
    else if (status == F24_OK)
        raise_named(state, F24_ETRUNCATED, self->path, "the record is longer than the file");
    if (bytes == NULL) {
        file_leave(self);
        return PyErr_Occurred() ? NULL : file_raise(state, self, &err);
    }
    Py_BEGIN_ALLOW_THREADS
    status =
        f24_read_stored(self->handle, row, PyBytes_AS_STRING(bytes), (size_t)record.n_bytes, &err);
    file_leave(self);
    Py_END_ALLOW_THREADS
    if (status != F24_OK) {
        Py_DECREF(bytes);
        return file_raise(state, self, &err);
    }
    return bytes;
}
