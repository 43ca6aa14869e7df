/*
 * fst24._core: the parts of the extension know each other through this header, and the library
 * through fst24.h alone.
 *
 * The rule for every function that reads or decodes: parse, enter the file, drop the GIL, call,
 * take the GIL, leave the file, translate the error.
 */
#ifndef FST24_PY_CORE_H
#define FST24_PY_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "fst24.h"
#include "memory.h"

#include <pthread.h>
#include <stdatomic.h>

/* On free-threaded Python an object that keeps something needs its own lock; elsewhere the GIL is
 * one. */
#ifndef Py_BEGIN_CRITICAL_SECTION
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }
#endif

typedef struct core_state {
    PyTypeObject *block_type, *view_type, *column_type, *table_type, *file_type, *record_type,
        *writer_type, *grid_type;
    PyObject *make_error; /* fst24._errors.from_core */
    PyObject *str_load;   /* "_load": what Record.data calls the first time */
    PyObject *type_codes; /* tuple of numpy type strings, see array_code() */
} core_state;

extern struct PyModuleDef core_module;

/* State of the module that `type`, or a base of it, belongs to. */
core_state *state_of_type(PyTypeObject *type);
static inline core_state *state_of_module(PyObject *module)
{
    return (core_state *)PyModule_GetState(module);
}

/* --------------------------------------------------------------------------------- errors.c --- */

/* Set the exception for `err`; path (str, borrowed) and cause (stolen) may be NULL. Returns NULL.
 */
PyObject *raise_core(core_state *state, const f24_error *err, PyObject *path, PyObject *cause);
/* The same for a status, or for what only the extension knows. */
enum { RAISE_CLOSED = -1, RAISE_LIMIT = -2 };
PyObject *raise_named(core_state *state, int what, PyObject *path, const char *message);
/* Set MemoryLimitError or MemoryError for a block that could not be had. */
PyObject *raise_memory(core_state *state, mem_result result, uint64_t n_bytes, PyObject *path,
                       int64_t record);

/* ---------------------------------------------------------------------------------- block.c --- */

/* Memory of ours with the buffer protocol: what decoded arrays are built on. Counted. */
typedef struct BlockObject {
    PyObject_HEAD
    mem_block memory;
    Py_ssize_t n_bytes;
} BlockObject;

extern PyType_Spec block_spec, view_spec;
/* path and record, or NULL and -1, say in the error for what the memory is. */
BlockObject *block_new(core_state *state, uint64_t n_bytes, PyObject *path, int64_t record);
/* Bytes of a mapped file or of a Python buffer, read-only; takes over `hold`. `memory`: see
 * FileObject. */
PyObject *view_new(core_state *state, const void *bytes, uint64_t n_bytes, f24_hold *hold,
                   PyObject *memory);

/* ---------------------------------------------------------------------------------- table.c --- */

/* A table of records: of a file of ours, or of columns that Python gave (then `table` is NULL). */
typedef struct TableObject {
    PyObject_HEAD
    const f24_table *table;
    f24_columns columns;
    PyObject *memory; /* list of memoryviews behind `columns`, NULL for a table of the library */
    PyObject *names;  /* dict: the texts given for nomvar and typvar, one object each */
} TableObject;

extern PyType_Spec table_spec, column_spec;
TableObject *table_new(core_state *state, const f24_table *table);

/* find.c: methods of Table */
PyObject *table_find(PyObject *self, PyObject *const *args, Py_ssize_t n_args);
PyObject *table_find_all(PyObject *self, PyObject *const *args, Py_ssize_t n_args);

/* ----------------------------------------------------------------------------------- file.c --- */

/*
 * An open file. `state` counts its users twice and has 1 for "closed": whoever brings it to exactly
 * 1 frees the handle, so closing under a reader is safe (architecture.md, threads).
 */
typedef struct FileObject {
    PyObject_HEAD
    f24_file *handle;
    _Atomic long long state;
    PyObject *path;   /* str, for messages */
    PyObject *memory; /* memoryview of the bytes it reads, or NULL */
    PyObject *stream; /* the file object that it reads, or NULL */
    TableObject *table;
    f24_file_info info; /* as opened: also there after close */
    /* What stands at missing points. */
    f24_missing missing;
    double missing_real;
    int64_t missing_integer;
    bool has_integer; /* the value asked for is a whole number */
    /* stream.c: one reader at a time, and what the last failing call raised. */
    pthread_mutex_t stream_mutex;
    _Atomic(PyObject *) stream_error;
} FileObject;

extern PyType_Spec file_spec;
/* Count in: false and ClosedFileError after close(). Every true is followed by file_leave(). */
bool file_enter(core_state *state, FileObject *self);
void file_leave(FileObject *self);
/* raise_core with the path, and the exception of a file object as the cause. */
PyObject *file_raise(core_state *state, FileObject *self, const f24_error *err);
/* A File of a handle that is open, which it takes over; `missing` as in parse_missing(). */
PyObject *file_of_handle(core_state *state, f24_file *handle, PyObject *path, PyObject *missing);
/* (status, record, offset, message) of what opening met. */
PyObject *warning_tuple(const f24_error *warning);
/* The process-wide pool of descriptors. */
f24_pool *descriptor_pool(void);

/* stream.c: a Python file object as a source of bytes; `reader` borrows `self`. */
bool stream_reader(FileObject *self, f24_reader *reader);

/* file_read.c: methods of File that give values, as entries of its method table. */
#define READ_METHOD(name, doc) {#name, (PyCFunction)(void (*)(void))File_##name, METH_FASTCALL, doc}
PyObject *File_describe(PyObject *self, PyObject *const *args, Py_ssize_t n_args);
PyObject *File_decode(PyObject *self, PyObject *const *args, Py_ssize_t n_args);
PyObject *File_view(PyObject *self, PyObject *const *args, Py_ssize_t n_args);
PyObject *File_read_into(PyObject *self, PyObject *const *args, Py_ssize_t n_args);
PyObject *File_read_box(PyObject *self, PyObject *const *args, Py_ssize_t n_args);
PyObject *File_json(PyObject *self, PyObject *const *args, Py_ssize_t n_args);
PyObject *File_stored(PyObject *self, PyObject *const *args, Py_ssize_t n_args);

/* Options for a record that decodes to `array`. */
f24_read_options file_options(const FileObject *self, const f24_array *array);
/* numpy type string of an array, borrowed from the state. */
PyObject *array_type(core_state *state, const f24_array *array);
/* (ni, nj), (ni, nj, nk) when nk > 1, (n,) for packed words. */
PyObject *array_shape(const f24_array *array);
/* What stands for missing values: a tuple (kind, real, integer or None). */
int parse_missing(PyObject *argument, FileObject *self);

/* --------------------------------------------------------------------------------- record.c --- */

typedef struct RecordObject {
    PyObject_HEAD
    PyObject *file;   /* what the user opened */
    PyObject *source; /* the part of it that holds this record: a File or its like */
    TableObject *table;
    int64_t row;   /* in the table of `source` */
    int64_t index; /* in `file` */
    PyObject *data;
    PyObject *kept; /* a dict of Python's, for what is seldom asked for */
} RecordObject;

extern PyType_Spec record_spec;

/* --------------------------------------------------------------------------------- writer.c --- */

extern PyType_Spec writer_spec;

/* check_unwritten(name, path) -> None */
PyObject *check_unwritten(PyObject *module, PyObject *args);

/* ----------------------------------------------------------------------------------- grid.c --- */

extern PyType_Spec grid_spec;
extern PyMethodDef grid_methods[];

/* Methods of the module. */
PyObject *make_records(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *read_many(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *list_many(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *describe_stored(PyObject *module, PyObject *argument);
PyObject *decode_stored(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *json_stored(PyObject *module, PyObject *argument);
extern PyMethodDef convention_methods[];
/* arrow.c */
PyObject *arrow_stream(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *arrow_schema(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
/* distinct.c */
PyObject *distinct_rows(PyObject *module, PyObject *columns);
PyObject *distinct_texts(PyObject *module, PyObject *const *args, Py_ssize_t n_args);

/* A number in the range of a C type, or an exception. */
static inline bool as_index(PyObject *number, int64_t *value)
{
    PyObject *whole = PyNumber_Index(number);

    if (whole == NULL)
        return false;
    *value = PyLong_AsLongLong(whole);
    Py_DECREF(whole);
    return !(*value == -1 && PyErr_Occurred());
}

/* METH_FASTCALL functions take exactly this many. */
static inline bool has_args(const char *name, Py_ssize_t n_args, Py_ssize_t least, Py_ssize_t most)
{
    if (n_args >= least && n_args <= most)
        return true;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd to %zd arguments, %zd given", name, least, most,
                 n_args);
    return false;
}

#endif
