/* File: an open file. Its life, and what is known of it as a whole. */
#include "core.h"

#include <limits.h>
#include <sys/resource.h>

/* ------------------------------------------------------------------------------- descriptors --- */

/* The reference has at most 998 files open, and so have we; a low RLIMIT_NOFILE (1024 is usual)
 * leaves some to the program. */
#define MAX_DESCRIPTORS 998
#define HEADROOM 26

static f24_pool *shared_pool; /* made once, kept to the end: closing may come from any thread */

/* A child must not inherit locks and descriptors in use from threads that it does not have. */
static void before_fork(void)
{
    f24_pool_before_fork(shared_pool);
}

static void after_fork_in_parent(void)
{
    f24_pool_after_fork(shared_pool, false);
}

static void after_fork_in_child(void)
{
    f24_pool_after_fork(shared_pool, true);
}

static void make_shared_pool(void)
{
    struct rlimit limit;
    int n = MAX_DESCRIPTORS;
    f24_error err;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < MAX_DESCRIPTORS + HEADROOM)
        n = limit.rlim_cur > HEADROOM + 1 ? (int)limit.rlim_cur - HEADROOM : 1;
    if (f24_pool_open(n, &shared_pool, &err) != F24_OK)
        shared_pool = NULL; /* short of memory: files keep descriptors of their own */
    else
        (void)pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

f24_pool *descriptor_pool(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, make_shared_pool);
    return shared_pool;
}

/* ------------------------------------------------------------------------------- in and out --- */

bool file_enter(core_state *state, FileObject *self)
{
    long long now = atomic_load_explicit(&self->state, memory_order_relaxed);

    while ((now & 1) == 0) {
        if (atomic_compare_exchange_weak_explicit(&self->state, &now, now + 2, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    }
    raise_named(state, RAISE_CLOSED, self->path, "the file is closed");
    return false;
}

void file_leave(FileObject *self)
{
    /* 3 was one user of a closed file: nobody can come in any more. */
    if (atomic_fetch_sub_explicit(&self->state, 2, memory_order_acq_rel) == 3)
        f24_close(self->handle);
}

static void file_close(FileObject *self)
{
    if (atomic_fetch_or_explicit(&self->state, 1, memory_order_acq_rel) == 0)
        f24_close(self->handle);
}

PyObject *file_raise(core_state *state, FileObject *self, const f24_error *err)
{
    PyObject *cause = NULL;

    if (self->stream != NULL && err->status == F24_EIO) {
        cause = atomic_exchange(&self->stream_error, NULL);
        /* KeyboardInterrupt and its like are not errors of the file. */
        if (cause != NULL && !PyObject_TypeCheck(cause, (PyTypeObject *)PyExc_Exception)) {
            PyErr_SetObject((PyObject *)Py_TYPE(cause), cause);
            Py_DECREF(cause);
            return NULL;
        }
    }
    return raise_core(state, err, self->path, cause);
}

/* ----------------------------------------------------------------------------------- opening --- */

static FileObject *file_alloc(core_state *state, PyObject *path, PyObject *missing)
{
    PyTypeObject *type = state->file_type;
    FileObject *self = (FileObject *)type->tp_alloc(type, 0);
    pthread_mutexattr_t recursive;

    if (self == NULL)
        return NULL;
    atomic_init(&self->state, 1); /* closed until it is open */
    atomic_init(&self->stream_error, NULL);
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&self->stream_mutex, &recursive);
    (void)pthread_mutexattr_destroy(&recursive);
    self->path = Py_NewRef(path);
    if (parse_missing(missing, self) < 0)
        Py_CLEAR(self);
    return self;
}

/* After the library opened `self->handle`, or failed. Steals self. */
static PyObject *file_opened(core_state *state, FileObject *self, f24_status status,
                             const f24_error *err)
{
    if (status != F24_OK) {
        file_raise(state, self, err);
        Py_DECREF(self);
        return NULL;
    }
    atomic_store_explicit(&self->state, 0, memory_order_release);
    f24_get_file_info(self->handle, &self->info);
    self->table = table_new(state, f24_file_table(self->handle));
    if (self->table == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

PyObject *file_of_handle(core_state *state, f24_file *handle, PyObject *path, PyObject *missing)
{
    FileObject *self = file_alloc(state, path, missing);

    if (self == NULL) {
        f24_close(handle);
        return NULL;
    }
    self->handle = handle;
    return file_opened(state, self, F24_OK, NULL);
}

static PyObject *File_open_path(PyObject *type, PyObject *args)
{
    core_state *state = state_of_type((PyTypeObject *)type);
    f24_options options = F24_OPTIONS_INIT;
    PyObject *bytes, *path, *missing;
    unsigned long long mmap_from;
    FileObject *self;
    f24_status status;
    f24_error err;

    if (!PyArg_ParseTuple(args, "SUKO:open_path", &bytes, &path, &mmap_from, &missing))
        return NULL;
    if (strlen(PyBytes_AS_STRING(bytes)) != (size_t)PyBytes_GET_SIZE(bytes)) {
        PyErr_SetString(PyExc_ValueError, "a path has no NUL byte");
        return NULL;
    }
    self = file_alloc(state, path, missing);
    if (self == NULL)
        return NULL;
    options.mmap_from = mmap_from;
    options.pool = descriptor_pool();
    Py_BEGIN_ALLOW_THREADS
    status = f24_open(PyBytes_AS_STRING(bytes), &options, &self->handle, &err);
    Py_END_ALLOW_THREADS
    return file_opened(state, self, status, &err);
}

static PyObject *File_open_memory(PyObject *type, PyObject *args)
{
    core_state *state = state_of_type((PyTypeObject *)type);
    PyObject *buffer, *path, *missing;
    Py_buffer *view;
    FileObject *self;
    f24_status status;
    f24_error err;

    if (!PyArg_ParseTuple(args, "OUO:open_memory", &buffer, &path, &missing))
        return NULL;
    self = file_alloc(state, path, missing);
    if (self == NULL)
        return NULL;
    self->memory = PyMemoryView_FromObject(buffer);
    if (self->memory == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    view = PyMemoryView_GET_BUFFER(self->memory);
    if (!PyBuffer_IsContiguous(view, 'C')) {
        Py_DECREF(self);
        PyErr_SetString(PyExc_BufferError, "the bytes of a file are contiguous: give a copy");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = f24_open_memory(view->buf, (size_t)view->len, &self->handle, &err);
    Py_END_ALLOW_THREADS
    return file_opened(state, self, status, &err);
}

static PyObject *File_open_stream(PyObject *type, PyObject *args)
{
    core_state *state = state_of_type((PyTypeObject *)type);
    PyObject *stream, *path, *missing;
    f24_reader reader;
    FileObject *self;
    f24_status status;
    f24_error err;

    if (!PyArg_ParseTuple(args, "OUO:open_stream", &stream, &path, &missing))
        return NULL;
    self = file_alloc(state, path, missing);
    if (self == NULL)
        return NULL;
    self->stream = Py_NewRef(stream);
    if (!stream_reader(self, &reader)) {
        Py_DECREF(self);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = f24_open_reader(&reader, &self->handle, &err);
    Py_END_ALLOW_THREADS
    return file_opened(state, self, status, &err);
}

static int File_traverse(PyObject *object, visitproc visit, void *arg)
{
    FileObject *self = (FileObject *)object;

    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->memory);
    Py_VISIT(self->stream);
    return 0;
}

/* No tp_clear: what a File refers to is needed until its handle is closed, in dealloc. A cycle
 * through a file object is broken there, which is Python code with a tp_clear of its own. */
static void File_dealloc(PyObject *object)
{
    FileObject *self = (FileObject *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject *error;

    PyObject_GC_UnTrack(object);
    if ((atomic_load(&self->state) & 1) == 0) {
        Py_BEGIN_ALLOW_THREADS
        file_close(self);
        Py_END_ALLOW_THREADS
    }
    error = atomic_exchange(&self->stream_error, NULL);
    Py_XDECREF(error);
    Py_XDECREF(self->path);
    Py_XDECREF(self->memory);
    Py_XDECREF(self->stream);
    Py_XDECREF(self->table);
    (void)pthread_mutex_destroy(&self->stream_mutex);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *File_close(PyObject *object, PyObject *ignored)
{
    (void)ignored;
    Py_BEGIN_ALLOW_THREADS
    file_close((FileObject *)object);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------- facts --- */

static PyObject *File_info(PyObject *object, PyObject *ignored)
{
    const f24_file_info *info = &((FileObject *)object)->info;

    (void)ignored;
    return Py_BuildValue("(sKLLLNNNs)", info->backend == F24_RSF ? "RSF" : "XDF",
                         (unsigned long long)info->n_bytes, (long long)info->n_records,
                         (long long)info->n_deleted, (long long)info->n_parts,
                         PyBool_FromLong(info->sequential), PyBool_FromLong(info->open_for_writing),
                         PyBool_FromLong(info->mapped), info->version);
}

PyObject *warning_tuple(const f24_error *warning)
{
    return Py_BuildValue("(sLLs)", f24_status_name(warning->status), (long long)warning->record,
                         (long long)warning->offset, warning->message);
}

static PyObject *File_warnings(PyObject *object, PyObject *ignored)
{
    FileObject *self = (FileObject *)object;
    PyObject *list;
    int64_t n;

    (void)ignored;
    if (!file_enter(state_of_type(Py_TYPE(object)), self))
        return NULL;
    n = f24_warning_count(self->handle);
    list = PyList_New(0);
    for (int64_t i = 0; list != NULL && i < n; i++) {
        const f24_error *warning = f24_warning_at(self->handle, i);
        PyObject *item;
        if (warning == NULL)
            break;
        item = warning_tuple(warning);
        if (item == NULL || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    file_leave(self);
    return list;
}

static PyObject *File_get_closed(PyObject *object, void *ignored)
{
    (void)ignored;
    return PyBool_FromLong(atomic_load(&((FileObject *)object)->state) & 1);
}

static PyObject *File_get_path(PyObject *object, void *ignored)
{
    (void)ignored;
    return Py_NewRef(((FileObject *)object)->path);
}

static PyObject *File_get_table(PyObject *object, void *ignored)
{
    (void)ignored;
    return Py_NewRef((PyObject *)((FileObject *)object)->table);
}

static PyGetSetDef file_getset[] = {
    {"closed", File_get_closed, NULL, "Whether close() was called.", NULL},
    {"path", File_get_path, NULL, "The name of the file, for messages.", NULL},
    {"table", File_get_table, NULL, "The metadata of all its records.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef file_methods[] = {
    {"open_path", File_open_path, METH_CLASS | METH_VARARGS,
     "open_path($type, name, path, mmap_from, missing, /)\n--\n\nOpen a file of this machine; name "
     "as the system wants it, path as people do."},
    {"open_memory", File_open_memory, METH_CLASS | METH_VARARGS,
     "open_memory($type, buffer, path, missing, /)\n--\n\nOpen bytes in memory."},
    {"open_stream", File_open_stream, METH_CLASS | METH_VARARGS,
     "open_stream($type, stream, path, missing, /)\n--\n\nOpen what a binary file object holds."},
    {"close", File_close, METH_NOARGS,
     "close($self, /)\n--\n\nClose; calls under way end in peace, later ones raise."},
    {"info", File_info, METH_NOARGS,
     "info($self, /)\n--\n\n(backend, n_bytes, n_records, n_deleted, n_parts, sequential, "
     "open_for_writing, mapped, version)"},
    {"warnings", File_warnings, METH_NOARGS,
     "warnings($self, /)\n--\n\n[(status, record, offset, message), ...] of what opening met."},
    READ_METHOD(describe, "describe($self, row, /)\n--\n\n(type string, shape, has_missing, "
                          "nk_stored) of the array that a record decodes to."),
    READ_METHOD(decode, "decode($self, row, want_mask=False, /)\n--\n\n(values, mask or None, "
                        "type string, shape): a record decoded into fresh blocks."),
    READ_METHOD(view, "view($self, row, /)\n--\n\n(values, type string, shape) where they lie, or "
                      "None for a record that has to be decoded."),
    READ_METHOD(read_into, "read_into($self, row, out, mask=None, /)\n--\n\nDecode a record into "
                           "memory of the caller, exactly as large as the array."),
    READ_METHOD(read_box, "read_box($self, row, start, count, /)\n--\n\n(values, type string): a "
                          "part of a record; start and count of three numbers each."),
    READ_METHOD(json, "json($self, row, /)\n--\n\nThe extended metadata as text, '' for none."),
    READ_METHOD(stored, "stored($self, row, /)\n--\n\nThe stored bytes of a record."),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot file_slots[] = {
    {Py_tp_doc, "An open file; see the class methods open_path, open_memory and open_stream."},
    {Py_tp_traverse, File_traverse},
    {Py_tp_dealloc, File_dealloc},
    {Py_tp_methods, file_methods},
    {Py_tp_getset, file_getset},
    {0, NULL},
};

PyType_Spec file_spec = {
    .name = "fst24._core.File",
    .basicsize = sizeof(FileObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = file_slots,
};
