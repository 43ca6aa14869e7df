/* Search: criteria from Python, (key, match, values) each, to f24_criterion. */
#include "core.h"

#define MAX_CRITERIA 32

typedef struct query {
    f24_criterion criteria[MAX_CRITERIA];
    size_t n;
    PyObject *kept; /* list of bytes objects behind the texts */
} query;

static void query_clear(query *q)
{
    for (size_t c = 0; c < q->n; c++) {
        PyMem_Free((void *)q->criteria[c].numbers);
        PyMem_Free((void *)q->criteria[c].texts);
    }
    Py_XDECREF(q->kept);
}

/*
 * Numbers outside int32 are in no record: an equal value of that kind is dropped, the end of a range
 * is brought to the nearest number there can be.
 */
static int take_numbers(f24_criterion *criterion, PyObject *values)
{
    Py_ssize_t n = PyTuple_GET_SIZE(values);
    int32_t *numbers = PyMem_Malloc((size_t)(n > 0 ? n : 1) * sizeof *numbers);

    if (numbers == NULL)
        return PyErr_NoMemory(), -1;
    criterion->numbers = numbers;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *whole = PyNumber_Index(PyTuple_GET_ITEM(values, i));
        int overflow = 0;
        long long value;
        if (whole == NULL)
            return -1;
        value = PyLong_AsLongLongAndOverflow(whole, &overflow);
        Py_DECREF(whole);
        if (overflow != 0)
            value = overflow > 0 ? LLONG_MAX : LLONG_MIN;
        if (value >= INT32_MIN && value <= INT32_MAX)
            numbers[criterion->n++] = (int32_t)value;
        else if (criterion->match == F24_MATCH_RANGE)
            numbers[criterion->n++] = value > 0 ? INT32_MAX : INT32_MIN;
    }
    return 0;
}

/* Text as the table has it, one byte a character. What cannot be so is in no record. */
static int take_texts(f24_criterion *criterion, PyObject *values, PyObject *kept)
{
    Py_ssize_t n = PyTuple_GET_SIZE(values);
    const char **texts = PyMem_Malloc((size_t)(n > 0 ? n : 1) * sizeof *texts);

    if (texts == NULL)
        return PyErr_NoMemory(), -1;
    criterion->texts = texts;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *text = PyTuple_GET_ITEM(values, i);
        PyObject *bytes = PyUnicode_Check(text) ? PyUnicode_AsLatin1String(text) : NULL;
        if (bytes == NULL) {
            if (!PyUnicode_Check(text))
                PyErr_Format(PyExc_TypeError, "text is needed, not %.100s", Py_TYPE(text)->tp_name);
            if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
                return -1;
            PyErr_Clear();
            continue;
        }
        if (PyList_Append(kept, bytes) < 0) {
            Py_DECREF(bytes);
            return -1;
        }
        Py_DECREF(bytes); /* `kept` has it */
        if (strlen(PyBytes_AS_STRING(bytes)) == (size_t)PyBytes_GET_SIZE(bytes))
            texts[criterion->n++] = PyBytes_AS_STRING(bytes);
    }
    return 0;
}

static int take_criterion(query *q, PyObject *item)
{
    f24_criterion *criterion = &q->criteria[q->n];
    PyObject *values, *fast;
    int key, match, result;

    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "a criterion is a tuple (key, match, values)");
        return -1;
    }
    if (!PyArg_ParseTuple(item, "iiO:criterion", &key, &match, &values))
        return -1;
    *criterion = (f24_criterion){.key = (f24_key)key, .match = (f24_match)match};
    q->n++; /* from here on query_clear frees it */
    fast = PySequence_Tuple(values);
    if (fast == NULL)
        return -1;
    if (key >= F24_KEY_NOMVAR && key <= F24_KEY_GRTYP)
        result = take_texts(criterion, fast, q->kept);
    else
        result = take_numbers(criterion, fast);
    Py_DECREF(fast);
    return result;
}

/* Criteria and a table to search; false with an exception, then nothing is to be cleared. */
static bool query_init(query *q, TableObject *table, PyObject *criteria)
{
    PyObject *fast;
    Py_ssize_t n;

    *q = (query){0};
    if (table->table == NULL) {
        PyErr_SetString(PyExc_TypeError, "only tables that the library read can be searched");
        return false;
    }
    fast = PySequence_Tuple(criteria);
    if (fast == NULL)
        return false;
    n = PyTuple_GET_SIZE(fast);
    q->kept = PyList_New(0);
    if (n > MAX_CRITERIA)
        PyErr_Format(PyExc_ValueError, "at most %d criteria", MAX_CRITERIA);
    for (Py_ssize_t i = 0; i < n && q->kept != NULL && !PyErr_Occurred(); i++)
        (void)take_criterion(q, PyTuple_GET_ITEM(fast, i));
    Py_DECREF(fast);
    if (PyErr_Occurred()) {
        query_clear(q);
        return false;
    }
    return true;
}

PyObject *table_find(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    TableObject *self = (TableObject *)object;
    int64_t flags, start, row = -1;
    f24_status status;
    f24_error err;
    query q;

    if (!has_args("find", n_args, 3, 3) || !as_index(args[1], &flags) || !as_index(args[2], &start))
        return NULL;
    if (!query_init(&q, self, args[0]))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_find(self->table, q.criteria, q.n, (unsigned)flags, start, &row, &err);
    Py_END_ALLOW_THREADS
    query_clear(&q);
    if (status == F24_ENOTFOUND)
        row = -1;
    else if (status != F24_OK)
        return raise_core(state_of_type(Py_TYPE(object)), &err, NULL, NULL);
    return PyLong_FromLongLong(row);
}

PyObject *table_find_all(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    TableObject *self = (TableObject *)object;
    PyObject *result = NULL;
    size_t n_found = 0;
    int64_t flags, *rows;
    f24_status status;
    f24_error err;
    query q;

    if (!has_args("find_all", n_args, 2, 2) || !as_index(args[1], &flags))
        return NULL;
    if (!query_init(&q, self, args[0]))
        return NULL;
    /* One pass with room for every record: 8 bytes each, beside the 108 of the table. */
    rows = PyMem_RawMalloc((size_t)(self->columns.n > 0 ? self->columns.n : 1) * sizeof *rows);
    if (rows == NULL) {
        query_clear(&q);
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS
    status = f24_find_all(self->table, q.criteria, q.n, (unsigned)flags, rows,
                          (size_t)self->columns.n, &n_found, &err);
    Py_END_ALLOW_THREADS
    query_clear(&q);
    if (status != F24_OK && status != F24_ENOTFOUND)
        raise_core(state_of_type(Py_TYPE(object)), &err, NULL, NULL);
    else
        result =
            PyBytes_FromStringAndSize((const char *)rows, (Py_ssize_t)(n_found * sizeof *rows));
    PyMem_RawFree(rows);
    return result;
}
