/* Table: the metadata of all records as columns. Column: one of them, for numpy without a copy. */
#include "core.h"

#include <stddef.h>

/* How each column of f24_columns looks to the buffer protocol. */
static const struct column_kind {
    const char *name;
    size_t at; /* of its pointer in f24_columns */
    Py_ssize_t item_bytes;
    char *format;
} column_kinds[] = {
#define NUMBER(name) {#name, offsetof(f24_columns, name), 4, "i"}
    NUMBER(dateo),
    NUMBER(datev),
    NUMBER(deet),
    NUMBER(npas),
    NUMBER(ni),
    NUMBER(nj),
    NUMBER(nk),
    NUMBER(ip1),
    NUMBER(ip2),
    NUMBER(ip3),
    NUMBER(ig1),
    NUMBER(ig2),
    NUMBER(ig3),
    NUMBER(ig4),
    NUMBER(datyp),
    NUMBER(nbits),
    NUMBER(file_index),
#undef NUMBER
    {"nomvar", offsetof(f24_columns, nomvar), 4, "4s"},
    {"typvar", offsetof(f24_columns, typvar), 2, "2s"},
    {"etiket", offsetof(f24_columns, etiket), 12, "12s"},
    {"grtyp", offsetof(f24_columns, grtyp), 1, "1s"},
    {"dasiz", offsetof(f24_columns, dasiz), 1, "B"},
    {"flags", offsetof(f24_columns, flags), 1, "B"},
    {"offset", offsetof(f24_columns, offset), 8, "Q"},
    {"n_bytes", offsetof(f24_columns, n_bytes), 8, "Q"},
};
#define N_COLUMNS (sizeof column_kinds / sizeof column_kinds[0])

static const void **column_of(f24_columns *columns, const struct column_kind *kind)
{
    return (const void **)(void *)((char *)columns + kind->at);
}

/* ------------------------------------------------------------------------------------ Column --- */

typedef struct ColumnObject {
    PyObject_HEAD
    TableObject *table;
    const struct column_kind *kind;
    Py_ssize_t n;
} ColumnObject;

static void Column_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    Py_DECREF(((ColumnObject *)object)->table);
    PyObject_Free(object);
    Py_DECREF(type);
}

static int Column_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    ColumnObject *self = (ColumnObject *)object;
    void *items = (void *)*column_of(&self->table->columns, self->kind);
    Py_ssize_t item_bytes = self->kind->item_bytes;

    if (PyBuffer_FillInfo(view, object, items, self->n * item_bytes, 1, flags) < 0)
        return -1;
    view->itemsize = item_bytes;
    if ((flags & PyBUF_FORMAT) != 0)
        view->format = self->kind->format;
    if ((flags & PyBUF_ND) != 0)
        view->shape = &self->n;
    if ((flags & PyBUF_STRIDES) == PyBUF_STRIDES)
        view->strides = (Py_ssize_t *)&self->kind->item_bytes;
    return 0;
}

static Py_ssize_t Column_length(PyObject *object)
{
    return ((ColumnObject *)object)->n;
}

static PyType_Slot column_slots[] = {
    {Py_tp_doc, "A column of a table: numpy.asarray(column) is the column itself, read-only."},
    {Py_tp_dealloc, Column_dealloc},
    {Py_sq_length, Column_length},
    {Py_bf_getbuffer, Column_getbuffer},
    {0, NULL},
};

PyType_Spec column_spec = {
    .name = "fst24._core.Column",
    .basicsize = sizeof(ColumnObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = column_slots,
};

/* ------------------------------------------------------------------------------------- Table --- */

TableObject *table_new(core_state *state, const f24_table *table)
{
    TableObject *self = PyObject_New(TableObject, state->table_type);

    if (self == NULL)
        return NULL;
    self->table = f24_table_retain(table);
    self->columns = *f24_table_columns(table);
    self->memory = NULL;
    self->names = PyDict_New();
    if (self->names == NULL)
        Py_CLEAR(self);
    return self;
}

/* One column from anything with the buffer protocol: contiguous, of the right width and length. */
static int take_column(TableObject *self, const struct column_kind *kind, PyObject *buffers)
{
    PyObject *buffer = PyMapping_GetItemString(buffers, kind->name);
    PyObject *memory = buffer != NULL ? PyMemoryView_FromObject(buffer) : NULL;
    Py_buffer *view;
    Py_ssize_t n;

    Py_XDECREF(buffer);
    if (memory == NULL)
        return -1;
    view = PyMemoryView_GET_BUFFER(memory);
    n = view->len / kind->item_bytes;
    if (self->columns.n < 0)
        self->columns.n = n;
    if (!PyBuffer_IsContiguous(view, 'C') || view->itemsize != kind->item_bytes ||
        n != self->columns.n) {
        PyErr_Format(PyExc_ValueError,
                     "column %s: %lld contiguous items of %zd bytes are needed, not %zd of %zd",
                     kind->name, (long long)self->columns.n, kind->item_bytes,
                     view->len / (view->itemsize > 0 ? view->itemsize : 1), view->itemsize);
        Py_DECREF(memory);
        return -1;
    }
    *column_of(&self->columns, kind) = view->buf;
    if (PyList_Append(self->memory, memory) < 0) {
        Py_DECREF(memory);
        return -1;
    }
    Py_DECREF(memory);
    return 0;
}

static PyObject *Table_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"columns", NULL};
    PyObject *buffers;
    TableObject *self;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:Table", names, &buffers))
        return NULL;
    self = PyObject_New(TableObject, type);
    if (self == NULL)
        return NULL;
    self->table = NULL;
    self->columns = (f24_columns){.n = -1};
    self->memory = PyList_New(0);
    self->names = self->memory != NULL ? PyDict_New() : NULL;
    if (self->names == NULL)
        Py_CLEAR(self->memory);
    for (size_t c = 0; self->memory != NULL && c < N_COLUMNS; c++) {
        if (take_column(self, &column_kinds[c], buffers) < 0)
            Py_CLEAR(self->memory);
    }
    if (self->memory == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void Table_dealloc(PyObject *object)
{
    TableObject *self = (TableObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    f24_table_release(self->table);
    Py_XDECREF(self->memory);
    Py_XDECREF(self->names);
    PyObject_Free(self);
    Py_DECREF(type);
}

static Py_ssize_t Table_length(PyObject *object)
{
    return (Py_ssize_t)((TableObject *)object)->columns.n;
}

static PyObject *Table_column(PyObject *object, PyObject *name)
{
    TableObject *self = (TableObject *)object;
    core_state *state = state_of_type(Py_TYPE(object));
    const char *text = PyUnicode_AsUTF8(name);
    ColumnObject *column;

    if (text == NULL)
        return NULL;
    for (size_t c = 0; c < N_COLUMNS; c++) {
        if (strcmp(column_kinds[c].name, text) != 0)
            continue;
        column = PyObject_New(ColumnObject, state->column_type);
        if (column == NULL)
            return NULL;
        column->table = (TableObject *)Py_NewRef(object);
        column->kind = &column_kinds[c];
        column->n = (Py_ssize_t)self->columns.n;
        return (PyObject *)column;
    }
    PyErr_Format(PyExc_KeyError, "a table has no column %R", name);
    return NULL;
}

static PyMethodDef table_methods[] = {
    {"column", Table_column, METH_O,
     "column($self, name, /)\n--\n\nThe column of that name, for numpy.asarray."},
    {"find", (PyCFunction)(void (*)(void))table_find, METH_FASTCALL,
     "find($self, criteria, flags, start, /)\n--\n\nRow of the first match at or after start, -1 "
     "when there is none."},
    {"find_all", (PyCFunction)(void (*)(void))table_find_all, METH_FASTCALL,
     "find_all($self, criteria, flags, /)\n--\n\nRows of all matches: native int64 in bytes."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot table_slots[] = {
    {Py_tp_doc, "Table(columns)\n--\n\nThe metadata of all records as columns; columns are buffers "
                "by name."},
    {Py_tp_new, Table_new},
    {Py_tp_dealloc, Table_dealloc},
    {Py_sq_length, Table_length},
    {Py_tp_methods, table_methods},
    {0, NULL},
};

PyType_Spec table_spec = {
    .name = "fst24._core.Table",
    .basicsize = sizeof(TableObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = table_slots,
};
