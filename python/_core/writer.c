/* Writer: a file that is open for writing. What it may be asked is decided in Python (_writer.py). */
#include "core.h"

#include <unistd.h>

/*
 * Calls hold `lock` for reading, close() for writing: it waits for calls under way. A forked child
 * must leave the file alone: it is its parent's.
 */
typedef struct WriterObject {
    PyObject_HEAD
    f24_writer *handle; /* NULL once closed */
    pthread_rwlock_t lock;
    pid_t owner;
    PyObject *path; /* str, for messages */
} WriterObject;

/* ------------------------------------------------------------------------------- in and out --- */

static bool writer_enter(core_state *state, WriterObject *self)
{
    if (self->owner != getpid()) {
        raise_named(state, F24_EINVAL, self->path,
                    "the file was opened for writing before this process was forked: it is its "
                    "parent's, open another one");
        return false;
    }
    Py_BEGIN_ALLOW_THREADS(void)
    pthread_rwlock_rdlock(&self->lock);
    Py_END_ALLOW_THREADS
    if (self->handle != NULL)
        return true;
    (void)pthread_rwlock_unlock(&self->lock);
    raise_named(state, RAISE_CLOSED, self->path, "the file is closed");
    return false;
}

static void writer_leave(WriterObject *self)
{
    (void)pthread_rwlock_unlock(&self->lock);
}

/* The handle, for the one who is to close it; NULL when somebody did. */
static f24_writer *take_handle(WriterObject *self)
{
    f24_writer *handle;

    if (self->owner != getpid())
        return NULL; /* nor touch the lock: a thread of the parent may have it for ever */
    Py_BEGIN_ALLOW_THREADS(void)
    pthread_rwlock_wrlock(&self->lock);
    handle = self->handle;
    self->handle = NULL;
    (void)pthread_rwlock_unlock(&self->lock);
    Py_END_ALLOW_THREADS
    return handle;
}

/* -------------------------------------------------------------------------------- open and close */

static PyObject *Writer_open(PyObject *type, PyObject *args)
{
    core_state *state = state_of_type((PyTypeObject *)type);
    f24_writer_options options = F24_WRITER_INIT;
    int mode, backend, parallel, sync;
    unsigned long long segment_bytes;
    PyObject *bytes, *path;
    WriterObject *self;
    f24_status status;
    f24_error err;

    if (!PyArg_ParseTuple(args, "SUiipKp:open", &bytes, &path, &mode, &backend, &parallel,
                          &segment_bytes, &sync))
        return NULL;
    if (strlen(PyBytes_AS_STRING(bytes)) != (size_t)PyBytes_GET_SIZE(bytes)) {
        PyErr_SetString(PyExc_ValueError, "a path has no NUL byte");
        return NULL;
    }
    self = (WriterObject *)state->writer_type->tp_alloc(state->writer_type, 0);
    if (self == NULL)
        return NULL;
    (void)pthread_rwlock_init(&self->lock, NULL);
    self->owner = getpid();
    self->path = Py_NewRef(path);
    options.mode = (f24_write_mode)mode;
    options.backend = (f24_backend)backend;
    options.parallel = parallel != 0;
    options.segment_bytes = segment_bytes;
    options.sync = sync != 0;
    Py_BEGIN_ALLOW_THREADS
    status = f24_writer_open(PyBytes_AS_STRING(bytes), &options, &self->handle, &err);
    Py_END_ALLOW_THREADS
    if (status != F24_OK) {
        raise_core(state, &err, path, NULL);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void Writer_dealloc(PyObject *object)
{
    WriterObject *self = (WriterObject *)object;
    PyTypeObject *type = Py_TYPE(object);
    f24_writer *handle = take_handle(self);

    if (handle != NULL) {
        Py_BEGIN_ALLOW_THREADS
        f24_writer_abandon(handle);
        Py_END_ALLOW_THREADS
    }
    (void)pthread_rwlock_destroy(&self->lock);
    Py_XDECREF(self->path);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *Writer_close(PyObject *object, PyObject *ignored)
{
    WriterObject *self = (WriterObject *)object;
    f24_writer *handle = take_handle(self);
    f24_status status = F24_OK;
    f24_error err;

    (void)ignored;
    if (handle != NULL) {
        Py_BEGIN_ALLOW_THREADS
        status = f24_writer_close(handle, &err);
        Py_END_ALLOW_THREADS
    }
    if (status != F24_OK)
        return raise_core(state_of_type(Py_TYPE(object)), &err, self->path, NULL);
    Py_RETURN_NONE;
}

static PyObject *Writer_abandon(PyObject *object, PyObject *ignored)
{
    f24_writer *handle = take_handle((WriterObject *)object);

    (void)ignored;
    Py_BEGIN_ALLOW_THREADS
    f24_writer_abandon(handle);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *Writer_flush(PyObject *object, PyObject *ignored)
{
    WriterObject *self = (WriterObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    f24_status status;
    f24_error err;

    (void)ignored;
    if (!writer_enter(state, self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_writer_flush(self->handle, &err);
    Py_END_ALLOW_THREADS
    writer_leave(self);
    if (status != F24_OK)
        return raise_core(state, &err, self->path, NULL);
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------ metadata */

/* Text for a field of `room` bytes, NUL included. A byte that is no ASCII is a character below 256, as
 * records show it. */
static bool take_text(PyObject *item, const char *name, char *text, size_t room)
{
    Py_ssize_t n;

    if (!PyUnicode_Check(item)) {
        PyErr_Format(PyExc_TypeError, "%s is text, not %R", name, item);
        return false;
    }
    n = PyUnicode_GET_LENGTH(item);
    if ((size_t)n >= room) {
        PyErr_Format(PyExc_ValueError, "%s has %zu characters at most", name, room - 1);
        return false;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_UCS4 c = PyUnicode_READ_CHAR(item, i);
        if (c == 0 || c > 255) {
            PyErr_Format(PyExc_ValueError, "%s cannot be %R", name, item);
            return false;
        }
        text[i] = (char)(unsigned char)c;
    }
    text[n] = '\0';
    return true;
}

/* nomvar, typvar, etiket, grtyp, then 16 numbers in the order of f24_key. */
#define N_TEXTS 4
#define N_NUMBERS 16

static bool take_record(PyObject *fields, f24_record *record)
{
    static const char *const names[N_NUMBERS] = {"dateo", "datev", "deet",  "npas", "ni",  "nj",
                                                 "nk",    "ip1",   "ip2",   "ip3",  "ig1", "ig2",
                                                 "ig3",   "ig4",   "datyp", "nbits"};
    int32_t *const numbers[N_NUMBERS] = {
        &record->dateo, &record->datev, &record->deet,  &record->npas, &record->ni,  &record->nj,
        &record->nk,    &record->ip1,   &record->ip2,   &record->ip3,  &record->ig1, &record->ig2,
        &record->ig3,   &record->ig4,   &record->datyp, &record->nbits};

    memset(record, 0, sizeof *record);
    if (!PyTuple_Check(fields) || PyTuple_GET_SIZE(fields) != N_TEXTS + N_NUMBERS) {
        PyErr_SetString(PyExc_TypeError, "the fields of a record are a tuple of 20");
        return false;
    }
    if (!take_text(PyTuple_GET_ITEM(fields, 0), "nomvar", record->nomvar, sizeof record->nomvar) ||
        !take_text(PyTuple_GET_ITEM(fields, 1), "typvar", record->typvar, sizeof record->typvar) ||
        !take_text(PyTuple_GET_ITEM(fields, 2), "etiket", record->etiket, sizeof record->etiket) ||
        !take_text(PyTuple_GET_ITEM(fields, 3), "grtyp", record->grtyp, sizeof record->grtyp))
        return false;
    for (Py_ssize_t i = 0; i < N_NUMBERS; i++) {
        int64_t value;
        if (!as_index(PyTuple_GET_ITEM(fields, N_TEXTS + i), &value))
            return false;
        if (value < INT32_MIN || value > INT32_MAX) {
            PyErr_Format(PyExc_ValueError, "%s=%lld is beyond 32 bits", names[i], (long long)value);
            return false;
        }
        *numbers[i] = (int32_t)value;
    }
    return true;
}

/* What was stored: None when it was skipped. */
static PyObject *stored_tuple(const f24_record *stored)
{
    if (stored->file_index < 0)
        return Py_NewRef(Py_None);
    return Py_BuildValue("(iKKiiii)", (int)stored->file_index, (unsigned long long)stored->offset,
                         (unsigned long long)stored->n_bytes, (int)stored->datev,
                         (int)stored->datyp, (int)stored->nbits, (int)stored->dasiz);
}

/* -------------------------------------------------------------------------------------- writing */

typedef struct batch {
    Py_ssize_t n;
    f24_write_job *jobs;
    Py_buffer *values, *masks; /* held until the end */
} batch;

static void batch_clear(batch *b)
{
    for (Py_ssize_t i = 0; i < b->n; i++) {
        if (b->values != NULL && b->values[i].obj != NULL)
            PyBuffer_Release(&b->values[i]);
        if (b->masks != NULL && b->masks[i].obj != NULL)
            PyBuffer_Release(&b->masks[i]);
    }
    PyMem_Free(b->jobs);
    PyMem_Free(b->values);
    PyMem_Free(b->masks);
}

/* A buffer of exactly this many bytes, in Fortran order. */
static bool take_buffer(PyObject *object, uint64_t n_bytes, const char *what, Py_buffer *buffer)
{
    if (PyObject_GetBuffer(object, buffer, PyBUF_STRIDES) < 0)
        return false;
    if (PyBuffer_IsContiguous(buffer, 'F') && (uint64_t)buffer->len == n_bytes)
        return true;
    PyErr_Format(PyExc_ValueError, "the %s are not %llu bytes in Fortran order", what,
                 (unsigned long long)n_bytes);
    return false;
}

static bool count_values(const f24_record *record, int item_bytes, uint64_t *n, uint64_t *n_bytes)
{
    if (record->ni < 1 || record->nj < 1 || record->nk < 1 || item_bytes < 1 ||
        __builtin_mul_overflow((uint64_t)record->ni, (uint64_t)record->nj, n) ||
        __builtin_mul_overflow(*n, (uint64_t)record->nk, n) ||
        __builtin_mul_overflow(*n, (uint64_t)item_bytes, n_bytes)) {
        PyErr_Format(PyExc_ValueError, "%d x %d x %d values cannot be", (int)record->ni,
                     (int)record->nj, (int)record->nk);
        return false;
    }
    return true;
}

/* (fields, values, kind, item_bytes, mask or None, rewrite, effort, exact, json or None) */
static bool take_job(batch *b, Py_ssize_t i, PyObject *given)
{
    f24_write_job *job = &b->jobs[i];
    PyObject *fields, *values, *mask, *json;
    int kind, item_bytes, rewrite, effort, exact;
    uint64_t n, n_bytes;

    if (!PyTuple_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "what is to be written is a tuple");
        return false;
    }
    if (!PyArg_ParseTuple(given, "OOiiOiipO:write", &fields, &values, &kind, &item_bytes, &mask,
                          &rewrite, &effort, &exact, &json))
        return false;
    if (!take_record(fields, &job->record) ||
        !count_values(&job->record, item_bytes, &n, &n_bytes) ||
        !take_buffer(values, n_bytes, "values", &b->values[i]))
        return false;
    job->values = (f24_values){(f24_kind)kind, item_bytes, b->values[i].buf, NULL};
    if (mask != Py_None) {
        if (!take_buffer(mask, n, "mask", &b->masks[i]))
            return false;
        job->values.mask = b->masks[i].buf;
    }
    job->options = (f24_write_options)F24_WRITE_INIT;
    job->options.rewrite = (f24_rewrite)rewrite;
    job->options.effort = (f24_effort)effort;
    job->options.exact = exact != 0;
    if (json != Py_None) {
        if (!PyBytes_Check(json)) {
            PyErr_SetString(PyExc_TypeError, "extended metadata are bytes here");
            return false;
        }
        job->options.json = PyBytes_AS_STRING(json);
        job->options.n_json = (size_t)PyBytes_GET_SIZE(json);
    }
    return true;
}

static bool batch_begin(batch *b, PyObject *given)
{
    size_t room = (size_t)PyTuple_GET_SIZE(given) + 1;

    b->n = PyTuple_GET_SIZE(given);
    b->jobs = PyMem_Calloc(room, sizeof *b->jobs);
    b->values = PyMem_Calloc(room, sizeof *b->values);
    b->masks = PyMem_Calloc(room, sizeof *b->masks);
    if (b->jobs == NULL || b->values == NULL || b->masks == NULL) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < b->n; i++) {
        if (!take_job(b, i, PyTuple_GET_ITEM(given, i)))
            return false;
    }
    return true;
}

/* What was stored, one tuple after the other, to the end of `done`. */
static bool tell_stored(const batch *b, Py_ssize_t n, PyObject *done)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = stored_tuple(&b->jobs[i].stored);
        int status = item != NULL ? PyList_Append(done, item) : -1;
        Py_XDECREF(item);
        if (status != 0)
            return false;
    }
    return true;
}

static PyObject *Writer_write(PyObject *object, PyObject *args)
{
    WriterObject *self = (WriterObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    PyObject *given, *done;
    f24_status status = F24_EINVAL;
    bool entered;
    batch b = {0};
    f24_error err;
    int n_threads;

    if (!PyArg_ParseTuple(args, "O!iO!:write", &PyTuple_Type, &given, &n_threads, &PyList_Type,
                          &done))
        return NULL;
    entered = batch_begin(&b, given) && writer_enter(state, self);
    if (entered) {
        Py_BEGIN_ALLOW_THREADS
        status = f24_write_many(self->handle, b.jobs, (size_t)b.n, n_threads, &err);
        Py_END_ALLOW_THREADS
        writer_leave(self);
        if (tell_stored(&b, status == F24_OK ? b.n : (Py_ssize_t)err.record, done) &&
            status != F24_OK) {
            err.record = -1; /* its place among the jobs, not in the file */
            raise_core(state, &err, self->path, NULL);
        }
    }
    batch_clear(&b);
    return entered && !PyErr_Occurred() ? Py_NewRef(Py_None) : NULL;
}

static PyObject *Writer_write_stored(PyObject *object, PyObject *args)
{
    WriterObject *self = (WriterObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    f24_write_options options = F24_WRITE_INIT;
    PyObject *fields, *json, *result = NULL;
    f24_record changed, stored;
    f24_status status;
    Py_buffer bytes;
    f24_error err;
    int rewrite;

    if (!PyArg_ParseTuple(args, "y*OiO:write_stored", &bytes, &fields, &rewrite, &json))
        return NULL;
    options.rewrite = (f24_rewrite)rewrite;
    if (json != Py_None && PyBytes_Check(json)) {
        options.json = PyBytes_AS_STRING(json);
        options.n_json = (size_t)PyBytes_GET_SIZE(json);
    }
    if ((fields == Py_None || take_record(fields, &changed)) && writer_enter(state, self)) {
        Py_BEGIN_ALLOW_THREADS
        status = f24_write_stored(self->handle, bytes.buf, (size_t)bytes.len,
                                  fields == Py_None ? NULL : &changed, &options, &stored, &err);
        Py_END_ALLOW_THREADS
        writer_leave(self);
        if (status == F24_OK)
            result = stored_tuple(&stored);
        else
            raise_core(state, &err, self->path, NULL);
    }
    PyBuffer_Release(&bytes);
    return result;
}

/* ------------------------------------------------------------------------------------- changing */

static PyObject *Writer_delete(PyObject *object, PyObject *argument)
{
    WriterObject *self = (WriterObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    int64_t file_index;
    f24_status status;
    f24_error err;

    if (!as_index(argument, &file_index))
        return NULL;
    if (!writer_enter(state, self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_delete(self->handle,
                        file_index < 0 || file_index > INT32_MAX ? -1 : (int32_t)file_index, &err);
    Py_END_ALLOW_THREADS
    writer_leave(self);
    if (status != F24_OK)
        return raise_core(state, &err, self->path, NULL);
    Py_RETURN_NONE;
}

static PyObject *Writer_edit(PyObject *object, PyObject *args)
{
    WriterObject *self = (WriterObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    const char *json = NULL;
    Py_ssize_t n_json = 0;
    PyObject *fields;
    f24_record record;
    f24_status status;
    f24_error err;
    int file_index;

    if (!PyArg_ParseTuple(args, "iOz#:edit", &file_index, &fields, &json, &n_json) ||
        !take_record(fields, &record) || !writer_enter(state, self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_edit(self->handle, file_index, &record, json, (size_t)n_json, &err);
    Py_END_ALLOW_THREADS
    writer_leave(self);
    if (status != F24_OK)
        return raise_core(state, &err, self->path, NULL);
    Py_RETURN_NONE;
}

static PyObject *Writer_view(PyObject *object, PyObject *missing)
{
    WriterObject *self = (WriterObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    f24_file *file = NULL;
    f24_status status;
    f24_error err;

    if (!writer_enter(state, self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_writer_view(self->handle, &file, &err);
    Py_END_ALLOW_THREADS
    writer_leave(self);
    if (status != F24_OK)
        return raise_core(state, &err, self->path, NULL);
    return file_of_handle(state, file, self->path, missing);
}

static PyObject *Writer_get_backend(PyObject *object, void *ignored)
{
    WriterObject *self = (WriterObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    f24_backend backend;

    (void)ignored;
    if (!writer_enter(state, self))
        return NULL;
    backend = f24_writer_backend(self->handle);
    writer_leave(self);
    return PyUnicode_FromString(backend == F24_RSF ? "RSF" : "XDF");
}

static PyGetSetDef writer_getset[] = {
    {"backend", Writer_get_backend, NULL, "\"XDF\" or \"RSF\".", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef writer_methods[] = {
    {"open", Writer_open, METH_CLASS | METH_VARARGS,
     "open($type, name, path, mode, backend, parallel, segment_bytes, sync, /)\n--\n\nOpen for "
     "writing; mode and backend as f24_write_mode and f24_backend, 0: XDF."},
    {"close", Writer_close, METH_NOARGS, "close($self, /)\n--\n\nFinish the file."},
    {"abandon", Writer_abandon, METH_NOARGS,
     "abandon($self, /)\n--\n\nLet go without finishing: a file that was to replace another is "
     "removed."},
    {"flush", Writer_flush, METH_NOARGS,
     "flush($self, /)\n--\n\nMake what was written visible to other readers."},
    {"write", Writer_write, METH_VARARGS,
     "write($self, jobs, threads, /)\n--\n\nWrite a tuple of (fields, values, kind, item_bytes, "
     "mask or None, rewrite, effort, exact, json or None); a list of (file_index, offset, nbytes, "
     "datev, datyp, nbits, dasiz), None for what was skipped."},
    {"write_stored", Writer_write_stored, METH_VARARGS,
     "write_stored($self, stored, fields or None, rewrite, json or None, /)\n--\n\nCopy a stored "
     "record."},
    {"delete", Writer_delete, METH_O, "delete($self, file_index, /)\n--\n\nDelete a record."},
    {"edit", Writer_edit, METH_VARARGS,
     "edit($self, file_index, fields, json or None, /)\n--\n\nChange metadata in place."},
    {"view", Writer_view, METH_O,
     "view($self, missing, /)\n--\n\nA File of the records as they are now."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot writer_slots[] = {
    {Py_tp_doc, "A file that is open for writing; see the class method open."},
    {Py_tp_dealloc, Writer_dealloc},
    {Py_tp_methods, writer_methods},
    {Py_tp_getset, writer_getset},
    {0, NULL},
};

PyType_Spec writer_spec = {
    .name = "fst24._core.Writer",
    .basicsize = sizeof(WriterObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = writer_slots,
};

PyObject *check_unwritten(PyObject *module, PyObject *args)
{
    PyObject *bytes, *path;
    f24_status status;
    f24_error err;

    if (!PyArg_ParseTuple(args, "SU:check_unwritten", &bytes, &path))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_check_unwritten(PyBytes_AS_STRING(bytes), &err);
    Py_END_ALLOW_THREADS
    if (status != F24_OK)
        return raise_core(state_of_module(module), &err, path, NULL);
    Py_RETURN_NONE;
}
