/*
 * Record: one row of a table as an object. Its attributes are read from the columns when asked for,
 * so a record costs 88 bytes however much is known of it.
 *
 * Not tracked by the garbage collector: a million of them would be walked again and again (making
 * 300,000 takes 66 ms tracked, 13 ms not). A record refers to a file, a source, a table and arrays,
 * none of which refers to records.
 */
#include "core.h"

#include <stddef.h>

static RecordObject *record_new(PyTypeObject *type, PyObject *file, PyObject *source,
                                TableObject *table, int64_t row, int64_t index)
{
    RecordObject *self = (RecordObject *)type->tp_alloc(type, 0);

    if (self == NULL)
        return NULL;
    /* Every class written in Python is collected; see above why ours need not be. */
    if (PyType_IS_GC(type) && type->tp_basicsize == sizeof(RecordObject))
        PyObject_GC_UnTrack(self);
    self->file = Py_NewRef(file);
    self->source = Py_NewRef(source);
    self->table = (TableObject *)Py_NewRef((PyObject *)table);
    self->row = row;
    self->index = index;
    return self;
}

static bool check_row(const TableObject *table, int64_t row)
{
    if (row >= 0 && row < table->columns.n)
        return true;
    PyErr_Format(PyExc_IndexError, "row %lld of a table of %lld", (long long)row,
                 (long long)table->columns.n);
    return false;
}

static PyObject *Record_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"file", "source", "table", "row", "index", NULL};
    core_state *state = state_of_type(type);
    PyObject *file, *source, *table;
    long long row, index;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOO!LL:Record", names, &file, &source,
                                     state->table_type, &table, &row, &index))
        return NULL;
    if (!check_row((TableObject *)table, row))
        return NULL;
    return (PyObject *)record_new(type, file, source, (TableObject *)table, row, index);
}

static void Record_dealloc(PyObject *object)
{
    RecordObject *self = (RecordObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    Py_XDECREF(self->file);
    Py_XDECREF(self->source);
    Py_XDECREF(self->table);
    Py_XDECREF(self->data);
    Py_XDECREF(self->kept);
    type->tp_free(object);
    Py_DECREF(type);
}

/* make_records(type, file, source, table, rows, first_index): rows as a range or int64 in bytes. */
PyObject *make_records(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    core_state *state = state_of_module(module);
    int64_t first_index, start = 0, stop = 0, step = 1;
    const char *bytes = NULL;
    PyTypeObject *type;
    TableObject *table;
    PyObject *list;
    Py_ssize_t n;

    if (!has_args("make_records", n_args, 6, 6) || !as_index(args[5], &first_index))
        return NULL;
    if (!PyType_Check(args[0]) || !PyType_IsSubtype((PyTypeObject *)args[0], state->record_type) ||
        !PyObject_TypeCheck(args[3], state->table_type)) {
        PyErr_SetString(PyExc_TypeError, "make_records(type, file, source, table, rows, first)");
        return NULL;
    }
    type = (PyTypeObject *)args[0];
    table = (TableObject *)args[3];
    if (PyBytes_Check(args[4])) {
        bytes = PyBytes_AS_STRING(args[4]);
        n = PyBytes_GET_SIZE(args[4]) / (Py_ssize_t)sizeof(int64_t);
    } else {
        PyObject *range[3];
        int64_t *numbers[] = {&start, &stop, &step};
        static const char *const names[] = {"start", "stop", "step"};
        n = PyObject_Length(args[4]);
        if (n < 0)
            return NULL;
        for (int i = 0; i < 3; i++) {
            range[i] = PyObject_GetAttrString(args[4], names[i]);
            if (range[i] == NULL || !as_index(range[i], numbers[i])) {
                Py_XDECREF(range[i]);
                return NULL;
            }
            Py_DECREF(range[i]);
        }
    }
    list = PyList_New(n);
    for (Py_ssize_t i = 0; list != NULL && i < n; i++) {
        int64_t row = start + i * step;
        RecordObject *record = NULL;
        if (bytes != NULL)
            memcpy(&row, bytes + i * (Py_ssize_t)sizeof row, sizeof row);
        if (check_row(table, row))
            record = record_new(type, args[1], args[2], table, row, first_index + row);
        if (record == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, (PyObject *)record);
    }
    return list;
}

/* -------------------------------------------------------------------------------- attributes --- */

#define ROW(object) (((RecordObject *)(object))->row)
#define COLUMNS(object) (&((RecordObject *)(object))->table->columns)

/* closure: where the column's pointer is in f24_columns. */
static const void *column_at(PyObject *object, void *closure)
{
    return *(const void *const *)(const void *)((const char *)COLUMNS(object) + (size_t)closure);
}

static PyObject *get_int32(PyObject *object, void *closure)
{
    return PyLong_FromLong(((const int32_t *)column_at(object, closure))[ROW(object)]);
}

static PyObject *get_uint64(PyObject *object, void *closure)
{
    return PyLong_FromUnsignedLongLong(((const uint64_t *)column_at(object, closure))[ROW(object)]);
}

/* One byte a character, as the format keeps them; grtyp may be any byte. */
static PyObject *get_text(PyObject *object, size_t column, Py_ssize_t width)
{
    const char *text = (const char *)column_at(object, (void *)column) + ROW(object) * width;

    while (width > 0 && text[width - 1] == ' ')
        width--;
    return PyUnicode_DecodeLatin1(text, width, NULL);
}

/*
 * A file has few names for many records: one object each, compared at a glance. They go with the
 * table: interned strings stay for good in some Pythons, however many names files have.
 */
static PyObject *shared(PyObject *object, PyObject *text)
{
    PyObject *one;

    if (text == NULL)
        return NULL;
    one = Py_XNewRef(PyDict_SetDefault(((RecordObject *)object)->table->names, text, text));
    Py_DECREF(text);
    return one;
}

static PyObject *get_nomvar(PyObject *object, void *closure)
{
    (void)closure;
    return shared(object, get_text(object, offsetof(f24_columns, nomvar), 4));
}

static PyObject *get_typvar(PyObject *object, void *closure)
{
    (void)closure;
    return shared(object, get_text(object, offsetof(f24_columns, typvar), 2));
}

static PyObject *get_etiket(PyObject *object, void *closure)
{
    (void)closure;
    return get_text(object, offsetof(f24_columns, etiket), 12);
}

static PyObject *get_grtyp(PyObject *object, void *closure)
{
    (void)closure;
    return get_text(object, offsetof(f24_columns, grtyp),
                    1); /* Python has one object a character */
}

static PyObject *get_flags(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromLong(COLUMNS(object)->flags[ROW(object)]);
}

static PyObject *get_index(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(((RecordObject *)object)->index);
}

static PyObject *get_row(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(ROW(object));
}

static PyObject *get_file(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef(((RecordObject *)object)->file);
}

static PyObject *get_source(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef(((RecordObject *)object)->source);
}

/*
 * What _load() of the Python class gave, from then on kept. Two threads may both load; the first
 * to finish is kept and both get it.
 */
static PyObject *get_data(PyObject *object, void *closure)
{
    RecordObject *self = (RecordObject *)object;
    PyObject *data, *loaded;

    (void)closure;
    Py_BEGIN_CRITICAL_SECTION(object);
    data = Py_XNewRef(self->data);
    Py_END_CRITICAL_SECTION();
    if (data != NULL)
        return data;
    loaded = PyObject_CallMethodNoArgs(object, state_of_type(Py_TYPE(object))->str_load);
    if (loaded == NULL)
        return NULL;
    Py_BEGIN_CRITICAL_SECTION(object);
    if (self->data == NULL)
        self->data = Py_NewRef(loaded);
    data = Py_NewRef(self->data);
    Py_END_CRITICAL_SECTION();
    Py_DECREF(loaded);
    return data;
}

/* The dict for what is seldom asked for: mask, extended metadata. */
static PyObject *get_kept(PyObject *object, void *closure)
{
    RecordObject *self = (RecordObject *)object;
    PyObject *kept;

    (void)closure;
    Py_BEGIN_CRITICAL_SECTION(object);
    if (self->kept == NULL)
        self->kept = PyDict_New();
    kept = Py_XNewRef(self->kept);
    Py_END_CRITICAL_SECTION();
    return kept;
}

/* forget(): let go of the values; asking again reads again. */
static PyObject *Record_forget(PyObject *object, PyObject *ignored)
{
    RecordObject *self = (RecordObject *)object;
    PyObject *data, *kept;

    (void)ignored;
    Py_BEGIN_CRITICAL_SECTION(object);
    data = self->data;
    kept = self->kept;
    self->data = self->kept = NULL;
    Py_END_CRITICAL_SECTION();
    Py_XDECREF(data);
    Py_XDECREF(kept);
    Py_RETURN_NONE;
}

static PyObject *Record_fields(PyObject *object, PyObject *ignored)
{
    const f24_columns *c = COLUMNS(object);
    int64_t i = ROW(object);

    (void)ignored;
    return Py_BuildValue("(NNNiiiiiiiNiiiiiiiii)", get_nomvar(object, NULL),
                         get_typvar(object, NULL), get_etiket(object, NULL), c->datev[i], c->ip1[i],
                         c->ip2[i], c->ip3[i], c->ni[i], c->nj[i], c->nk[i],
                         get_grtyp(object, NULL), c->ig1[i], c->ig2[i], c->ig3[i], c->ig4[i],
                         c->dateo[i], c->deet[i], c->npas[i], c->datyp[i], c->nbits[i]);
}

static PyMethodDef record_methods[] = {
    {"forget", Record_forget, METH_NOARGS,
     "forget($self, /)\n--\n\nLet go of the values that are kept; ``data`` reads them again."},
    {"_fields", Record_fields, METH_NOARGS,
     "_fields($self, /)\n--\n\nThe metadata as a tuple, in the order of CoreMetadata."},
    {NULL, NULL, 0, NULL},
};

#define INT32(name, doc) {#name, get_int32, NULL, doc, (void *)offsetof(f24_columns, name)}
static PyGetSetDef record_getset[] = {
    {"nomvar", get_nomvar, NULL, "Name of the variable, up to 4 characters.", NULL},
    {"typvar", get_typvar, NULL, "Kind of field, up to 2 characters.", NULL},
    {"etiket", get_etiket, NULL, "Label, up to 12 characters.", NULL},
    {"grtyp", get_grtyp, NULL, "Type of grid, one character (any byte).", NULL},
    INT32(dateo, "Date of origin: a CMC date stamp."),
    INT32(datev, "Date of validity: a CMC date stamp."),
    INT32(deet, "Length of a time step in seconds."),
    INT32(npas, "Number of time steps since the origin."),
    INT32(ni, "Values along the first dimension, which varies fastest."),
    INT32(nj, "Values along the second dimension."),
    INT32(nk, "Values along the third dimension; mostly 1."),
    INT32(ip1, "Coded level."),
    INT32(ip2, "Coded time, or hours."),
    INT32(ip3, "Anything: the other end of an interval, a member, a tag."),
    INT32(ig1, "Grid parameter or tag."),
    INT32(ig2, "Grid parameter or tag."),
    INT32(ig3, "Grid parameter or tag."),
    INT32(ig4, "Grid parameter or tag."),
    INT32(datyp, "Data type as stored: +64 missing values, +128 compressed."),
    INT32(nbits, "Stored bits a value."),
    INT32(file_index, "The reference's number: deleted records are counted."),
    {"index", get_index, NULL, "Place in the file that was opened, from 0.", NULL},
    {"offset", get_uint64, NULL, "Byte of the stored record in its file.",
     (void *)offsetof(f24_columns, offset)},
    {"nbytes", get_uint64, NULL, "Length of the stored record in bytes, header included.",
     (void *)offsetof(f24_columns, n_bytes)},
    {"data", get_data, NULL, "The values, read at the first access and then kept.", NULL},
    {"file", get_file, NULL, "The file that this record was taken from.", NULL},
    {"_flags", get_flags, NULL, "F24_FLAG_ bits.", NULL},
    {"_row", get_row, NULL, "Place in the table of its source.", NULL},
    {"_source", get_source, NULL, "What reads this record.", NULL},
    {"_kept", get_kept, NULL, "A dict for what is seldom asked for.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
#undef INT32

static PyType_Slot record_slots[] = {
    {Py_tp_doc,
     "Record(file, source, table, row, index)\n--\n\nA row of a table; fst24.Fst24Record "
     "derives from it."},
    {Py_tp_new, Record_new},
    {Py_tp_dealloc, Record_dealloc},
    {Py_tp_methods, record_methods},
    {Py_tp_getset, record_getset},
    {0, NULL},
};

PyType_Spec record_spec = {
    .name = "fst24._core.Record",
    .basicsize = sizeof(RecordObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = record_slots,
};
