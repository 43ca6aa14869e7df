/* Many records at once: arrays described and allocated with the GIL, read on several threads without. */
#include "core.h"

typedef struct batch {
    core_state *state;
    PyObject *records; /* tuple of Record */
    Py_ssize_t n;
    Py_ssize_t n_entered; /* files of the first ones are counted in */
    f24_job *jobs;
    f24_array *arrays;
    PyObject **blocks; /* Block objects, or NULL where the caller gave memory */
    Py_buffer *outs;
} batch;

static FileObject *file_at(const batch *b, Py_ssize_t i)
{
    return (FileObject *)((RecordObject *)PyTuple_GET_ITEM(b->records, i))->source;
}

static void leave_files(batch *b)
{
    while (b->n_entered > 0)
        file_leave(file_at(b, --b->n_entered));
}

static void batch_clear(batch *b)
{
    leave_files(b);
    for (Py_ssize_t i = 0; i < b->n; i++) {
        if (b->blocks != NULL)
            Py_XDECREF(b->blocks[i]);
        if (b->outs != NULL && b->outs[i].obj != NULL)
            PyBuffer_Release(&b->outs[i]);
    }
    PyMem_Free(b->jobs);
    PyMem_Free(b->arrays);
    PyMem_Free(b->blocks);
    PyMem_Free(b->outs);
    Py_XDECREF(b->records);
}

/* Enter the file of record i and describe its array. */
static bool describe(batch *b, Py_ssize_t i)
{
    RecordObject *record = (RecordObject *)PyTuple_GET_ITEM(b->records, i);
    FileObject *file;
    f24_error err;

    if (!PyObject_TypeCheck((PyObject *)record, b->state->record_type) ||
        !Py_IS_TYPE(record->source, b->state->file_type)) {
        PyErr_SetString(PyExc_TypeError, "read_many takes records of files that the library reads");
        return false;
    }
    file = (FileObject *)record->source;
    if (!file_enter(b->state, file))
        return false;
    b->n_entered++;
    if (f24_describe(file->handle, record->row, &b->arrays[i], &err) != F24_OK) {
        file_raise(b->state, file, &err);
        return false;
    }
    b->jobs[i] = (f24_job){.file = file->handle, .index = record->row};
    b->jobs[i].n_bytes = (size_t)b->arrays[i].n_bytes;
    return true;
}

static bool batch_begin(batch *b, PyObject *records, PyObject *outs)
{
    size_t room;

    b->records = PySequence_Tuple(records);
    if (b->records == NULL)
        return false;
    b->n = PyTuple_GET_SIZE(b->records);
    room = (size_t)b->n + 1;
    b->jobs = PyMem_Calloc(room, sizeof *b->jobs);
    b->arrays = PyMem_Calloc(room, sizeof *b->arrays);
    b->blocks = PyMem_Calloc(room, sizeof *b->blocks);
    b->outs = PyMem_Calloc(room, sizeof *b->outs);
    if (b->jobs == NULL || b->arrays == NULL || b->blocks == NULL || b->outs == NULL) {
        PyErr_NoMemory();
        return false;
    }
    if (outs != Py_None && (!PyTuple_Check(outs) || PyTuple_GET_SIZE(outs) != b->n)) {
        PyErr_SetString(PyExc_ValueError, "outs is a tuple with a buffer for each record");
        return false;
    }
    for (Py_ssize_t i = 0; i < b->n; i++) {
        if (!describe(b, i))
            return false;
    }
    return true;
}

/* Memory of the caller, checked by Python for type and shape, here for size. */
static bool take_outs(batch *b, PyObject *outs)
{
    for (Py_ssize_t i = 0; i < b->n; i++) {
        Py_buffer *out = &b->outs[i];
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(outs, i), out, PyBUF_WRITABLE | PyBUF_STRIDES) < 0)
            return false;
        if (!PyBuffer_IsContiguous(out, 'F') || (uint64_t)out->len != b->arrays[i].n_bytes) {
            PyErr_Format(PyExc_ValueError,
                         "out[%zd] is not an array of %llu bytes in Fortran order", i,
                         (unsigned long long)b->arrays[i].n_bytes);
            return false;
        }
        b->jobs[i].out = out->buf;
    }
    return true;
}

/* Fresh blocks; nothing is allocated when all of them together do not fit. */
static bool take_blocks(batch *b)
{
    uint64_t total = 0;

    for (Py_ssize_t i = 0; i < b->n; i++) {
        if (__builtin_add_overflow(total, b->arrays[i].n_bytes, &total))
            total = UINT64_MAX;
    }
    if (b->n > 0 && !mem_fits(total)) {
        raise_memory(b->state, MEM_OVER_LIMIT, total, file_at(b, 0)->path,
                     b->n == 1 ? b->jobs[0].index : -1);
        return false;
    }
    for (Py_ssize_t i = 0; i < b->n; i++) {
        BlockObject *block =
            block_new(b->state, b->arrays[i].n_bytes, file_at(b, i)->path, b->jobs[i].index);
        if (block == NULL)
            return false;
        b->blocks[i] = (PyObject *)block;
        b->jobs[i].out = block->memory.bytes;
    }
    return true;
}

static bool same_options(const f24_read_options *a, const f24_read_options *b)
{
    return a->missing == b->missing && a->missing_real == b->missing_real &&
           a->missing_integer == b->missing_integer;
}

/*
 * Files may differ in what they put at missing points, records in what they can hold: runs of equal
 * options are read together. One file mostly makes one run.
 */
static f24_status read_runs(batch *b, f24_read_options *options, int n_threads, Py_ssize_t *failed,
                            f24_error *err)
{
    for (Py_ssize_t from = 0, to; from < b->n; from = to) {
        f24_status status;
        for (to = from + 1; to < b->n; to++) {
            if (b->arrays[to].has_missing && !same_options(&options[from], &options[to]))
                break;
        }
        status = f24_read_many(b->jobs + from, (size_t)(to - from), &options[from], n_threads, err);
        if (status != F24_OK) {
            for (*failed = from; *failed + 1 < to && b->jobs[*failed].error.status == F24_OK;)
                ++*failed;
            return status;
        }
    }
    return F24_OK;
}

static f24_read_options *all_options(batch *b)
{
    f24_read_options *options = PyMem_Calloc((size_t)b->n + 1, sizeof *options);

    if (options == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < b->n; i++) {
        options[i] = file_options(file_at(b, i), &b->arrays[i]);
        options[i].mask = NULL;
    }
    return options;
}

static PyObject *batch_result(batch *b)
{
    PyObject *list = PyList_New(b->n);

    for (Py_ssize_t i = 0; list != NULL && i < b->n; i++) {
        PyObject *item =
            Py_BuildValue("(OON)", b->blocks[i] != NULL ? b->blocks[i] : Py_None,
                          array_type(b->state, &b->arrays[i]), array_shape(&b->arrays[i]));
        if (item == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, item);
    }
    return list;
}

/* read_many(records, outs, threads): outs is None or a tuple of buffers. */
PyObject *read_many(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    batch b = {.state = state_of_module(module)};
    f24_read_options *options = NULL;
    f24_status status = F24_OK;
    PyObject *result = NULL;
    Py_ssize_t failed = 0;
    f24_error err;
    int64_t n_threads;

    if (!has_args("read_many", n_args, 3, 3) || !as_index(args[2], &n_threads))
        return NULL;
    if (!batch_begin(&b, args[0], args[1]) ||
        !(args[1] != Py_None ? take_outs(&b, args[1]) : take_blocks(&b)))
        goto done;
    options = all_options(&b);
    if (options == NULL)
        goto done;
    Py_BEGIN_ALLOW_THREADS
    status = read_runs(&b, options, n_threads < 256 ? (int)n_threads : 256, &failed, &err);
    leave_files(&b);
    Py_END_ALLOW_THREADS
    if (status != F24_OK)
        file_raise(b.state, file_at(&b, failed), &err);
    else
        result = batch_result(&b);
done:
    PyMem_Free(options);
    batch_clear(&b);
    return result;
}
