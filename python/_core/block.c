/* Block: memory of ours. View: memory of a mapped file or of a buffer. Arrays are built on both. */
#include "core.h"

/* ------------------------------------------------------------------------------------- Block --- */

BlockObject *block_new(core_state *state, uint64_t n_bytes, PyObject *path, int64_t record)
{
    BlockObject *self;
    mem_result result = MEM_REFUSED;

    if (n_bytes > (uint64_t)PY_SSIZE_T_MAX) {
        raise_memory(state, MEM_REFUSED, n_bytes, path, record);
        return NULL;
    }
    self = PyObject_New(BlockObject, state->block_type);
    if (self == NULL)
        return NULL;
    self->memory = (mem_block){0};
    self->n_bytes = (Py_ssize_t)n_bytes;
    result = mem_take((size_t)n_bytes, &self->memory);
    if (result != MEM_OK) {
        Py_DECREF(self);
        raise_memory(state, result, n_bytes, path, record);
        return NULL;
    }
    return self;
}

static PyObject *Block_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"n_bytes", NULL};
    long long n_bytes;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "L:Block", names, &n_bytes))
        return NULL;
    if (n_bytes < 0) {
        PyErr_SetString(PyExc_ValueError, "a block has 0 bytes or more");
        return NULL;
    }
    return (PyObject *)block_new(state_of_type(type), (uint64_t)n_bytes, NULL, -1);
}

static void Block_dealloc(PyObject *object)
{
    BlockObject *self = (BlockObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    mem_give(&self->memory);
    PyObject_Free(self);
    Py_DECREF(type);
}

static int Block_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    BlockObject *self = (BlockObject *)object;

    return PyBuffer_FillInfo(view, object, self->memory.bytes, self->n_bytes, 0, flags);
}

static Py_ssize_t Block_length(PyObject *object)
{
    return ((BlockObject *)object)->n_bytes;
}

static PyType_Slot block_slots[] = {
    {Py_tp_doc, "Block(n_bytes)\n--\n\nMemory for an array: aligned, counted by memory_usage(), "
                "with undefined contents."},
    {Py_tp_new, Block_new},
    {Py_tp_dealloc, Block_dealloc},
    {Py_sq_length, Block_length},
    {Py_bf_getbuffer, Block_getbuffer},
    {0, NULL},
};

PyType_Spec block_spec = {
    .name = "fst24._core.Block",
    .basicsize = sizeof(BlockObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = block_slots,
};

/* -------------------------------------------------------------------------------------- View --- */

typedef struct ViewObject {
    PyObject_HEAD
    const void *bytes;
    Py_ssize_t n_bytes;
    f24_hold *hold;
    PyObject
        *memory; /* keeps the bytes of a Python buffer where they are; NULL for a mapped file */
} ViewObject;

PyObject *view_new(core_state *state, const void *bytes, uint64_t n_bytes, f24_hold *hold,
                   PyObject *memory)
{
    ViewObject *self = PyObject_New(ViewObject, state->view_type);

    if (self == NULL) {
        f24_hold_release(hold);
        return NULL;
    }
    self->bytes = bytes;
    self->n_bytes = (Py_ssize_t)n_bytes;
    self->hold = hold;
    self->memory = Py_XNewRef(memory);
    return (PyObject *)self;
}

static void View_dealloc(PyObject *object)
{
    ViewObject *self = (ViewObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    f24_hold_release(self->hold);
    Py_XDECREF(self->memory);
    PyObject_Free(self);
    Py_DECREF(type);
}

static int View_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    ViewObject *self = (ViewObject *)object;

    return PyBuffer_FillInfo(view, object, (void *)self->bytes, self->n_bytes, 1, flags);
}

static Py_ssize_t View_length(PyObject *object)
{
    return ((ViewObject *)object)->n_bytes;
}

static PyType_Slot view_slots[] = {
    {Py_tp_doc, "Values where they lie in a mapped file or in a buffer; read-only, and alive after "
                "the file is closed."},
    {Py_tp_dealloc, View_dealloc},
    {Py_sq_length, View_length},
    {Py_bf_getbuffer, View_getbuffer},
    {0, NULL},
};

PyType_Spec view_spec = {
    .name = "fst24._core.View",
    .basicsize = sizeof(ViewObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = view_slots,
};
