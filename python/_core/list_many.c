/* The metadata of many files in one table, listed on several threads without the GIL. */
#include "core.h"

/* [(status, record, offset, message), ...] as File.warnings() */
static PyObject *warnings_list(const f24_error *warnings, int64_t n)
{
    PyObject *list = PyList_New(0);

    for (int64_t i = 0; list != NULL && i < n; i++) {
        PyObject *item = warning_tuple(&warnings[i]);
        if (item == NULL || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

/* (rows, has a writer, warnings, None), or after a failure (0, False, [], arguments of from_core) */
static PyObject *file_item(const f24_listing *listing)
{
    const f24_error *err = &listing->error;
    PyObject *error = Py_NewRef(Py_None);
    long long n = 0;

    if (listing->table != NULL) {
        n = (long long)f24_table_columns(listing->table)->n;
    } else {
        Py_DECREF(error);
        error = Py_BuildValue(
            "(iiLLN)", (int)err->status, err->sys_errno, (long long)err->record,
            (long long)err->offset,
            PyUnicode_DecodeUTF8(err->message, (Py_ssize_t)strlen(err->message), "replace"));
    }
    return Py_BuildValue("(LNNN)", n, PyBool_FromLong(listing->info.open_for_writing),
                         warnings_list(listing->warnings, listing->n_warnings), error);
}

/* Borrow the names of files; they live as long as the tuple. */
static bool take_paths(PyObject *names, f24_listing *listings)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        char *path;
        if (PyBytes_AsStringAndSize(name, &path, NULL) < 0) /* refuses NUL bytes */
            return false;
        listings[i].path = path;
    }
    return true;
}

/* The tables that there are, as one. */
static f24_status join(const f24_listing *listings, size_t n, const f24_table **joined,
                       f24_error *err)
{
    const f24_table **tables = PyMem_RawMalloc((n + 1) * sizeof *tables);
    size_t n_tables = 0;
    f24_status status;

    if (tables == NULL) {
        *err = (f24_error){F24_ENOMEM, 0, -1, -1, "cannot join tables"};
        return F24_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (listings[i].table != NULL)
            tables[n_tables++] = listings[i].table;
    }
    status = f24_table_join(tables, n_tables, joined, err);
    PyMem_RawFree(tables);
    return status;
}

static PyObject *result(core_state *state, const f24_listing *listings, Py_ssize_t n,
                        const f24_table *joined)
{
    PyObject *files = PyList_New(n);
    PyObject *table = (PyObject *)table_new(state, joined);

    for (Py_ssize_t i = 0; files != NULL && i < n; i++) {
        PyObject *item = file_item(&listings[i]);
        if (item == NULL)
            Py_CLEAR(files);
        else
            PyList_SET_ITEM(files, i, item);
    }
    if (files == NULL || table == NULL) {
        Py_XDECREF(files);
        Py_XDECREF(table);
        return NULL;
    }
    return Py_BuildValue("(NN)", table, files);
}

/* list_many(names, threads) */
PyObject *list_many(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    core_state *state = state_of_module(module);
    f24_options options = F24_OPTIONS_INIT;
    const f24_table *joined = NULL;
    PyObject *found = NULL;
    f24_listing *listings;
    f24_status status;
    int64_t n_threads;
    Py_ssize_t n;
    f24_error err;

    if (!has_args("list_many", n_args, 2, 2) || !as_index(args[1], &n_threads))
        return NULL;
    if (!PyTuple_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "names are a tuple of bytes");
        return NULL;
    }
    n = PyTuple_GET_SIZE(args[0]);
    listings = PyMem_Calloc((size_t)n + 1, sizeof *listings);
    if (listings == NULL)
        return PyErr_NoMemory();
    if (!take_paths(args[0], listings)) {
        PyMem_Free(listings);
        return NULL;
    }
    options.pool = descriptor_pool();
    Py_BEGIN_ALLOW_THREADS
    f24_list_many(listings, (size_t)n, &options, n_threads < 256 ? (int)n_threads : 256);
    status = join(listings, (size_t)n, &joined, &err);
    Py_END_ALLOW_THREADS
    if (status == F24_OK)
        found = result(state, listings, n, joined);
    else
        raise_core(state, &err, NULL, NULL);
    for (Py_ssize_t i = 0; i < n; i++)
        f24_listing_clear(&listings[i]);
    f24_table_release(joined);
    PyMem_Free(listings);
    return found;
}
